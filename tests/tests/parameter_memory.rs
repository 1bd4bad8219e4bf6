//! Looking up a parameter allocates little memory, independent of the number of parameters.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use peak_alloc::PeakAlloc;
use postback_conformance::fixtures::{
    self, CALLBACK_SECRET, JSON, cryptapi, posted_callback, trusting, with_sample_payment,
};
use postback_core::{
    cryptapi::{CallbackSecret, CryptApi, Expected},
    testing::{SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK},
};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Returns the growth of the heap during `run`, in bytes.
fn rise(run: impl FnOnce()) -> usize {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    run();
    HEAP.peak_usage().saturating_sub(before)
}

/// One test, so that no other test allocates in this process at the same time.
#[test]
fn parameter_lookup_allocates_less_than_twentieth_of_url() {
    let others = ["a", "a=b", "order_id=1", "%61=%62", "a+b=1"].map(|pair| {
        let pair = format!("{pair}&");
        pair.repeat(48_000_usize.div_ceil(pair.len()))
    });
    for others in others {
        let query = format!("{others}nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}");
        let request = fixtures::callback(&format!("/callback?{query}"));
        let callback = request.verify(&trusting(cryptapi()));
        assert_small(&callback.unwrap(), query.len());
    }

    // In JSON, each parameter is a member.
    let members = r#""a":1,"#.repeat(6_000);
    let body = format!(
        r#"{{{members}"nonce":"{CALLBACK_SECRET}","uuid":"u","address_in":"{SAMPLE_ADDRESS_IN}",
            "address_out":"{SAMPLE_ADDRESS_OUT}","coin":"btc","pending":0}}"#
    );
    let callback = posted_callback("/", JSON, &body).verify(&trusting(CryptApi::post_json()));
    assert_small(&callback.unwrap(), body.len());
}

fn assert_small<P>(callback: &postback_core::Verified<P>, length: usize)
where
    P: postback_core::cryptapi::CallbackProvider,
{
    let expected = with_sample_payment(Expected::secret(
        CallbackSecret::from_stored(CALLBACK_SECRET).unwrap(),
    ));
    let looked_up: [(&str, &dyn Fn() -> bool); 4] = [
        ("one", &|| callback.parameter("nonce").is_some()),
        ("none", &|| callback.parameter("absent").is_none()),
        ("several or none", &|| {
            callback.parameter("order_id").is_none()
        }),
        ("bind", &|| callback.bind(&expected).is_ok()),
    ];
    for (name, look_up) in looked_up {
        let rise = rise(|| assert!(look_up(), "{name}"));
        assert!(rise < length / 20, "{name}: {rise} of {length}");
    }
}
