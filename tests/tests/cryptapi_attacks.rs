//! Attacks with genuine signatures: verification rejects them, or they do not bind to the order, in
//! core and through every entry point. The first test is the control case of the others.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use axum::{Router, routing::any};
use postback_conformance::{
    corpus::Request,
    driver::{Application, Driver, Seen, Served},
    fixtures::{
        self, CALLBACK_SECRET, FORM, JSON, ORIGIN, callback_signed_for, cryptapi, posted_callback,
        trusting, with_sample_payment,
    },
};
use postback_core::{
    Provider, Rejection, Verified, Verifier,
    cryptapi::{
        BindError, BlockBee, BoundBy, CallbackProvider, CallbackUrl, CallbackUrlError, CryptApi,
        Expected, Get, Post,
    },
    testing::{
        SAMPLE_ADDRESS_IN as ADDRESS_IN, SAMPLE_ADDRESS_OUT as ADDRESS_OUT, SAMPLE_CALLBACK,
    },
};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified},
};

fn by_get() -> Verifier<CryptApi<Get>> {
    trusting(cryptapi())
}

fn by_post_form() -> Verifier<CryptApi<Post>> {
    trusting(CryptApi::post_form())
}

fn by_post_json() -> Verifier<CryptApi<Post>> {
    trusting(CryptApi::post_json())
}

/// Returns the callback URL that the application stored.
fn stored() -> CallbackUrl {
    load(&format!("{ORIGIN}{}", callback("5", CALLBACK_SECRET))).unwrap()
}

fn load(url: &str) -> Result<CallbackUrl, CallbackUrlError> {
    cryptapi().stored_callback_url(url)
}

fn callback(order: &str, secret: &str) -> String {
    format!("/callback?order_id={order}&nonce={secret}")
}

fn by_url() -> Expected {
    with_sample_payment(Expected::callback_url(stored()))
}

fn by_secret() -> Expected {
    with_sample_payment(Expected::secret(stored().secret().clone()))
}

/// Returns the provider's fields of an attacker's payment to the attacker's wallet.
fn foreign_fields() -> String {
    SAMPLE_CALLBACK
        .replace(ADDRESS_IN, "1AttackersAddressForThePayment")
        .replace(ADDRESS_OUT, "1AttackersWallet")
}

/// A callback by GET that was signed for `origin`, with further headers.
fn get_from(origin: &str, target: &str, further: &[(&str, &str)]) -> Request {
    let mut request = callback_signed_for(&format!("{origin}{target}"), target);
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    request.headers.extend(further.iter().map(owned));
    request
}

fn get(target: &str) -> Request {
    fixtures::callback(target)
}

/// Verifies a request in core and through every entry point, and returns the equal results.
async fn everywhere<P>(
    verifier: &Verifier<P>,
    request: &Request,
) -> Vec<Result<Verified<P>, Rejection>>
where
    P: Served + CallbackProvider,
{
    let result = request.verify(verifier);
    let reply = result.as_ref().err().map_or(P::ACK, Rejection::reply);
    let mut results = Vec::new();
    for driver in Driver::ALL {
        let outcome = driver.serve(verifier.clone()).await.send(request).await;
        assert_eq!(outcome.status.as_u16(), reply.status(), "{driver:?}");
        assert_eq!(outcome.body, reply.body(), "{driver:?}");
        results.push(match (&result, &outcome.delivered) {
            (Ok(_), Some(delivered)) => Ok(delivered.verified::<P>().clone()),
            (Err(rejection), None) => Err(rejection.clone()),
            (_, delivered) => panic!("{driver:?}: {delivered:?}"),
        });
    }
    results.push(result);
    results
}

async fn assert_rejected<P>(verifier: &Verifier<P>, request: &Request, code: &str)
where
    P: Served + CallbackProvider,
{
    for result in everywhere(verifier, request).await {
        assert_eq!(result.err().map(|rejection| rejection.code()), Some(code));
    }
}

/// Asserts that a request is genuine, and that binding it has this result.
async fn assert_binds<P>(
    verifier: &Verifier<P>,
    request: &Request,
    expected: &Expected,
    outcome: Result<BoundBy, BindError>,
) where
    P: Served + CallbackProvider,
{
    for result in everywhere(verifier, request).await {
        let bound = result.unwrap().bind(expected);
        assert_eq!(bound.map(|bound| bound.bound_by()), outcome);
    }
}

