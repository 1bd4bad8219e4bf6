//! Log events of CryptoCloud postbacks.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{collections::HashSet, time::Duration};

use actix_web::{FromRequest, test::TestRequest};
use axum::{Router, middleware::map_request, response::IntoResponse, routing::any};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use postback_conformance::{
    corpus::{Case, Request},
    driver::{Application, Driver, Seen},
    fixtures::{JSON, NOW, builder, cryptocloud, post, sample_json as sample, secret, token},
    log::Log,
    raw::Connection,
};
use postback_core::{
    AcceptsPost, KeyRing, MediaType, Provider, Rejection, Reply, RequestHead, SecretKey, Tenant,
    Verifier, VerifierBuilder, VerifyContext,
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};
use postback_tower::{PostbackLayer, axum::FromVerified};
use serde_json::Value;
use tracing::Level;

/// Returns the log event of a postback, with the declared length `declared` or without.
fn line<P: Provider>(
    verifier: VerifierBuilder<P>,
    body: String,
    declared: Option<usize>,
) -> String {
    // Includes verified postbacks, which are logged at INFO.
    let (log, _guard) = Log::begin_at(Level::INFO);
    let verifier = verifier.build().unwrap();
    let length = declared.map(|length| length.to_string());
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| match (name, &length) {
        ("content-type", _) => visit(b"application/json"),
        ("content-length", Some(length)) => visit(length.as_bytes()),
        _ => {}
    };
    let admitted = verifier.admit(&RequestHead::new("POST", "/", &headers));
    // Only the log event is checked.
    let _ = admitted.and_then(|admitted| admitted.verify(Bytes::from(body)));
    let [line] = &*log.events() else {
        panic!("{}", log.text());
    };
    line.clone()
}

#[test]
fn verified_postback_is_logged_with_invoice_id() {
    let ring = KeyRing::new("2026-11", secret("s"));
    let accepted = line(builder(ring).project("shop-1"), sample("s"), None);
    assert_eq!(
        accepted,
        r#"INFO postback: postback verified provider="cryptocloud" project="shop-1" invoice_id="ILRAJE1Q" key_label="2026-11" expires_in_s=300"#
    );
}

#[test]
fn expired_token_within_leeway_is_logged_with_negative_seconds() {
    let late = builder(secret("s")).clock(|| Some(NOW + 310));
    let accepted = line(late, sample("s"), None);
    assert!(accepted.ends_with(" expires_in_s=-10"), "{accepted}");
}

