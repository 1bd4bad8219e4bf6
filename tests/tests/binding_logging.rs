//! Log events of callbacks that do not bind.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use axum::{Router, extract::State, routing::any};
use postback_conformance::{
    driver::{Application, Seen},
    fixtures::{
        self, CALLBACK_SECRET, JSON, ORIGIN, SAMPLE_UUID, callback_signed_for, posted_callback,
        with_sample_payment,
    },
    log::Log,
};
use postback_core::{
    UrlDifference, Verified, Verifier,
    cryptapi::{BindError, CallbackSecret, CallbackUrl, CryptApi, Expected, Get},
    testing::{SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK},
};
use postback_tower::axum::{Ack, Postback, Retry};
use tracing::Level;

/// Origins for which callbacks of these tests are signed.
const ORIGINS: [&str; 5] = [
    ORIGIN,
    "http://shop.example",
    "https://www.shop.example",
    "https://www.other.example",
    "https://other.example",
];

/// Returns a genuine callback for this callback URL.
fn called_back(url: &str) -> Verified<CryptApi<Get>> {
    let verifier = fixtures::trusting(CryptApi::get(ORIGINS).unwrap());
    let url = format!("{url}&{SAMPLE_CALLBACK}");
    let origin = ORIGINS.into_iter().find(|it| url.starts_with(it)).unwrap();
    let target = url.strip_prefix(origin).unwrap();
    callback_signed_for(&url, target).verify(&verifier).unwrap()
}

fn stored(url: &str) -> CallbackUrl {
    let provider = CryptApi::get(ORIGINS).unwrap();
    provider.stored_callback_url(url).unwrap()
}