#[tokio::test]
async fn genuine_callback_binds_by_url_and_by_secret() {
    let target = format!("{}&{SAMPLE_CALLBACK}", callback("5", CALLBACK_SECRET));
    assert_binds(
        &by_get(),
        &get(&target),
        &by_url(),
        Ok(BoundBy::CallbackUrl),
    )
    .await;
    assert_binds(&by_get(), &get(&target), &by_secret(), Ok(BoundBy::Secret)).await;
    let posted = posted_callback(&callback("5", CALLBACK_SECRET), FORM, SAMPLE_CALLBACK);
    assert_binds(&by_post_form(), &posted, &by_secret(), Ok(BoundBy::Secret)).await;
    let unsigned_url = Err(BindError::CallbackUrl);
    assert_binds(&by_post_form(), &posted, &by_url(), unsigned_url).await;
    let pairs = SAMPLE_CALLBACK
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let object: serde_json::Map<_, _> = pairs.map(|(k, v)| (k.to_owned(), v.into())).collect();
    let json = serde_json::Value::from(object).to_string();
    let posted = posted_callback(&callback("5", CALLBACK_SECRET), JSON, &json);
    assert_binds(&by_post_json(), &posted, &by_secret(), Ok(BoundBy::Secret)).await;
}

/// The attacker has the provider call the application's URL with the victim's order, for a payment
/// to the attacker's wallet.
#[tokio::test]
async fn callback_to_named_url_does_not_bind() {
    for secret in ["", "00000000000000000000000000000000"] {
        let named = format!("{}&{}", callback("5", secret), foreign_fields());
        let rejected = Err(BindError::Secret);
        assert_binds(&by_get(), &get(&named), &by_secret(), rejected).await;
        let rejected = Err(BindError::CallbackUrl);
        assert_binds(&by_get(), &get(&named), &by_url(), rejected).await;
        let posted = posted_callback(&callback("5", secret), FORM, &foreign_fields());
        let rejected = Err(BindError::Secret);
        assert_binds(&by_post_form(), &posted, &by_secret(), rejected).await;
    }
    // With a leaked callback secret.
    let leaked = format!("{}&{}", callback("5", CALLBACK_SECRET), foreign_fields());
    let rejected = Err(BindError::AddressIn);
    assert_binds(&by_get(), &get(&leaked), &by_secret(), rejected).await;
    assert_binds(&by_get(), &get(&leaked), &by_url(), rejected).await;
    let posted = posted_callback(&callback("5", CALLBACK_SECRET), FORM, &foreign_fields());
    assert_binds(&by_post_form(), &posted, &by_secret(), rejected).await;
}

/// The attacker also plants the victim's address and an amount in the URL.
#[tokio::test]
async fn planted_fields_do_not_bind() {
    let planted = format!("address_in={ADDRESS_IN}&address_out={ADDRESS_OUT}&value_coin=1000");
    for planted in [planted.clone(), planted.replace('_', "%5f")] {
        let named = format!("/callback?order_id=5&{planted}&{}", foreign_fields());
        assert_rejected(&by_get(), &get(&named), "malformed").await;

        // The query of a POST has no fields of the payment.
        let named = format!("/callback?order_id=5&{planted}");
        let posted = posted_callback(&named, FORM, &foreign_fields());
        for result in everywhere(&by_post_form(), &posted).await {
            let callback = result.unwrap();
            assert!(callback.address_in() == "1AttackersAddressForThePayment");
            let value = callback.unbound().value_coin().unwrap();
            assert_eq!(value.to_string(), "0.05");
            assert_eq!(callback.parameters().count(), 1);
            assert_eq!(callback.bind(&by_secret()).err(), Some(BindError::Secret));
        }
    }
    let single = format!("/callback?order_id=5&{SAMPLE_CALLBACK}");
    for result in everywhere(&by_get(), &get(&single)).await {
        assert!(result.is_ok(), "control case");
    }
}