#[test]
fn rejection_is_logged_with_code_and_variant() {
    let malformed = line(builder(secret("s")), "{".to_owned(), None);
    assert_eq!(
        malformed,
        r#"WARN postback: postback rejected provider="cryptocloud" code="malformed" variant=Malformed(Syntax)"#
    );
    let forged = line(builder(secret("s")), sample("forged"), None);
    assert!(
        forged.ends_with(r#"code="bad_signature" variant=BadSignature"#),
        "{forged}"
    );
}

/// Operators need to find genuine payments that are rejected.
#[test]
fn rejection_after_valid_signature_is_logged_with_invoice_id() {
    let body = |token: &str, invoice_id: &str| {
        format!(r#"{{"invoice_id":"{invoice_id}","token":"{token}"}}"#)
    };
    let token = |expires_at| testing::token(&secret("s"), "ILRAJE1Q", expires_at);
    let before_nbf = r#"{"id":"ILRAJE1Q","exp":1769509700,"nbf":1769509690}"#;
    let before_nbf = testing::sign_hs256(&secret("s"), r#"{"alg":"HS256"}"#, before_nbf);
    let without = format!(r#"{{"token":"{}"}}"#, token(NOW + 300));
    let endless = r#"{"id":"ILRAJE1Q"}"#;
    let endless = testing::sign_hs256(&secret("s"), r#"{"alg":"HS256"}"#, endless);
    for (code, body) in [
        ("invalid_claims", body(&endless, "ILRAJE1Q")),
        ("expired", body(&token(NOW - 300), "ILRAJE1Q")),
        ("invalid_claims", body(&token(NOW + 1_000_000), "ILRAJE1Q")),
        ("invalid_claims", body(&before_nbf, "ILRAJE1Q")),
        ("invoice_mismatch", body(&token(NOW + 300), "89UX09KA")),
        ("malformed", without),
    ] {
        let rejected = line(builder(secret("s")), body, None);
        assert!(
            rejected.contains(&format!(r#"code="{code}""#)),
            "{rejected}"
        );
        assert!(rejected.contains(r#" invoice_id="ILRAJE1Q""#), "{rejected}");
        assert!(!rejected.contains("89UX09KA"), "{rejected}");
    }
}

/// Malformed bodies are rejected with `malformed`, before or after the signature.
#[test]
fn rejection_without_valid_signature_is_logged_without_invoice_id() {
    let (forged, genuine) = (token("forged"), token("s"));
    for (code, body) in [
        ("bad_signature", sample("forged")),
        ("bad_signature", format!(r#"{{"token":"{forged}"}}"#)),
        (
            "bad_signature",
            format!(r#"{{"invoice_id":[],"token":"{forged}"}}"#),
        ),
        (
            "malformed",
            format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{forged}""#),
        ),
        (
            "malformed",
            format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{genuine}","token":"{forged}"}}"#),
        ),
    ] {
        let rejected = line(builder(secret("s")), body, None);
        let code = format!(r#"code="{code}""#);
        assert!(rejected.contains(&code), "{rejected}");
        assert!(!rejected.contains("ILRAJE1Q"), "{rejected}");
    }
}

#[test]
fn unreadable_fields_are_logged_without_values() {
    let odd = sample("s")
        .replace(
            r#""amount_crypto": 0.000113"#,
            r#""amount_crypto": "one-coin""#,
        )
        .replace(r#""order_id": null"#, r#""order_id": ["buyer-7"]"#);
    let accepted = line(builder(secret("s")), odd, None);
    let named = r#" unreadable="amount_crypto,order_id""#;
    assert!(accepted.ends_with(named), "{accepted}");
    assert!(
        !accepted.contains("one-coin") && !accepted.contains("buyer-7"),
        "{accepted}"
    );
    let plain = line(builder(secret("s")), sample("s"), None);
    assert!(!plain.contains("unreadable"), "{plain}");
}

/// The cause is that of an error that a handler returned with `?`.
#[test]
fn retry_is_logged_once_with_cause() {
    let logged = |retry: postback_core::Retry| {
        let (log, _guard) = Log::begin_at(Level::INFO);
        let response = postback_tower::axum::Retry::from(retry).into_response();
        assert!(response.headers().contains_key("retry-after"));
        log.events().concat()
    };
    assert_eq!(
        logged(postback_core::Retry::store_unavailable("the disk is full")),
        r#"ERROR postback: postback not acknowledged code="store_unavailable" cause="the disk is full""#
    );
    assert_eq!(
        logged(postback_core::Retry::unknown_order("ILRAJE1Q")),
        r#"WARN postback: postback not acknowledged code="unknown_order" id="ILRAJE1Q""#
    );
    assert_eq!(
        logged(postback_core::Retry::not_bound(
            "u-1",
            "unexpected coin: expected the coin of the order"
        )),
        r#"WARN postback: postback not acknowledged code="unknown_order" id="u-1" cause="unexpected coin: expected the coin of the order""#
    );
}

#[test]
fn declared_length_over_body_limit_is_logged() {
    let huge = line(builder(secret("s")), String::new(), Some(1_000_000));
    let logged = r#"code="body_too_large" variant=BodyTooLarge { limit: 65536 }"#;
    assert!(huge.ends_with(logged), "{huge}");
}

#[test]
fn failed_clock_is_logged_as_error() {
    let logged = line(builder(secret("s")).clock(|| None), sample("s"), None);
    assert!(logged.starts_with("ERROR "), "{logged}");
    assert!(logged.contains(r#"code="clock_unavailable""#), "{logged}");
}

#[test]
fn untrimmed_secret_is_hinted() {
    let untrimmed = SecretKey::verbatim("s\n").unwrap();
    let logged = line(builder(untrimmed.clone()), sample("s"), None);
    assert!(
        logged.ends_with(r#" hint="secret_has_white_space""#),
        "{logged}"
    );
    let forged = line(builder(untrimmed), sample("forged"), None);
    assert!(!forged.contains("hint"), "{forged}");
}

#[test]
fn rotation_hints_at_retired_key() {
    let ring = |until| KeyRing::new("new", secret("new")).with_retired("old", secret("old"), until);
    let logged = line(builder(ring(NOW)), sample("old"), None);
    assert!(logged.ends_with(r#" hint="retired_key""#), "{logged}");
    let in_time = line(builder(ring(NOW + 1)), sample("old"), None);
    assert!(in_time.contains(r#" verified "#), "{in_time}");
}

#[test]
fn clock_behind_is_hinted() {
    let not_before = format!(
        r#"{{"id":"ILRAJE1Q","nbf":{},"exp":{}}}"#,
        NOW + 31,
        NOW + 300
    );
    let token = testing::sign_hs256(&secret("s"), r#"{"alg":"HS256"}"#, &not_before);
    let logged = line(
        builder(secret("s")),
        testing::sample_json(Some(&token)),
        None,
    );
    assert!(logged.ends_with(r#" hint="clock_behind""#), "{logged}");
}

#[test]
fn lifetime_over_ceiling_hints_at_clock_or_ceiling() {
    let ceiling = builder(secret("s")).max_lifetime(Duration::from_secs(60));
    let logged = line(ceiling, sample("s"), None);
    let hint = r#" hint="clock_behind_or_ceiling_too_low""#;
    assert!(logged.ends_with(hint), "{logged}");
}

#[test]
fn body_shorter_than_declared_is_hinted() {
    let body = sample("forged");
    let length = body.len();
    let rewritten = line(builder(secret("s")), body.clone(), Some(length + 1));
    assert!(
        rewritten.ends_with(r#" hint="body_not_as_sent""#),
        "{rewritten}"
    );
    let as_sent = line(builder(secret("s")), body, Some(length));
    assert!(!as_sent.contains("hint"), "{as_sent}");
}

#[test]
fn body_longer_than_declared_is_hinted() {
    let body = sample("forged");
    let length = body.len();
    let logged = line(builder(secret("s")), body, Some(length - 1));
    assert!(logged.ends_with(r#" hint="body_not_as_sent""#), "{logged}");
}

/// A signed token proves that the body arrived unchanged, so that its length is not the cause.
#[test]
fn declared_length_is_not_hinted_after_valid_signature() {
    let late = builder(secret("s")).clock(|| Some(NOW + 1_000));
    let logged = line(late, sample("s"), Some(1));
    assert!(logged.contains(r#"code="expired""#), "{logged}");
    assert!(!logged.contains("hint"), "{logged}");
}

#[test]
fn retired_key_is_hinted_before_declared_length() {
    let ring = KeyRing::new("new", secret("new")).with_retired("old", secret("old"), NOW);
    let logged = line(builder(ring), sample("old"), Some(1));
    assert!(logged.ends_with(r#" hint="retired_key""#), "{logged}");
}

#[test]
fn untrimmed_retired_secret_is_hinted() {
    let untrimmed = SecretKey::verbatim("s\n").unwrap();
    let ring = KeyRing::new("new", secret("new")).with_retired("old", untrimmed, NOW + 1);
    let logged = line(builder(ring), sample("s"), None);
    assert!(
        logged.ends_with(r#" hint="secret_has_white_space""#),
        "{logged}"
    );
}

#[test]
fn hints_are_logged_at_warn_level() {
    let (log, _guard) = Log::begin_at(Level::WARN);
    let ring = KeyRing::new("new", secret("new")).with_retired("old", secret("old"), NOW);
    let verifier = builder(ring).build().unwrap();
    let rejected = testing::deliver(&verifier, MediaType::Json, sample("old"), NOW);
    assert!(rejected.is_err());
    let logged = log.text();
    assert!(logged.contains(r#" hint="retired_key""#), "{logged}");
}

#[test]
fn tenant_is_logged_with_project() {
    #[derive(Debug)]
    enum Eu {}
    let tenant = |secret| {
        let provider: Tenant<Eu, _> = Tenant::new("eu", CryptoCloud::new()).unwrap();
        Verifier::builder(provider, secret).clock(|| Some(NOW))
    };
    let accepted = line(tenant(secret("s")), sample("s"), None);
    let named = r#"project="eu" invoice_id="ILRAJE1Q" key_label="current" expires_in_s=300"#;
    assert!(accepted.ends_with(named), "{accepted}");
    let rejected = line(
        tenant(SecretKey::verbatim("s\n").unwrap()),
        sample("s"),
        None,
    );
    let hinted =
        r#"project="eu" code="bad_signature" variant=BadSignature hint="secret_has_white_space""#;
    assert!(rejected.ends_with(hinted), "{rejected}");
}

/// Provider whose body is `"<old>,<new>"`: it checks an old kind of signature first, made by a
/// retired key, then the new kind.
#[derive(Debug)]
struct TwoKinds;

impl Provider for TwoKinds {
    type Accepts = AcceptsPost;
    type Payload = ();
    type Evidence = ();
    type Key = &'static str;

    const NAME: &'static str = "two-kinds";
    const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

    fn accepts(&self) -> AcceptsPost {
        AcceptsPost(&[MediaType::Json])
    }

    fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
        Ok(())
    }

    fn verify(
        &self,
        (): (),
        body: Bytes,
        context: &mut VerifyContext<'_, &'static str>,
    ) -> Result<(), Rejection> {
        for signer in body.split(|byte| *byte == b',') {
            if context.signature(|key| key.as_bytes() == signer).is_ok() {
                return context.check_times(None, NOW - 1_000);
            }
        }
        Err(Rejection::BadSignature)
    }
}

#[test]
fn hint_is_dropped_when_other_signature_is_valid() {
    let ring = || KeyRing::new("new", "new").with_retired("old", "old", NOW);
    let verifier = || Verifier::builder(TwoKinds, ring()).clock(|| Some(NOW));
    let logged = line(verifier(), "old,new".to_owned(), None);
    assert!(logged.contains(r#"code="expired""#), "{logged}");
    assert!(!logged.contains("hint"), "{logged}");
    let control = line(verifier(), "old".to_owned(), None);
    assert!(control.ends_with(r#" hint="retired_key""#), "{control}");
}

#[test]
fn body_limit_rejection_is_logged() {
    let small = builder(secret("s")).body_limit(10).project("shop-1");
    let logged = line(small, sample("s"), None);
    assert_eq!(
        logged,
        r#"WARN postback: postback rejected provider="cryptocloud" project="shop-1" code="body_too_large" variant=BodyTooLarge { limit: 10 }"#
    );
}

/// Rejections by an adapter are logged as those by core, and once.
#[tokio::test]
async fn unreadable_body_is_logged_once() {
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n";
    let too_long = format!("{:x}\r\n{}\r\n", 70_000, " ".repeat(70_000));
    for driver in Driver::ALL {
        let code_of_first_bytes = match driver {
            // A row of the table of differences.
            Driver::RocketGuard => "malformed",
            _ => "body_unreadable",
        };
        for (body, code) in [
            ("5\r\nab", code_of_first_bytes),
            ("1e\r\nit ends after thirty", "body_unreadable"),
            (&too_long, "body_too_large"),
        ] {
            let (log, _guard) = Log::begin();
            let application = driver.serve(cryptocloud("s")).await;
            let mut connection = Connection::open(application.address()).await;
            let request = format!("POST /plain HTTP/1.1\r\nHost: shop\r\n{chunked}\r\n{body}");
            connection.send(request).await;
            connection.finish().await;
            connection.response(false).await;
            let events = log.events();
            let [logged] = &*events else {
                panic!("{driver:?}: {events:?}");
            };
            assert!(
                logged.contains(&format!(r#"code="{code}""#)),
                "{driver:?}: {logged}"
            );
        }
    }
}

#[tokio::test]
async fn missing_layer_is_logged() {
    async fn paid(FromVerified(postback): FromVerified<Trybit>) -> String {
        postback.invoice_id().to_owned()
    }
    let (log, _guard) = Log::begin();
    let router = Router::new().route("/", any(paid));
    let application = Application::serve(router, Seen::default()).await;
    application.send(&Request::new("POST", "/", &[], "")).await;
    assert_eq!(
        log.events(),
        [
            r#"ERROR postback: postback rejected provider="trybit" code="not_configured" variant=NotConfigured looked_for="a PostbackLayer above the handler""#
        ]
    );
}

#[tokio::test]
async fn missing_actix_verifier_is_logged() {
    let (log, _guard) = Log::begin();
    let request = TestRequest::default().to_http_request();
    let rejected = postback_actix::Postback::<Trybit>::extract(&request).await;
    assert_eq!(rejected.unwrap_err().rejection(), &Rejection::NotConfigured);
    assert_eq!(
        log.events(),
        [
            r#"ERROR postback: postback rejected provider="trybit" code="not_configured" variant=NotConfigured looked_for="app_data(Verifier<P>) or app_data(web::Data<Verifier<P>>), not both""#
        ]
    );
}

#[tokio::test]
async fn missing_rocket_verifier_is_logged() {
    type Hidden = Result<postback_rocket::Postback<Trybit>, postback_rocket::PostbackError>;
    #[rocket::post("/", data = "<hidden>")]
    fn paid(hidden: Hidden) {
        assert_eq!(hidden.unwrap_err().rejection(), &Rejection::NotConfigured);
    }
    let (log, _guard) = Log::begin();
    let application = rocket::build().mount("/", rocket::routes![paid]);
    let application = Application::serve_on_rocket(application, Seen::default()).await;
    let outcome = application.send(&Request::new("POST", "/", &[], "")).await;
    assert_eq!(outcome.status, 200);
    assert_eq!(
        log.events(),
        [
            r#"ERROR postback: postback rejected provider="trybit" code="not_configured" variant=NotConfigured looked_for="manage(Verifier<P>)""#
        ]
    );
}

/// The middleware parses the body as JSON and serializes it again.
#[tokio::test]
async fn body_rewritten_by_middleware_is_hinted() {
    let (log, _guard) = Log::begin();
    let rewrite = map_request(|request: axum::extract::Request| async {
        request.map(|_| axum::body::Body::from(r#"{"invoice_id":"ILRAJE1Q"}"#))
    });
    let router = Router::new()
        .route("/", any(async || "passed on"))
        .layer(PostbackLayer::new(cryptocloud("s")))
        .layer(rewrite);
    let application = Application::serve(router, Seen::default()).await;
    application.send(&post("/", JSON, sample("s"))).await;
    let logged = log.events().concat();
    assert!(logged.contains(r#"code="unsigned""#), "{logged}");
    assert!(logged.ends_with(r#" hint="body_not_as_sent""#), "{logged}");
}

/// Sends the whole corpus over sockets, with the events of all crates at TRACE.
#[tokio::test]
async fn log_contains_no_secret_token_signature_or_body() {
    let mut cases = Case::cryptocloud();
    cases.retain(|case| !case.core_only);
    let others = logged_without_a_body().await;
    for case in &cases {
        let (log, _guard) = Log::begin();
        let mut delivered = None;
        for driver in Driver::ALL {
            let application = match &*case.provider {
                "trybit" => driver.serve(case.verifier(Trybit::new())).await,
                _ => driver.serve(case.verifier(CryptoCloud::new())).await,
            };
            delivered = application.send(&case.request).await.delivered;
        }
        let text = log.text();
        let events = log.events();
        assert_eq!(events.len(), Driver::ALL.len(), "{}: {text}", case.name);
        for key in &case.config.keys {
            assert!(!text.contains(&**key), "{}: a secret", case.name);
        }
        let signed = match &delivered {
            Some(delivered) => delivered.fields.get("invoice_id").and_then(Value::as_str),
            // Without a valid signature there is no id; with one, it is the signed id.
            None => {
                let line = events.first().map(String::as_str).unwrap_or_default();
                let named = line.split_once(r#" invoice_id=""#);
                let named = named.and_then(|(_, rest)| rest.split('"').next());
                // Rejections after a valid signature. `malformed` can occur before or after it.
                let is_signed = ["expired", "invalid_claims", "invoice_mismatch"];
                let is_signed = is_signed
                    .iter()
                    .any(|code| line.contains(&format!(r#"code="{code}""#)));
                let body = String::from_utf8_lossy(&case.request.body);
                let is_signed = is_signed || holds_signed_token(&body, &case.config.keys);
                let of_the_token = named.is_none_or(|id| {
                    let claim = format!(r#""id":"{id}""#);
                    let prefixed = format!(r#""id":"INV-{id}""#);
                    let claims: Vec<_> = decoded(&body).collect();
                    claims.iter().any(|it| {
                        let claims = it.replace(' ', "");
                        claims.contains(&claim) || claims.contains(&prefixed)
                    })
                });
                assert!(
                    named.is_none() || is_signed && of_the_token,
                    "{}: {line}",
                    case.name
                );
                named
            }
        };
        let logged: HashSet<_> = words(&text).collect();
        let body = String::from_utf8_lossy(&case.request.body);
        for part in decoded(&body) {
            assert!(!text.contains(&part), "{}: {part}", case.name);
        }
        for word in words(&body).filter(|word| word.len() > 5) {
            let named = signed.is_some_and(|id| word.trim_start_matches("INV-") == id);
            let known = NAMES.contains(&word) || others.contains(word);
            assert!(
                named || known || !logged.contains(word),
                "{}: {word}",
                case.name
            );
        }
    }
}

/// Returns the words that servers and clients log of each request.
async fn logged_without_a_body() -> HashSet<String> {
    let (log, _guard) = Log::begin();
    let verifier = cryptocloud("s");
    for driver in Driver::ALL {
        let application = driver.serve(verifier.clone()).await;
        application.send(&post("/plain", JSON, "")).await;
    }
    words(&log.text()).map(str::to_owned).collect()
}

/// Names of providers and fields, which log events may contain.
const NAMES: [&str; 9] = [
    "amount_crypto",
    "cryptocloud",
    "currency",
    "invoice_id",
    "invoice_info",
    "order_id",
    "status",
    "token",
    "trybit",
];

/// Returns the decoded parts of the tokens in a body.
fn decoded(body: &str) -> impl Iterator<Item = String> {
    words(body)
        .filter_map(|word| URL_SAFE_NO_PAD.decode(word).ok())
        .filter_map(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| text.starts_with('{'))
}

/// Returns `true` if the only token in a body is signed with one of these secrets.
fn holds_signed_token(body: &str, secrets: &[String]) -> bool {
    let words = body.split(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c));
    let mut tokens = words.filter(|word| word.starts_with("eyJ") && word.matches('.').count() == 2);
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return false;
    };
    token.rsplit_once('.').is_some_and(|(message, _)| {
        let mut signed = secrets
            .iter()
            .map(|text| testing::sign_message(&secret(text), message));
        signed.any(|signed| signed == token)
    })
}

/// Splits a text into words. Each segment of a token is a word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c))
}
