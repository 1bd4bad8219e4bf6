//! Genuine deliveries of the corpus with changes: core, the tower layer and the axum extractor
//! agree, an accepted delivery is accepted by an independent implementation, and no log event
//! contains a secret.

#![no_main]

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use libfuzzer_sys::{
    Corpus,
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use num_bigint::BigUint;
use postback_core::{
    Provider, PublicKey, Verifier,
    cryptapi::{CryptApi, Get, Post},
    cryptocloud::CryptoCloud,
};
use postback_fuzz::{
    adapters, base64,
    changes::{Change, Changed},
    corpus::{Case, Mode},
    json,
    key::{self, SIGNING_KEY},
    log, pairs, payment,
    settings::{self, NOW, ORIGIN, SECRET},
    token,
};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    case: u16,
    /// Difference between the time of the delivery and that of the corpus, in seconds.
    late: i16,
    /// Length of a frame of the body, in bytes.
    frame: u16,
    first: Change<'a>,
    further: Vec<Change<'a>>,
    /// Sign a callback again after the changes.
    signs_again: bool,
}

fuzz_target!(init: log::keep(), |input: Input<'_>| -> Corpus {
    let delivery = &DELIVERIES[usize::from(input.case) % DELIVERIES.len()];
    let mut changed = delivery.request.clone();
    changed.apply(&input.first);
    for change in input.further.iter().take(3) {
        changed.apply(change);
    }
    if input.signs_again {
        delivery.receiver.sign(&mut changed);
    }
    let Some(request) = request(&changed) else {
        return Corpus::Reject;
    };
    let now = NOW.saturating_add_signed(input.late.into());
    CLOCK.store(now, Ordering::Relaxed);
    delivery.receiver.check(&request, &changed, input.frame.into(), now);
    check_log(&changed);
    Corpus::Keep
});

/// Time of the delivery.
static CLOCK: AtomicU64 = AtomicU64::new(NOW);

struct Delivery {
    request: Changed,
    receiver: Receiver,
}

static DELIVERIES: LazyLock<Vec<Delivery>> = LazyLock::new(|| {
    let all = Case::cryptocloud().into_iter().chain(Case::cryptapi());
    let delivery = |case: Case| {
        let mut request = Changed::from(&case.request);
        let receiver = Receiver::of(&case);
        // The key of the corpus signs nothing here, so each genuine callback is signed again.
        if receiver.is_signed_by_corpus(&request) {
            receiver.sign(&mut request);
        }
        Delivery { request, receiver }
    };
    all.map(delivery).collect()
});

enum Receiver {
    Get(Verifier<CryptApi<Get>>),
    Post(Verifier<CryptApi<Post>>),
    Token(Verifier<CryptoCloud>, u64),
}

impl Receiver {
    fn of(case: &Case) -> Self {
        match case.config.mode {
            Some(Mode::Get) => {
                let provider = CryptApi::get([ORIGIN]).expect("an origin");
                Self::Get(of_key(provider))
            }
            Some(Mode::PostForm) => Self::Post(of_key(CryptApi::post_form())),
            Some(Mode::PostJson) => Self::Post(of_key(CryptApi::post_json())),
            None => {
                let leeway = case.config.leeway_s.unwrap_or(token::LEEWAY);
                let max_lifetime = case.config.max_lifetime_s.unwrap_or(86_400);
                let builder = Verifier::builder(CryptoCloud::new(), payment::KEY.clone());
                let builder = builder
                    .leeway(Duration::from_secs(leeway))
                    .max_lifetime(Duration::from_secs(max_lifetime))
                    .clock(|| Some(CLOCK.load(Ordering::Relaxed)));
                Self::Token(builder.build().expect("a verifier"), leeway)
            }
        }
    }

