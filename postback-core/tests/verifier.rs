//! Checks that are common to all providers: heads, limits, keys, clocks and identity.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod fixtures;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use postback_core::{
    Admitted, ConfigError, InvalidClaimsReason, KeyRing, MediaType, Method, Provider, Rejection,
    RequestHead, SecretKey, Tenant, Verified, Verifier, VerifierBuilder,
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};

use self::fixtures::{NOW, secret};

const JSON: &str = "application/json";

fn builder() -> VerifierBuilder<CryptoCloud> {
    Verifier::builder(CryptoCloud::new(), secret("s"))
}

fn verifier() -> Verifier<CryptoCloud> {
    builder().build().unwrap()
}

fn admit<P: Provider>(
    verifier: &Verifier<P>,
    method: &str,
    received: &[(&str, &str)],
) -> Result<Admitted<P>, Rejection> {
    verifier.admit(&RequestHead::new(method, "/", &received))
}

fn sample(key: &str, expires_at: u64) -> Bytes {
    let token = testing::token(&secret(key), testing::SAMPLE_INVOICE_ID, expires_at);
    testing::sample_json(Some(&token)).into()
}

fn deliver<P: Provider>(
    verifier: &Verifier<P>,
    body: Bytes,
    now: u64,
) -> Result<Verified<P>, Rejection> {
    testing::deliver(verifier, MediaType::Json, body, now)
}

#[test]
fn method_is_checked_before_content_type_and_declared_length() {
    let verifier = verifier();
    let too_large = ("content-length", "65537");
    let unsupported = Some(Rejection::UnsupportedMediaType);
    let rejection = |method, headers: &[(&str, &str)]| admit(&verifier, method, headers).err();

    for method in ["GET", "HEAD", "OPTIONS", "PUT", "post", ""] {
        let rejected = rejection(method, &[too_large]);
        let allowed = matches!(
            rejected,
            Some(Rejection::MethodNotAllowed {
                allow: Method::Post,
                ..
            })
        );
        assert!(allowed, "{method}: {rejected:?}");
    }
    let gzip = ("content-encoding", "gzip");
    let identity = ("content-encoding", "Identity");
    let empty = ("content-encoding", " ");
    let json = ("content-type", JSON);
    assert_eq!(rejection("POST", &[too_large]), unsupported);
    assert_eq!(rejection("POST", &[json, gzip, too_large]), unsupported);
    assert_eq!(rejection("POST", &[json, identity, gzip]), unsupported);
    assert_eq!(rejection("POST", &[json, json]), unsupported);
    let spaced = ("content-type", "application/json ; charset=utf-8");
    assert_eq!(rejection("POST", &[spaced]), None);
    assert_eq!(rejection("POST", &[json, empty]), None);
    assert_eq!(rejection("POST", &[json, empty, gzip]), unsupported);
    assert_eq!(rejection("POST", &[json, identity]), None, "control case");
}

#[test]
fn declared_length_over_body_limit_is_rejected() {
    let verifier = builder().body_limit(100).build().unwrap();
    let declared = |size| {
        admit(
            &verifier,
            "POST",
            &[("content-type", JSON), ("content-length", size)],
        )
    };
    const NINES: &str = "99999999999999999999999999999999999999999999999999";
    let too_large = Some(Rejection::body_too_large(100));
    for size in ["101", "18446744073709551615", "18446744073709551616"] {
        assert_eq!(declared(size).err(), too_large, "{size}");
    }
    assert_eq!(declared(NINES).err(), too_large);
    let twice = [
        ("content-type", JSON),
        ("content-length", "101"),
        ("content-length", "1"),
    ];
    assert_eq!(
        admit(&verifier, "POST", &twice).err(),
        too_large,
        "the largest counts"
    );
    for size in ["100", "0", "", "-1", "many"] {
        assert_eq!(declared(size).err(), None, "{size:?}");
    }
}

#[test]
fn body_at_body_limit_passes_and_one_byte_over_is_rejected() {
    let body = sample("s", NOW + 300);
    let at = builder().body_limit(body.len()).build().unwrap();
    assert!(deliver(&at, body.clone(), NOW).is_ok());
    let under = builder().body_limit(body.len() - 1).build().unwrap();
    let rejected = deliver(&under, body.clone(), NOW).err();
    assert_eq!(rejected, Some(Rejection::body_too_large(body.len() - 1)));
}

