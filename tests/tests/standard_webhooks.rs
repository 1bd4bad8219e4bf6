//! Vectors that Svix and Standard Webhooks publish, through a provider that is written against the
//! public API.
//!
//! The signatures are those of the authors. Where their tests sign at the time of the test, these
//! set the clock of the verifier to the time of the published signature.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "the times are those of the cases, and a test stops where something is wrong"
)]

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use postback_conformance::{
    corpus::Request,
    driver::{Application, Seen},
};
use postback_core::{
    AcceptsPost, ConfigError, MediaType, Provider, Rejection, RequestHead, SecretKey,
    SignatureHeader, Verified, Verifier, VerifyContext, body,
};
use serde_json::Value;
use tower::ServiceBuilder;

/// The provider, by the names of its headers.
#[derive(Clone, Copy, Debug)]
struct StandardWebhooks {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

const STANDARD_WEBHOOKS: StandardWebhooks = StandardWebhooks {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};

const SVIX: StandardWebhooks = StandardWebhooks {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

/// Greatest age of a delivery, and greatest distance in the future, in seconds.
const TOLERANCE: u64 = 300;

/// Contents of a head.
#[derive(Debug)]
struct Evidence {
    /// `id.timestamp.`, which is signed in front of the body.
    signed: Vec<u8>,
    timestamp: u64,
    tags: Vec<Vec<u8>>,
}

impl Provider for StandardWebhooks {
    type Accepts = AcceptsPost;
    type Payload = Value;
    type Evidence = Evidence;
    type Key = SecretKey;

    const NAME: &'static str = "standard-webhooks";

    fn inspect(&self, head: &RequestHead<'_>, _: Option<MediaType>) -> Result<Evidence, Rejection> {
        let id = single(head, self.id)?;
        let timestamp = single(head, self.timestamp)?;
        let signatures = single(head, self.signature)?;
        // The header is a list, of which each entry is read like a header of its own.
        let header = SignatureHeader::base64(self.signature).with_prefix("v1,");
        let tags = signatures.split(|byte| *byte == b' ').filter_map(|entry| {
            let headers = [(self.signature, entry)];
            header
                .read(&RequestHead::new(head.method(), "/", &headers))
                .ok()
        });
        let seconds = str::from_utf8(&timestamp)
            .ok()
            .and_then(|text| text.parse().ok());
        Ok(Evidence {
            signed: [&*id, b".", &timestamp, b"."].concat(),
            timestamp: seconds.ok_or(Rejection::BadSignature)?,
            tags: tags.collect(),
        })
    }

    fn verify(
        &self,
        evidence: Evidence,
        body: Bytes,
        context: &mut VerifyContext<'_, SecretKey>,
    ) -> Result<Value, Rejection> {
        let signed = [&*evidence.signed, &body].concat();
        let matches = |key: &SecretKey| {
            let mut tags = evidence.tags.iter();
            tags.any(|tag| key.verify_hmac_sha256(&signed, tag))
        };
        context.signature(matches)?;
        // A delivery that is exactly as old as the tolerance is accepted.
        let not_before = evidence.timestamp.saturating_sub(TOLERANCE);
        let expires_at = evidence.timestamp.saturating_add(TOLERANCE + 1);
        context.check_times(Some(not_before), expires_at)?;
        body::from_json(&body)
    }
}

fn single(head: &RequestHead<'_>, name: &str) -> Result<Vec<u8>, Rejection> {
    let value = head.single(name).map_err(|_| Rejection::BadSignature)?;
    value.ok_or(Rejection::Unsigned)
}

/// Takes a secret as the authors show it: base64, with or without the prefix `whsec_`. Its bytes
/// are random, so that one that is white space at an end is no accident.
fn secret(text: &str) -> Result<SecretKey, ConfigError> {
    let digits = text.strip_prefix("whsec_").unwrap_or(text);
    SecretKey::verbatim(STANDARD.decode(digits).unwrap())
}

/// A delivery that the authors publish, with its genuine signature.
#[derive(Clone, Copy)]
struct Published {
    secret: &'static str,
    id: &'static str,
    timestamp: u64,
    body: &'static str,
    signature: &'static str,
}

/// Delivery in the documentation of Svix, and in the tests of Standard Webhooks' libraries.
const DOCUMENTED: Published = Published {
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp: 1_614_265_330,
    body: r#"{"test": 2432232314}"#,
    signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

/// Delivery in the tests of Svix's library.
const TESTED: Published = Published {
    secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
    timestamp: 1_649_367_553,
    body: r#"{"email":"test@example.com","username":"test_user"}"#,
    signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
};

/// Wrong signatures in the same tests.
const WRONG: &str = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
const WRONG_IN_VERSION_2: &str = "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
const WRONG_FOR_TESTED: &str = "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=";
const THREE_WRONG: [&str; 3] = [
    "v1,tFtCZ5RDCPxzWQRWXWPgrCgE2frDBe9gjpbWQxnVfsQ=",
    "v1,Mm7xgUVICxZfQ3bgf0h0Dof65L/IFx+PnZvnDWPCX6Q=",
    "v1,9DfC1c3eeOrXB6w/5dIDydLNQaEyww5KalE5jLBZucE=",
];

/// A delivery at a time, and the code with which it is rejected.
struct Case {
    name: &'static str,
    id: Option<&'static str>,
    timestamp: Option<String>,
    signature: Option<String>,
    body: &'static str,
    now: u64,
    expected: Option<&'static str>,
}

impl Case {
    /// Returns the genuine delivery when it is sent.
    fn genuine(published: Published) -> Self {
        Self {
            name: "genuine",
            id: Some(published.id),
            timestamp: Some(published.timestamp.to_string()),
            signature: Some(published.signature.to_owned()),
            body: published.body,
            now: published.timestamp,
            expected: None,
        }
    }

    fn request(&self, provider: StandardWebhooks) -> Request {
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(self.id.map(|id| (provider.id, id)));
        headers.extend(self.timestamp.as_deref().map(|it| (provider.timestamp, it)));
        headers.extend(self.signature.as_deref().map(|it| (provider.signature, it)));
        Request::new("POST", "/", &headers, self.body)
    }
}

const BAD: Option<&str> = Some("bad_signature");
const UNSIGNED: Option<&str> = Some("unsigned");

/// Returns the cases that the tests of both authors have of a delivery, with their results.
fn cases(published: Published) -> Vec<Case> {
    let genuine = || Case::genuine(published);
    let signed = |name, signature: &str, expected| Case {
        name,
        signature: Some(signature.to_owned()),
        expected,
        ..genuine()
    };
    let sent_at = |name, timestamp: &str| Case {
        name,
        timestamp: Some(timestamp.to_owned()),
        expected: BAD,
        ..genuine()
    };
    let read_at = |name, now, expected| Case {
        name,
        now,
        expected,
        ..genuine()
    };
    let Published {
        timestamp,
        signature,
        ..
    } = published;
    let among = |others: &[&str]| [others, &[signature], &[WRONG]].concat().join(" ");
    let in_version = |version: &str| signature.replace("v1", version);
    vec![
        genuine(),
        Case {
            name: "without id",
            id: None,
            expected: UNSIGNED,
            ..genuine()
        },
        Case {
            name: "without timestamp",
            timestamp: None,
            expected: UNSIGNED,
            ..genuine()
        },
        Case {
            name: "without signature",
            signature: None,
            expected: UNSIGNED,
            ..genuine()
        },
        Case {
            name: "other id",
            id: Some("msg_other"),
            expected: BAD,
            ..genuine()
        },
        Case {
            name: "other body",
            body: r#"{"test": 2432232315}"#,
            expected: BAD,
            ..genuine()
        },
        sent_at("timestamp that is no number", "hello"),
        sent_at("negative timestamp", "-1"),
        sent_at("timestamp one second later", &(timestamp + 1).to_string()),
        sent_at("timestamp in the year 2000", "946684800"),
        signed("wrong", WRONG, BAD),
        signed("wrong for the other message", WRONG_FOR_TESTED, BAD),
        signed("not base64", "v1,dawfeoifkpqwoekfpqoekf", BAD),
        signed("prefix alone", "v1,", BAD),
        signed("prefix without comma", "v1", BAD),
        signed("first eight characters", &signature[..8], BAD),
        signed("no prefix", &signature[3..], BAD),
        signed("in version 2", &in_version("v2"), BAD),
        signed("in the version of public keys", &in_version("v1a"), BAD),
        signed("three wrong", &THREE_WRONG.join(" "), BAD),
        signed("second of three", &among(&[WRONG]), None),
        signed(
            "after another version",
            &among(&[WRONG, WRONG_IN_VERSION_2]),
            None,
        ),
        signed("after three wrong", &among(&THREE_WRONG), None),
        read_at("as old as the tolerance", timestamp + TOLERANCE, None),
        read_at(
            "older than the tolerance",
            timestamp + TOLERANCE + 1,
            Some("expired"),
        ),
        read_at("ahead by the tolerance", timestamp - TOLERANCE, None),
        read_at(
            "ahead of the tolerance",
            timestamp - TOLERANCE - 1,
            Some("invalid_claims"),
        ),
    ]
}

/// Returns a verifier at the time of `clock`.
fn verifier(
    provider: StandardWebhooks,
    secret: SecretKey,
    clock: &Arc<AtomicU64>,
    leeway: Duration,
) -> Verifier<StandardWebhooks> {
    let clock = Arc::clone(clock);
    Verifier::builder(provider, secret)
        .clock(move || Some(clock.load(Ordering::SeqCst)))
        .leeway(leeway)
        .build()
        .unwrap()
}

fn in_axum(verifier: Verifier<StandardWebhooks>) -> axum::Router {
    use postback_tower::axum::{Ack, Postback};

    async fn received(postback: Postback<StandardWebhooks>) -> Ack<StandardWebhooks> {
        postback.ack()
    }
    axum::Router::new().fallback(received).with_state(verifier)
}

fn in_actix(verifier: Verifier<StandardWebhooks>) -> Application {
    use actix_web::{App, web};
    use postback_actix::{Ack, Postback};

    async fn received(postback: Postback<StandardWebhooks>) -> Ack<StandardWebhooks> {
        postback.ack()
    }
    let app = move || {
        App::new()
            .app_data(verifier.clone())
            .default_service(web::to(received))
    };
    Application::serve_on_actix(app, Seen::default())
}

async fn in_rocket(verifier: Verifier<StandardWebhooks>) -> Application {
    use postback_rocket::{Ack, Postback, catchers};

    #[rocket::post("/", data = "<postback>")]
    async fn received(postback: Postback<StandardWebhooks>) -> Ack<StandardWebhooks> {
        postback.ack()
    }
    let app = rocket::build()
        .manage(verifier)
        .mount("/", rocket::routes![received])
        .register("/", catchers());
    Application::serve_on_rocket(app, Seen::default()).await
}

async fn in_tower(verifier: Verifier<StandardWebhooks>) -> Application {
    use postback_tower::{PostbackLayer, acknowledgement};

    let received = |request: http::Request<Bytes>| async move {
        assert!(
            request
                .extensions()
                .get::<Verified<StandardWebhooks>>()
                .is_some()
        );
        Ok::<_, Infallible>(acknowledgement::<StandardWebhooks, Full<Bytes>>())
    };
    let layer = PostbackLayer::new(verifier).with_request_body::<Bytes>();
    let app = ServiceBuilder::new().layer(layer).service_fn(received);
    Application::serve_on_hyper(app, Seen::default()).await
}

#[test]
fn delivery_is_accepted_or_rejected_as_its_authors_say() {
    let (mut accepted, mut rejected) = (0, 0);
    for published in [DOCUMENTED, TESTED] {
        for provider in [STANDARD_WEBHOOKS, SVIX] {
            let without_prefix = published.secret.trim_start_matches("whsec_");
            for text in [published.secret, without_prefix] {
                let key = secret(text).unwrap();
                let clock = Arc::default();
                let verifier = verifier(provider, key, &clock, Duration::ZERO);
                for case in cases(published) {
                    clock.store(case.now, Ordering::SeqCst);
                    let result = case.request(provider).verify(&verifier);
                    let code = result.as_ref().err().map(Rejection::code);
                    assert_eq!(code, case.expected, "{}", case.name);
                    match result {
                        Ok(verified) => {
                            let body: Value = serde_json::from_str(case.body).unwrap();
                            assert_eq!(*verified.payload(), body);
                            accepted += 1;
                        }
                        Err(_) => rejected += 1,
                    }
                }
            }
        }
    }
    assert_eq!((accepted, rejected), (48, 168));
}

#[tokio::test]
async fn every_adapter_replies_with_result_of_core() {
    let clock = Arc::default();
    let key = secret(DOCUMENTED.secret).unwrap();
    let verifier = verifier(STANDARD_WEBHOOKS, key, &clock, Duration::ZERO);
    let applications = [
        Application::serve(in_axum(verifier.clone()), Seen::default()).await,
        in_actix(verifier.clone()),
        in_rocket(verifier.clone()).await,
        in_tower(verifier.clone()).await,
    ];
    let mut sent = 0;
    for case in cases(DOCUMENTED) {
        clock.store(case.now, Ordering::SeqCst);
        let request = case.request(STANDARD_WEBHOOKS);
        let expected = match request.verify(&verifier) {
            Err(rejection) => rejection.reply_to::<StandardWebhooks>().status(),
            Ok(_) => 200,
        };
        for application in &applications {
            let response = application.send(&request).await;
            assert_eq!(response.status.as_u16(), expected, "{}", case.name);
            sent += 1;
        }
    }
    assert_eq!(sent, 4 * 27);
}

/// The libraries have a call that ignores the timestamp; a verifier has a leeway.
#[test]
fn leeway_accepts_delivery_outside_of_tolerance() {
    let clock = Arc::default();
    let key = secret(DOCUMENTED.secret).unwrap();
    let verifier = verifier(STANDARD_WEBHOOKS, key, &clock, Duration::from_secs(60));
    let genuine = Case::genuine(DOCUMENTED).request(STANDARD_WEBHOOKS);
    for (now, accepted) in [
        (DOCUMENTED.timestamp + TOLERANCE + 60, true),
        (DOCUMENTED.timestamp + TOLERANCE + 61, false),
        (DOCUMENTED.timestamp - TOLERANCE - 60, true),
        (DOCUMENTED.timestamp - TOLERANCE - 61, false),
    ] {
        clock.store(now, Ordering::SeqCst);
        assert_eq!(genuine.verify(&verifier).is_ok(), accepted, "{now}");
    }
}

#[test]
fn empty_secret_and_secret_of_other_delivery_are_rejected() {
    for text in ["", "whsec_"] {
        assert_eq!(
            secret(text).err(),
            Some(ConfigError::BlankSecret),
            "{text:?}"
        );
    }
    let clock = Arc::new(AtomicU64::new(DOCUMENTED.timestamp));
    let key = secret(TESTED.secret).unwrap();
    let verifier = verifier(STANDARD_WEBHOOKS, key, &clock, Duration::ZERO);
    let genuine = Case::genuine(DOCUMENTED).request(STANDARD_WEBHOOKS);
    assert_eq!(
        genuine.verify(&verifier).err(),
        Some(Rejection::BadSignature)
    );
}

#[test]
fn repeated_header_is_rejected() {
    let clock = Arc::new(AtomicU64::new(DOCUMENTED.timestamp));
    let key = secret(DOCUMENTED.secret).unwrap();
    let verifier = verifier(STANDARD_WEBHOOKS, key, &clock, Duration::ZERO);
    for at in 1..=3 {
        let mut request = Case::genuine(DOCUMENTED).request(STANDARD_WEBHOOKS);
        let repeated = request.headers.get(at).unwrap().clone();
        request.headers.push(repeated);
        assert_eq!(
            request.verify(&verifier).err(),
            Some(Rejection::BadSignature)
        );
    }
}