/// Returns the error of a callback that does not bind, and the part of its log event that varies.
fn bind_error(callback: &Verified<CryptApi<Get>>, expected: &Expected) -> (BindError, String) {
    let (log, _guard) = Log::begin_at(Level::INFO);
    let error = callback.bind(expected).unwrap_err();
    let events = log.events();
    let [line] = &*events else {
        unreachable!("{events:?}");
    };
    assert!(!log.text().contains(CALLBACK_SECRET), "{line}");
    let begin =
        format!(r#"WARN postback: callback not bound provider="cryptapi" uuid="{SAMPLE_UUID}" "#);
    (error, line.strip_prefix(&*begin).unwrap_or(line).to_owned())
}

#[test]
fn unbound_callback_logs_expected_and_received_values() {
    let url = format!("{ORIGIN}/cb?order_id=7&nonce={CALLBACK_SECRET}");
    let callback = called_back(&url);
    let secret = || CallbackSecret::from_stored(CALLBACK_SECRET).unwrap();
    let complete = || with_sample_payment(Expected::callback_url(stored(&url)));
    assert!(callback.bind(&complete()).is_ok(), "control case");
    let other_secret = CallbackSecret::from_stored(&CALLBACK_SECRET.replace('0', "f")).unwrap();
    let other_path = format!("{ORIGIN}/other?order_id=7&nonce={CALLBACK_SECRET}");
    let (received, payout) = (SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT);
    for (expectation, line) in [
        (
            complete().address_in("another"),
            format!(r#"variant=AddressIn expected="another" received="{received}""#),
        ),
        (
            complete().payout_addresses(["one", "two"]),
            format!(r#"variant=AddressOut expected="one two" received="{payout}""#),
        ),
        (
            complete().coins(["ltc", "bep20/usdt"]),
            r#"variant=Coin expected="ltc bep20/usdt" received="btc""#.to_owned(),
        ),
        (
            with_sample_payment(Expected::callback_url(stored(&other_path))),
            format!(r#"variant=CallbackUrl expected="{ORIGIN}/other" received="{ORIGIN}/cb""#),
        ),
        (
            with_sample_payment(Expected::secret(other_secret)),
            "variant=Secret".to_owned(),
        ),
        (
            Expected::secret(secret()),
            "variant=IncompleteExpectation".to_owned(),
        ),
    ] {
        let (_, logged) = bind_error(&callback, &expectation);
        assert_eq!(logged, line);
    }
}

#[test]
fn other_spelling_of_stored_url_is_logged() {
    let url =
        |begin: &str, order: &str| format!("{begin}/cb?order_id={order}&nonce={CALLBACK_SECRET}");
    let www = "https://www.other.example";
    for (before, called, difference) in [
        (
            url(ORIGIN, "7"),
            url("http://shop.example", "7"),
            UrlDifference::Http,
        ),
        (
            url("http://shop.example", "7"),
            url(ORIGIN, "7"),
            UrlDifference::Https,
        ),
        (
            url(ORIGIN, "7"),
            url("https://www.shop.example", "7"),
            UrlDifference::Www,
        ),
        (
            url(www, "7"),
            url("https://other.example", "7"),
            UrlDifference::NoWww,
        ),
        (
            url(ORIGIN, "7%2F8"),
            url(ORIGIN, "7%252F8"),
            UrlDifference::EncodedOnceMore,
        ),
        (
            url(ORIGIN, "7%2F8"),
            url(ORIGIN, "7%2f8"),
            UrlDifference::EscapeCase,
        ),
        (
            url(ORIGIN, "7~8"),
            url(ORIGIN, "7%7E8"),
            UrlDifference::Escapes,
        ),
        (
            url(ORIGIN, "7%3A8"),
            url(ORIGIN, "7:8"),
            UrlDifference::Escapes,
        ),
        (
            url(ORIGIN, "7%208"),
            url(ORIGIN, "7+8"),
            UrlDifference::Escapes,
        ),
        (
            url(ORIGIN, "7"),
            url(ORIGIN, "7").replace("/cb?", "/cb/?"),
            UrlDifference::TrailingSlash,
        ),
        (
            url(ORIGIN, "7"),
            url(&format!("{ORIGIN}/shop"), "7"),
            UrlDifference::Prefix,
        ),
        (
            url(&format!("{ORIGIN}/shop"), "7"),
            url(ORIGIN, "7"),
            UrlDifference::NoPrefix,
        ),
    ] {
        let expectation = with_sample_payment(Expected::callback_url(stored(&before)));
        let (error, line) = bind_error(&called_back(&called), &expectation);
        assert_eq!(
            error,
            BindError::CallbackUrlSpelling(difference),
            "{called}"
        );
        let path = |url: &str| url.split('?').next().unwrap().to_owned();
        let (before, called) = (path(&before), path(&called));
        assert_eq!(
            line,
            format!(
                r#"variant=CallbackUrlSpelling({difference:?}) expected="{before}" received="{called}""#
            )
        );
    }
}

#[test]
fn any_of_several_coins_binds() {
    let callback = called_back(&format!("{ORIGIN}/cb?order_id=7&nonce={CALLBACK_SECRET}"));
    let expectation = with_sample_payment(Expected::secret(
        CallbackSecret::from_stored(CALLBACK_SECRET).unwrap(),
    ));
    for (coins, binds) in [
        (&["ltc", "BTC"][..], true),
        (&["ltc", "eth"], false),
        (&["btc", " "], false),
        (&[], false),
    ] {
        let expectation = expectation.clone().coins(coins.iter().copied());
        assert_eq!(callback.bind(&expectation).is_ok(), binds, "{coins:?}");
    }
}

#[tokio::test]
async fn unbound_callback_leaves_three_events_through_axum() {
    async fn called_back(
        State(verifier): State<Verifier<CryptApi<Get>>>,
        postback: Postback<CryptApi<Get>>,
    ) -> Result<Ack<CryptApi<Get>>, Retry> {
        assert!(postback.is_from(&verifier));
        let uuid = postback.uuid().as_untrusted_str();
        let expectation = with_sample_payment(Expected::secret(
            CallbackSecret::from_stored(CALLBACK_SECRET).unwrap(),
        ));
        let bound = postback.bind(&expectation.address_in("the order's address"));
        drop(bound.map_err(|error| postback_core::Retry::not_bound(uuid, error))?);
        Ok(postback.ack())
    }
    let verifier = fixtures::trusting(fixtures::cryptapi());
    let router = Router::new()
        .fallback(any(called_back))
        .with_state(verifier);
    let (log, _guard) = Log::begin_at(Level::INFO);
    let application = Application::serve(router, Seen::default()).await;
    let target = format!("/cb?nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}");
    let request = fixtures::callback(&target);
    assert_eq!(application.send(&request).await.status, 404);
    let uuid = SAMPLE_UUID;
    let bound = format!(
        r#"variant=AddressIn expected="the order's address" received="{SAMPLE_ADDRESS_IN}""#
    );
    assert_eq!(
        log.events(),
        [
            format!(
                r#"INFO postback: postback verified provider="cryptapi" uuid="{uuid}" key_label="current""#
            ),
            format!(
                r#"WARN postback: callback not bound provider="cryptapi" uuid="{uuid}" {bound}"#
            ),
            format!(
                r#"WARN postback: postback not acknowledged code="unknown_order" id="{uuid}" cause="unexpected payment address: expected the address of the order""#
            ),
        ]
    );
    assert!(!log.text().contains(CALLBACK_SECRET));
}

/// A callback that is bound by its address alone can contain any text, with a valid signature.
#[test]
fn misleading_characters_are_replaced_in_log() {
    let uuid = "u\u{202e}1\u{2028}";
    let payout = "x\n2026 WARN postback: forged\u{1b}[2J";
    let body = format!(
        r#"{{"uuid":{},"address_in":"a","coin":"btc","pending":0,"address_out":{}}}"#,
        serde_json::to_string(uuid).unwrap(),
        serde_json::to_string(payout).unwrap()
    );
    let verifier = fixtures::trusting(CryptApi::post_json());
    let callback = posted_callback("/", JSON, &body).verify(&verifier).unwrap();
    assert_eq!(callback.uuid().as_untrusted_str(), uuid, "control case");
    let (log, _guard) = Log::begin_at(Level::INFO);
    let expectation = Expected::address_without_secret("a")
        .coin("btc")
        .payout_addresses(["b"]);
    let error = callback.bind(&expectation).unwrap_err();
    assert_eq!(error, BindError::AddressOut);
    postback_core::Retry::not_bound(uuid, payout).log();
    let payout = "x\u{fffd}2026 WARN postback: forged\u{fffd}[2J";
    let uuid = "u\u{fffd}1\u{fffd}";
    assert_eq!(
        log.events(),
        [
            format!(
                r#"WARN postback: callback not bound provider="cryptapi" uuid="{uuid}" variant=AddressOut expected="b" received="{payout}""#
            ),
            format!(
                r#"WARN postback: postback not acknowledged code="unknown_order" id="{uuid}" cause="{payout}""#
            ),
        ]
    );
}

#[test]
fn cause_over_512_bytes_is_cut_in_log() {
    for (length, end) in [(512, ""), (513, "…")] {
        let (log, _guard) = Log::begin_at(Level::INFO);
        let retry = postback_core::Retry::store_unavailable("x".repeat(length));
        retry.with_id("u-1").log();
        let cause = "x".repeat(512) + end;
        assert_eq!(
            log.events(),
            [format!(
                r#"ERROR postback: postback not acknowledged code="store_unavailable" id="u-1" cause="{cause}""#
            )]
        );
    }
}