#[test]
fn verify_complete_rejects_body_of_other_length() {
    let verifier = builder().clock(|| Some(NOW)).build().unwrap();
    let body = sample("s", NOW + 300);
    let deliver = |declared: usize| {
        let declared = declared.to_string();
        let headers = [("content-type", JSON), ("content-length", &declared)];
        let admitted = admit(&verifier, "POST", &headers).unwrap();
        admitted.verify_complete(body.clone()).err()
    };
    let unreadable = Some(Rejection::BodyUnreadable);
    assert_eq!(deliver(body.len() + 1), unreadable);
    assert_eq!(deliver(body.len() - 1), unreadable);
    assert_eq!(deliver(body.len()), None, "control case");
}

#[test]
fn default_body_limit_is_64_kib() {
    let admitted = admit(
        &verifier(),
        "POST",
        &[("content-type", MediaType::Form.as_str())],
    );
    assert_eq!(admitted.unwrap().body_limit(), Some(65_536));
}

#[test]
fn token_is_expired_after_leeway() {
    let no_leeway = builder().leeway(Duration::ZERO).build().unwrap();
    let default = verifier();
    let is_expired =
        |verifier, expires_at, now| match deliver(verifier, sample("s", expires_at), now).err() {
            Some(Rejection::Expired { .. }) => true,
            None => false,
            other => panic!("{other:?}"),
        };
    assert!(!is_expired(&default, NOW - 29, NOW));
    assert!(is_expired(&default, NOW - 30, NOW));
    assert!(!is_expired(&no_leeway, NOW + 1, NOW));
    assert!(is_expired(&no_leeway, NOW, NOW));
    // The sums do not overflow or wrap at the ends of the range.
    assert!(!is_expired(&default, 0, 0));
    assert!(!is_expired(&default, 0, 29));
    assert!(is_expired(&default, 0, 30));
    assert!(is_expired(&default, 0, u64::MAX));
}

#[test]
fn lifetime_over_ceiling_is_rejected() {
    let ceiling = Duration::from_secs(300);
    let ceiling = builder().max_lifetime(ceiling).build().unwrap();
    let rejection =
        |verifier: &Verifier<_>, expires_at| deliver(verifier, sample("s", expires_at), NOW).err();
    let too_long = Some(Rejection::InvalidClaims(
        InvalidClaimsReason::LifetimeTooLong,
    ));
    assert_eq!(rejection(&ceiling, NOW + 330), None);
    assert_eq!(rejection(&ceiling, NOW + 331), too_long);
    // Defaults to a day.
    for default in [verifier(), Verifier::new(CryptoCloud::new(), secret("s"))] {
        assert_eq!(rejection(&default, NOW + 86_400 + 30), None);
        assert_eq!(rejection(&default, NOW + 86_400 + 31), too_long);
    }
}

#[test]
fn clock_is_read_when_body_is_verified() {
    let time = Arc::new(AtomicU64::new(NOW));
    let read = Arc::clone(&time);
    let clock = move || Some(read.load(Ordering::Relaxed)).filter(|now| *now > 0);
    let verifier = builder().clock(clock).build().unwrap();
    let deliver = || {
        let admitted = admit(&verifier, "POST", &[("content-type", JSON)])?;
        admitted.verify(sample("s", NOW + 300))
    };
    assert!(deliver().is_ok());
    time.store(NOW + 330, Ordering::Relaxed);
    assert!(matches!(deliver(), Err(Rejection::Expired { .. })));
    time.store(0, Ordering::Relaxed);
    assert_eq!(deliver().err(), Some(Rejection::ClockUnavailable));
}

#[test]
fn default_clock_is_in_seconds() {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let deliver = |expires_at| {
        let admitted = admit(&verifier(), "POST", &[("content-type", JSON)])?;
        admitted.verify(sample("s", expires_at))
    };
    assert!(deliver(now + 300).is_ok());
    assert!(matches!(deliver(now - 31), Err(Rejection::Expired { .. })));
}

#[test]
fn fresh_token_is_accepted_by_default_clock() {
    let token = testing::fresh_token(&secret("s"), testing::SAMPLE_INVOICE_ID);
    let admitted = admit(&verifier(), "POST", &[("content-type", JSON)]).unwrap();
    let payment = admitted.verify(testing::sample_json(Some(&token)).into());
    assert_eq!(payment.unwrap().invoice_id(), testing::SAMPLE_INVOICE_ID);
}

#[test]
fn repeated_header_is_not_single() {
    let headers = [("x", "1"), ("X", "2"), ("x", "3"), ("y", "4")];
    let head = RequestHead::new("GET", "/", &headers);
    let error = head.single("x").unwrap_err();
    assert_eq!(error.name(), "x");
    assert_eq!(
        error.to_string(),
        r#"repeated header "x": expected it at most once"#
    );
    assert_eq!(head.single("y"), Ok(Some(b"4".to_vec())), "control case");
}