/// The attacker plants all fields in the URL of another webhook of the provider, which sends other
/// fields, so that none is repeated.
#[tokio::test]
async fn fields_planted_through_other_hook_do_not_bind() {
    let payout = "id=1f0c&status=done&currency=usd";
    for secret in ["", "&nonce=", "&nonce=00000000000000000000000000000000"] {
        let named = format!("/callback?order_id=5{secret}&{SAMPLE_CALLBACK}&{payout}");
        let rejected = Err(BindError::Secret);
        assert_binds(&by_get(), &get(&named), &by_secret(), rejected).await;
        let rejected = Err(BindError::CallbackUrl);
        assert_binds(&by_get(), &get(&named), &by_url(), rejected).await;
    }
    // The weakness of binding by the address alone, as its documentation describes.
    let named = format!("/callback?order_id=5&{SAMPLE_CALLBACK}&{payout}");
    let alone = with_sample_payment(Expected::address_without_secret(ADDRESS_IN));
    let planted = Ok(BoundBy::AddressWithoutSecret);
    assert_binds(&by_get(), &get(&named), &alone, planted).await;
    // The fields of a POST must be in the body.
    let posted = posted_callback(&named, FORM, payout);
    assert_rejected(&by_post_form(), &posted, "malformed").await;
}

/// The author of a URL with a field's name could set the provider's field.
#[test]
fn stored_url_with_reserved_name_is_rejected() {
    let url = format!("{ORIGIN}/callback?value=1000000&nonce={CALLBACK_SECRET}");
    assert_eq!(
        load(&url),
        Err(CallbackUrlError::ReservedName("value".into()))
    );
    assert!(load(&url.replace("value", "order")).is_ok(), "control case");
}

/// The attacker creates the address for a callback URL before the application does, so that the
/// application receives an address that forwards to the attacker's wallet.
#[tokio::test]
async fn front_run_callback_url_does_not_bind() {
    let fields = SAMPLE_CALLBACK.replace(ADDRESS_OUT, "1AttackersWallet");
    let guessed = format!("/callback?order_id=6&{fields}");
    let rejected = Err(BindError::Secret);
    assert_binds(&by_get(), &get(&guessed), &by_secret(), rejected).await;
    let rejected = Err(BindError::CallbackUrl);
    assert_binds(&by_get(), &get(&guessed), &by_url(), rejected).await;
    // Without a callback secret, the wallet differs.
    let alone = with_sample_payment(Expected::address_without_secret(ADDRESS_IN));
    let rejected = Err(BindError::AddressOut);
    assert_binds(&by_get(), &get(&guessed), &alone, rejected).await;
    let own = get(&format!("/callback?order_id=6&{SAMPLE_CALLBACK}"));
    assert_binds(&by_get(), &own, &alone, Ok(BoundBy::AddressWithoutSecret)).await;
}

/// The attacker sends a signed body again, with the query of another order.
#[tokio::test]
async fn replayed_body_does_not_bind_to_other_order() {
    let other_order = callback("6", "ffeeddccbbaa99887766554433221100");
    let other = load(&format!("{ORIGIN}{other_order}")).unwrap();
    let replayed = posted_callback(&other_order, FORM, SAMPLE_CALLBACK);
    let rejected = Err(BindError::Secret);
    assert_binds(&by_post_form(), &replayed, &by_secret(), rejected).await;
    // With the other order's callback secret, the address differs.
    let expected = Expected::secret(other.secret().clone())
        .address_in("3OtherOrdersAddress")
        .coin("btc")
        .payout_addresses([ADDRESS_OUT]);
    let rejected = Err(BindError::AddressIn);
    assert_binds(&by_post_form(), &replayed, &expected, rejected).await;
    for result in everywhere(&by_post_form(), &replayed).await {
        let callback = result.unwrap();
        let order = callback.parameter("order_id").unwrap();
        assert_eq!(
            order.coverage(),
            postback_core::cryptapi::Coverage::Unsigned
        );
    }
}

/// The attacker sends a URL that is signed for another host, with headers that name that host.
#[tokio::test]
async fn url_of_other_origin_is_rejected() {
    let target = format!("{}&{SAMPLE_CALLBACK}", callback("5", CALLBACK_SECRET));
    let headers = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.example;proto=https"),
        ("host", "evil.example"),
    ];
    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:8443",
    ] {
        let foreign = get_from(origin, &target, &headers);
        assert_rejected(&by_get(), &foreign, "bad_signature").await;
    }
    let own = get_from(ORIGIN, &target, &headers);
    assert_binds(&by_get(), &own, &by_url(), Ok(BoundBy::CallbackUrl)).await;
}

