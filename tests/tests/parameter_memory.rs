//! Looking one parameter up allocates next to nothing, however many parameters a URL has.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use peak_alloc::PeakAlloc;
use postback_core::{
    MediaType, Method, Verifier,
    cryptapi::{CallbackSecret, CryptApi, Expected},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK, SigningKey},
};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const CALLBACK_SECRET: &str = "5d1f3b0e7a6b43059fa2b0fbda6e3ff2";
const NOW: u64 = 1_769_509_400;

/// How far the heap rises meanwhile, in bytes.
fn rise(run: impl FnOnce()) -> usize {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    run();
    HEAP.peak_usage().saturating_sub(before)
}

/// One test, so that nothing else is allocated in this process meanwhile.
#[test]
fn parameter_lookup_allocates_less_than_a_twentieth_of_the_url() {
    let key = SigningKey::generate().unwrap();
    let others = ["a", "a=b", "order_id=1", "%61=%62", "a+b=1"].map(|pair| {
        let pair = format!("{pair}&");
        pair.repeat(48_000_usize.div_ceil(pair.len()))
    });
    for others in others {
        let query = format!("{others}nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}");
        let target = format!("/callback?{query}");
        let signature = key.sign(format!("https://shop.example{target}")).unwrap();
        let provider = CryptApi::get(["https://shop.example"]).unwrap();
        let verifier = Verifier::new(provider, key.public_key().unwrap());
        let headers = [("x-ca-signature", &*signature)];
        let callback = testing::request(&verifier, Method::Get, &target, &headers, "", NOW);
        looks_up(&callback.unwrap(), query.len());
    }

    // In JSON, a member for each.
    let members = r#""a":1,"#.repeat(6_000);
    let body = format!(
        r#"{{{members}"nonce":"{CALLBACK_SECRET}","uuid":"u","address_in":"{SAMPLE_ADDRESS_IN}",
            "address_out":"{SAMPLE_ADDRESS_OUT}","coin":"btc","pending":0}}"#
    );
    let verifier = Verifier::new(CryptApi::post_json(), key.public_key().unwrap());
    let signature = key.sign(&body).unwrap();
    let media_type = ("content-type", MediaType::Json.as_str());
    let headers = [media_type, ("x-ca-signature", &*signature)];
    let callback = testing::request(&verifier, Method::Post, "/", &headers, body.clone(), NOW);
    looks_up(&callback.unwrap(), body.len());
}

fn looks_up<P>(callback: &postback_core::Verified<P>, length: usize)
where
    P: postback_core::cryptapi::CallbackProvider,
{
    let expected = Expected::secret(CallbackSecret::from_stored(CALLBACK_SECRET).unwrap())
        .address_in(SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([SAMPLE_ADDRESS_OUT]);
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