#[test]
fn verified_value_names_key_and_verifier() {
    let ring = KeyRing::new("2026", secret("s")).with_retired("2025", secret("old"), NOW + 10);
    let ours = Verifier::builder(CryptoCloud::new(), ring)
        .project("shop-1")
        .build()
        .unwrap();
    let ring = KeyRing::new("2026", secret("s"));
    let theirs = Verifier::builder(CryptoCloud::new(), ring)
        .project("shop-1")
        .build()
        .unwrap();

    let current = deliver(&ours, sample("s", NOW + 300), NOW).unwrap();
    assert_eq!(
        (current.key_label(), current.project()),
        ("2026", Some("shop-1"))
    );
    let retired = deliver(&ours, sample("old", NOW + 300), NOW).unwrap();
    assert_eq!(retired.key_label(), "2025");
    let late = deliver(&ours, sample("old", NOW + 300), NOW + 10);
    assert_eq!(late.err(), Some(Rejection::BadSignature));

    assert!(current.is_from(&ours) && current.clone().is_from(&ours.clone()));
    assert!(
        !current.is_from(&theirs),
        "the same secret and project are not the same verifier"
    );
}

#[test]
fn rotation_is_seen_by_every_clone() {
    let verifier = verifier();
    let clone = verifier.clone();
    verifier.replace_keys(secret("new"));
    assert!(deliver(&clone, sample("new", NOW + 300), NOW).is_ok());
    let old = deliver(&clone, sample("s", NOW + 300), NOW);
    assert_eq!(old.err(), Some(Rejection::BadSignature));
}

#[test]
fn invalid_verifier_configuration_is_rejected() {
    let error = |builder: VerifierBuilder<CryptoCloud>| builder.build().err();
    for project in ["", " ", "shop ", "a\nb"] {
        let rejected = error(builder().project(project));
        let name = match rejected {
            Some(ConfigError::InvalidProject { name, .. }) => name,
            other => panic!("{project:?}: {other:?}"),
        };
        assert_eq!(&*name, project);
    }
    assert_eq!(
        error(builder().body_limit(0)),
        Some(ConfigError::BodyLimitZero)
    );
    for (milliseconds, text) in [(0, "0ns"), (500, "500ms"), (999, "999ms")] {
        let ceiling = Duration::from_millis(milliseconds);
        let too_short = error(builder().max_lifetime(ceiling)).unwrap();
        let text =
            format!("invalid ceiling {text} on the lifetime of a token: expected at least 1s");
        assert_eq!(too_short.to_string(), text);
        assert!(
            matches!(too_short, ConfigError::LifetimeTooShort { lifetime, .. } if lifetime == ceiling),
            "{too_short:?}"
        );
    }
    assert_eq!(error(builder().max_lifetime(Duration::from_secs(1))), None);
    let leeway = Duration::from_secs(301);
    let too_long = error(builder().leeway(leeway)).unwrap();
    assert_eq!(
        too_long.to_string(),
        "invalid leeway 301s: expected at most 300s"
    );
    assert!(
        matches!(too_long, ConfigError::LeewayTooLong { leeway: it, .. } if it == leeway),
        "{too_long:?}"
    );
    // A fraction of a second is cut off.
    for milliseconds in [300_000, 300_500, 300_999] {
        let leeway = Duration::from_millis(milliseconds);
        assert_eq!(error(builder().leeway(leeway)), None, "{leeway:?}");
    }
}

/// The compiler rejects a verified value of one for the other: see the documentation of `Verified`.
#[test]
fn provider_and_tenant_accept_own_secret_only() {
    enum Eu {}
    let trybit = Verifier::new(Trybit::new(), secret("t"));
    let eu = Verifier::new(
        Tenant::<Eu, _>::new("eu", Trybit::new()).unwrap(),
        secret("eu"),
    );
    assert!(deliver(&trybit, sample("t", NOW + 300), NOW).is_ok());
    assert!(deliver(&eu, sample("eu", NOW + 300), NOW).is_ok());
    let other = deliver(&eu, sample("t", NOW + 300), NOW);
    assert_eq!(other.err(), Some(Rejection::BadSignature));
}