/// The application is configured for GET and receives a POST, whose URL is not signed, and vice
/// versa.
#[tokio::test]
async fn other_method_than_configured_is_rejected() {
    let posted = posted_callback(&callback("5", CALLBACK_SECRET), FORM, SAMPLE_CALLBACK);
    assert_rejected(&by_get(), &posted, "method_not_allowed").await;
    let target = format!("{}&{SAMPLE_CALLBACK}", callback("5", CALLBACK_SECRET));
    assert_rejected(&by_post_form(), &get(&target), "method_not_allowed").await;
    assert_rejected(&by_post_json(), &get(&target), "method_not_allowed").await;
}

/// The attacker sends a signed URL as a body.
#[tokio::test]
async fn signed_url_as_body_is_rejected() {
    let url = format!(
        "{ORIGIN}{}&{SAMPLE_CALLBACK}",
        callback("5", CALLBACK_SECRET)
    );
    let posted = posted_callback("/callback", FORM, &url);
    assert_rejected(&by_post_form(), &posted, "malformed").await;
    let posted = posted_callback("/callback", JSON, &url);
    assert_rejected(&by_post_json(), &posted, "malformed").await;
}

/// The attacker labels a signed JSON document with planted text as a form.
#[tokio::test]
async fn body_with_other_content_type_is_rejected() {
    let json = format!(
        r#"{{"payment_id":"Z","redirect_url":"https://a.example/?x=1&{SAMPLE_CALLBACK}&z="}}"#
    );
    let posted = posted_callback("/callback", FORM, &json);
    assert_rejected(&by_post_form(), &posted, "malformed").await;
    assert_rejected(&by_post_json(), &posted, "unsupported_media_type").await;
    let posted = posted_callback("/callback", JSON, SAMPLE_CALLBACK);
    assert_rejected(&by_post_json(), &posted, "malformed").await;
    assert_rejected(&by_post_form(), &posted, "unsupported_media_type").await;
}

/// The callback secret occurs twice, or is incomplete.
#[tokio::test]
async fn partial_or_repeated_secret_does_not_bind() {
    for query in [
        format!("nonce={CALLBACK_SECRET}&nonce={CALLBACK_SECRET}"),
        format!("nonce={CALLBACK_SECRET}&nonc%65=x"),
        format!("nonce={CALLBACK_SECRET}0"),
        format!("nonce={}", &CALLBACK_SECRET[1..]),
        format!("nonce={}", CALLBACK_SECRET.to_uppercase()),
        format!("{}={CALLBACK_SECRET}", "nonce".to_uppercase()),
        format!("nonce=%20{CALLBACK_SECRET}"),
    ] {
        let target = format!("/callback?{query}&{SAMPLE_CALLBACK}");
        let rejected = Err(BindError::Secret);
        assert_binds(&by_get(), &get(&target), &by_secret(), rejected).await;
        let posted = posted_callback(&format!("/callback?{query}"), FORM, SAMPLE_CALLBACK);
        assert_binds(&by_post_form(), &posted, &by_secret(), rejected).await;
    }
    let escaped = CALLBACK_SECRET.replace('5', "%35");
    let target = format!("/callback?nonce={escaped}&{SAMPLE_CALLBACK}");
    assert_binds(&by_get(), &get(&target), &by_secret(), Ok(BoundBy::Secret)).await;
}

/// CryptAPI and BlockBee share a key, but a handler for one does not accept a value that a layer
/// verified for the other.
#[tokio::test]
async fn callback_verified_for_blockbee_is_rejected_by_cryptapi_handler() {
    async fn acknowledge<P: Provider>(FromVerified(postback): FromVerified<P>) -> Ack<P> {
        postback.ack()
    }
    let sibling = trusting(BlockBee::get([ORIGIN]).unwrap());
    let target = |path: &str| format!("{path}?{SAMPLE_CALLBACK}");
    let router = Router::new()
        .route("/blockbee", any(acknowledge::<BlockBee<Get>>))
        .route("/cryptapi", any(acknowledge::<CryptApi<Get>>))
        .layer(PostbackLayer::new(sibling));
    let application = Application::serve(router, Seen::default()).await;
    let accepted = application.send(&get(&target("/blockbee"))).await;
    assert_eq!(accepted.status, 200, "control case");
    let rejected = application.send(&get(&target("/cryptapi"))).await;
    assert_eq!(rejected.status, Rejection::NotConfigured.reply().status());
}