    /// Verifies a request, and has an independent implementation check what is accepted.
    fn check(&self, request: &Request<Bytes>, changed: &Changed, frame: usize, now: u64) {
        match self {
            Self::Get(verifier) => {
                let same = |one: &_, other: &_| uuid(one) == uuid(other);
                if adapters::verify(verifier, request, frame, same).is_ok() {
                    let target = request.uri().path_and_query().expect("a target");
                    let url = format!("{ORIGIN}{target}");
                    assert!(is_signed(&SIGNING_KEY.modulus, url.as_bytes(), changed));
                }
            }
            Self::Post(verifier) => {
                let same = |one: &_, other: &_| uuid(one) == uuid(other);
                if adapters::verify(verifier, request, frame, same).is_ok() {
                    assert!(is_signed(&SIGNING_KEY.modulus, &changed.body, changed));
                }
            }
            Self::Token(verifier, leeway) => {
                let same = |one: &postback_core::cryptocloud::Payment, other: &_| {
                    one.invoice_id() == postback_core::cryptocloud::Payment::invoice_id(other)
                };
                if let Ok(payment) = adapters::verify(verifier, request, frame, same) {
                    let token = token_of(changed).expect("a token");
                    let claims = token::py_jwt_at(token.trim(), now, *leeway);
                    let claims = claims.expect("PyJWT accepts the token");
                    assert_eq!(Some(payment.invoice_id()), token::invoice_id(&claims.id));
                    assert_eq!(token::jsonwebtoken(token.trim()), Some(claims.id));
                }
            }
        }
    }

    fn is_signed_by_corpus(&self, request: &Changed) -> bool {
        let pem: String = settings::PUBLIC_KEY
            .lines()
            .filter(|it| !it.starts_with('-'))
            .collect();
        let der = base64::decode(pem.as_bytes(), base64::STANDARD).expect("base64");
        let (modulus, _) = key::public_parts(&der).expect("a key");
        match self {
            Self::Get(_) => is_signed(&modulus, &url(request), request),
            Self::Post(_) => is_signed(&modulus, &request.body, request),
            Self::Token(..) => false,
        }
    }

    /// Replaces the signature of a callback by a genuine one.
    fn sign(&self, request: &mut Changed) {
        let signature = match self {
            Self::Get(_) => SIGNING_KEY.sign(&url(request)),
            Self::Post(_) => SIGNING_KEY.sign(&request.body),
            Self::Token(..) => return,
        };
        for (name, value) in &mut request.headers {
            if name.eq_ignore_ascii_case("x-ca-signature") {
                *value = signature.clone().into();
            }
        }
    }
}

fn of_key<P: Provider<Key = PublicKey>>(provider: P) -> Verifier<P> {
    let key = PublicKey::from_pem(SIGNING_KEY.public_pem()).expect("a public key");
    let builder = Verifier::builder(provider, key).clock(|| Some(CLOCK.load(Ordering::Relaxed)));
    builder.build().expect("a verifier")
}

fn uuid(callback: &postback_core::cryptapi::Callback) -> &str {
    callback.uuid().as_untrusted_str()
}

fn url(request: &Changed) -> Vec<u8> {
    [ORIGIN.as_bytes(), &request.target].concat()
}

/// Returns whether the only signature of a request is one of the message.
fn is_signed(modulus: &BigUint, message: &[u8], request: &Changed) -> bool {
    let mut values = request.values("x-ca-signature");
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let signature = base64::decode(value, base64::STANDARD).unwrap_or_default();
    key::is_signature(modulus, &key::EXPONENT.into(), message, &signature)
}

/// Returns the token in the body of an accepted request.
fn token_of(request: &Changed) -> Option<String> {
    let text = std::str::from_utf8(&request.body).ok()?;
    let content_type = request.values("content-type").next()?;
    if content_type
        .to_ascii_lowercase()
        .windows(4)
        .any(|it| it == b"json")
    {
        let members = json::members(text.strip_prefix('\u{feff}').unwrap_or(text))?;
        return json::text(json::single(&members, "token")?);
    }
    let mut pairs = pairs::pairs(pairs::form(text)).into_iter();
    pairs.find(|(name, _)| name.as_deref() == Some("token"))?.1
}

/// Checks that no log event contains the secret, a signature or a token of the delivery.
fn check_log(request: &Changed) {
    let log = log::take();
    assert!(!log.is_empty() && !log.contains(SECRET), "{log}");
    for signature in request.values("x-ca-signature") {
        let signature = String::from_utf8_lossy(signature);
        assert!(signature.len() < 20 || !log.contains(&*signature), "{log}");
    }
    if let Some(token) = token_of(request) {
        assert!(token.len() < 20 || !log.contains(&token), "{log}");
    }
}

/// Returns the request, if HTTP can carry it.
fn request(changed: &Changed) -> Option<Request<Bytes>> {
    if !changed.target.starts_with(b"/") {
        return None;
    }
    let mut request = Request::builder()
        .method(&*changed.method)
        .uri(&*changed.target);
    for (name, value) in &changed.headers {
        request = request.header(name, &**value);
    }
    request.body(changed.body.clone().into()).ok()
}