#[test]
fn tenant_always_has_project() {
    enum Eu {}
    let tenant = |name: &str| Tenant::<Eu, _>::new(name, Trybit::new());
    for name in ["", " ", "eu ", "e\nu"] {
        let rejected = tenant(name).err();
        let is_invalid = matches!(rejected, Some(ConfigError::InvalidProject { .. }));
        assert!(is_invalid, "{name:?}: {rejected:?}");
    }
    let tenant = tenant("eu").unwrap();
    let verifier = Verifier::new(tenant.clone(), secret("s"));
    let verified = deliver(&verifier, sample("s", NOW + 300), NOW).unwrap();
    assert_eq!(
        (verifier.project(), verified.project()),
        (Some("eu"), Some("eu"))
    );
    let renamed = Verifier::builder(tenant, secret("s"))
        .project("other")
        .build();
    assert_eq!(
        renamed.unwrap_err().to_string(),
        r#"invalid project name "other": expected the provider's own, "eu""#
    );
}

#[test]
fn tenant_logs_fields_of_provider() {
    enum Eu {}
    type Tenanted = Tenant<Eu, Trybit>;
    let verifier = Verifier::new(Trybit::new(), secret("s"));
    let verified = deliver(&verifier, sample("s", NOW + 300), NOW).unwrap();
    let fields = Tenanted::log_fields(verified.payload());
    assert_eq!(fields, Trybit::log_fields(verified.payload()));
    assert_eq!(fields.invoice_id, Some(testing::SAMPLE_INVOICE_ID));
}

/// The provider does not ask for a signature, or ignores the result.
#[test]
fn provider_without_signature_check_is_bad_signature() {
    use postback_core::{AcceptsGet, Reply, VerifyContext};

    #[derive(Debug)]
    struct Careless {
        /// Results of the signature checks, in order.
        results: &'static [bool],
    }

    impl Provider for Careless {
        type Accepts = AcceptsGet;
        type Payload = ();
        type Evidence = ();
        type Key = SecretKey;
        const NAME: &'static str = "careless";
        const ACK: Reply = Reply::acknowledgement("text/plain", "ok");

        fn accepts(&self) -> AcceptsGet {
            AcceptsGet
        }

        fn inspect(&self, _: &RequestHead<'_>, _: Option<MediaType>) -> Result<(), Rejection> {
            Ok(())
        }

        fn verify(
            &self,
            (): (),
            body: Bytes,
            context: &mut VerifyContext<'_, SecretKey>,
        ) -> Result<(), Rejection> {
            assert!(body.is_empty(), "the provider has no body");
            for result in self.results {
                let _ = context.signature(|_| *result);
            }
            Ok(())
        }
    }

    let rejected = Some(Rejection::BadSignature);
    for (results, expected) in [
        (&[] as &[bool], rejected.clone()),
        (&[false], rejected.clone()),
        (&[true, false], rejected),
        (&[true], None),
    ] {
        let verifier = Verifier::new(Careless { results }, secret("s"));
        let admitted = admit(&verifier, "GET", &[]).unwrap();
        assert_eq!(admitted.body_limit(), None);
        let result = admitted.verify_at(Bytes::from_static(b"unread"), NOW);
        assert_eq!(result.err(), expected, "{results:?}");
    }
}

#[test]
fn debug_output_has_no_secret_or_payload() {
    let verifier = Verifier::new(CryptoCloud::new(), secret("the-secret"));
    let token = testing::token(&secret("the-secret"), testing::SAMPLE_INVOICE_ID, NOW + 300);
    let body = testing::sample_json(Some(&token))
        .replace(r#""order_id": null"#, r#""order_id": "buyer@example.com""#)
        .replace(r#""fee": 0"#, r#""fee": ["surprise"]"#);
    let payment = deliver(&verifier, body.into(), NOW).unwrap();
    assert_eq!(
        payment.unsigned().order_id(),
        Some("buyer@example.com"),
        "control case"
    );
    let admitted = admit(&verifier, "POST", &[("content-type", JSON)]).unwrap();
    let unsigned = payment.unsigned();
    let info = unsigned.invoice_info();
    let fee = info.known().map(|info| &info.fee);
    let headers = [("x-key", "the-secret")];
    let head = RequestHead::new("POST", "/?key=the-secret", &headers);
    let head = format!("{head:?}");
    assert!(head.contains("POST"), "control case: {head}");
    let printed =
        format!("{verifier:?} {admitted:?} {payment:?} {unsigned:?} {info:?} {fee:?} {head}");
    for hidden in [
        "the-secret",
        "eyJ",
        "0x635D",
        "test.com",
        "Hmac",
        "buyer",
        "surprise",
    ] {
        assert!(!printed.contains(hidden), "{hidden}: {printed}");
    }
    assert!(printed.contains("ILRAJE1Q"), "control case: {printed}");
}
