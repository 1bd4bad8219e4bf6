//! The guard in applications of Rocket.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a handler takes its guards by value"
)]
#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use postback_core::{
    Provider, Rejection, SecretKey, Tenant, Verifier,
    cryptapi::{CryptApi, Get},
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};
use postback_rocket::{Ack, Postback, PostbackError, catchers};
use rocket::{
    Build, Config, Data, Request, Rocket, Route, catch,
    data::{ByteUnit, FromData, Limits, Outcome},
    error::ErrorKind,
    fairing::AdHoc,
    get,
    http::{ContentType, Header, Status},
    local::blocking::{Client, LocalResponse},
    post,
    request::{self, FromRequest},
    routes,
};

const NOW: u64 = 1_769_509_400;

fn secret(text: &str) -> SecretKey {
    SecretKey::new(text).unwrap()
}

fn verifier(text: &str) -> Verifier<CryptoCloud> {
    let builder = Verifier::builder(CryptoCloud::new(), secret(text));
    builder.clock(|| Some(NOW)).build().unwrap()
}

fn sample(signer: &str) -> String {
    let token = testing::token(&secret(signer), testing::SAMPLE_INVOICE_ID, NOW + 300);
    testing::sample_json(Some(&token))
}

/// Creates an application that ignores the environment's configuration.
fn application(routes: Vec<Route>) -> Rocket<Build> {
    let config = Config {
        log_level: rocket::config::LogLevel::Off,
        ..Config::default()
    };
    let application = rocket::custom(config).mount("/postback", routes);
    application.register("/postback", catchers())
}

fn client(application: Rocket<Build>) -> Client {
    Client::untracked(application).unwrap()
}

fn deliver<'c>(client: &'c Client, path: &str, body: impl AsRef<[u8]>) -> LocalResponse<'c> {
    let request = client.post(format!("/postback{path}"));
    request.header(ContentType::JSON).body(body).dispatch()
}

/// Asserts status, headers and text of the response to a rejected request.
#[track_caller]
fn assert_rejected(response: LocalResponse<'_>, rejection: &Rejection) {
    let reply = rejection.reply();
    assert_eq!(response.status().code, reply.status());
    for (name, value) in reply.headers() {
        assert_eq!(response.headers().get_one(name), Some(&*value), "{name}");
    }
    assert_eq!(response.into_string().unwrap(), reply.body());
}

#[track_caller]
fn assert_accepted<P: Provider>(response: LocalResponse<'_>) {
    assert_eq!(response.status(), Status::Ok);
    for (name, value) in P::ACK.headers() {
        assert_eq!(response.headers().get_one(name), Some(&*value), "{name}");
    }
    assert_eq!(response.into_string().unwrap(), P::ACK.body());
}

#[post("/", data = "<postback>")]
fn paid(postback: Postback<CryptoCloud>) -> Ack<CryptoCloud> {
    postback.ack()
}

#[get("/cryptapi")]
fn called_back(postback: Postback<CryptApi<Get>>) -> Ack<CryptApi<Get>> {
    postback.ack()
}

/// Takes the `Result`, and fails with a status of its own if the postback is genuine.
#[post("/result", data = "<postback>")]
fn takes_result(
    postback: Result<Postback<CryptoCloud>, PostbackError>,
) -> Result<Status, PostbackError> {
    match postback {
        Ok(_) => Ok(Status::ServiceUnavailable),
        Err(error) => {
            assert_eq!(error.rejection(), &Rejection::BadSignature);
            assert_eq!(error.to_string(), Rejection::BadSignature.to_string());
            Err(error)
        }
    }
}

#[test]
fn managed_verifier_is_used() {
    let client = client(application(routes![paid]).manage(verifier("s")));
    assert_accepted::<CryptoCloud>(deliver(&client, "/", sample("s")));
    assert_rejected(deliver(&client, "/", sample("f")), &Rejection::BadSignature);
}

/// A verifier of another provider does not count.
#[test]
fn missing_verifier_prevents_launch() {
    for routes in [routes![paid], routes![takes_result], routes![called_back]] {
        for managed in [None, Some(Verifier::new(Trybit::new(), secret("s")))] {
            let application = application(routes.clone());
            let application = match managed {
                Some(other) => application.manage(other),
                None => application,
            };
            let error = Client::untracked(application).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::SentinelAborts(_)),
                "{error}"
            );
        }
    }
}

type Hidden = Result<Postback<CryptoCloud>, PostbackError>;

/// Rocket does not find the sentinel in the alias.
#[test]
fn missing_verifier_of_guard_in_type_alias_is_not_configured() {
    #[post("/", data = "<postback>")]
    fn hidden(postback: Hidden) -> Result<Ack<CryptoCloud>, PostbackError> {
        Ok(postback?.ack())
    }
    let client = client(application(routes![hidden]));
    assert_rejected(
        deliver(&client, "/", sample("s")),
        &Rejection::NotConfigured,
    );
}

#[test]
fn handler_receives_rejection_as_result() {
    let client = client(application(routes![takes_result]).manage(verifier("s")));
    assert_rejected(
        deliver(&client, "/result", sample("f")),
        &Rejection::BadSignature,
    );
}

/// Errors below the catchers' base that are not the guard's.
#[test]
fn catchers_keep_status_of_other_errors() {
    #[post("/missing", data = "<postback>")]
    fn missing(postback: Postback<CryptoCloud>) -> Status {
        assert_eq!(postback.invoice_id(), testing::SAMPLE_INVOICE_ID);
        Status::NotFound
    }
    /// Ignores the rejection, and fails with another status.
    #[post("/careless", data = "<postback>")]
    fn careless(postback: Result<Postback<CryptoCloud>, PostbackError>) -> Status {
        assert!(postback.is_err());
        Status::ServiceUnavailable
    }
    let routes = routes![takes_result, missing, careless];
    let client = client(application(routes).manage(verifier("s")));
    for (path, signer, status) in [
        ("/result", "s", Status::ServiceUnavailable),
        ("/missing", "s", Status::NotFound),
        ("/careless", "f", Status::ServiceUnavailable),
        ("/no-such-route", "s", Status::NotFound),
    ] {
        let response = deliver(&client, path, sample(signer));
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.into_string(), None, "{path}");
    }
}

#[test]
fn catcher_of_application_finds_rejection() {
    #[catch(401)]
    fn own(request: &Request<'_>) -> &'static str {
        PostbackError::of(request).unwrap().rejection().code()
    }
    let application = application(routes![paid]).manage(verifier("s"));
    let client = client(application.register("/postback", rocket::catchers![own]));
    let response = deliver(&client, "/", sample("f"));
    assert_eq!(response.into_string().unwrap(), "bad_signature");
}

#[test]
fn smaller_body_limit_of_verifier_and_rocket_applies() {
    let body = sample("s");
    let length = body.len();
    let limited = |verifiers: usize, rockets: Option<usize>| {
        let builder = Verifier::builder(CryptoCloud::new(), secret("s")).body_limit(verifiers);
        let verifier = builder.clock(|| Some(NOW)).build().unwrap();
        let application = application(routes![paid]).manage(verifier);
        let limits = match rockets {
            Some(rockets) => Limits::default().limit("postback", ByteUnit::from(rockets)),
            None => Limits::default(),
        };
        let config = application.figment().clone().merge(("limits", limits));
        client(application.configure(config))
    };
    let (less, more) = (length.saturating_sub(1), length.saturating_add(1));
    for (verifiers, rockets) in [
        (length, None),
        (length, Some(more)),
        (more, Some(length)),
        (length, Some(length)),
    ] {
        let client = limited(verifiers, rockets);
        assert_accepted::<CryptoCloud>(deliver(&client, "/", &body));
    }
    for (verifiers, rockets) in [
        (less, None),
        (less, Some(more)),
        (more, Some(less)),
        (more, Some(0)),
    ] {
        let client = limited(verifiers, rockets);
        let too_large = Rejection::body_too_large(less);
        assert_rejected(deliver(&client, "/", &body), &too_large);
    }
}

/// The bytes that a fairing peeked at do not count as the complete body.
#[test]
fn body_shorter_than_declared_is_unreadable() {
    let client = client(application(routes![paid]).manage(verifier("s")));
    let whole = sample("s");
    for (declared, accepted) in [(0, true), (1, false)] {
        let declared = whole.len().saturating_add(declared).to_string();
        let request = client.post("/postback").header(ContentType::JSON);
        let request = request.header(Header::new("content-length", declared));
        let response = request.body(&whole).dispatch();
        match accepted {
            true => assert_accepted::<CryptoCloud>(response),
            false => assert_rejected(response, &Rejection::BodyUnreadable),
        }
    }
}

/// The fairing runs before the guard, when there is no rejection.
#[test]
fn early_look_up_in_fairing_does_not_hide_rejection() {
    let early = AdHoc::on_request("early look-up", |request, _| {
        Box::pin(async move { assert_eq!(PostbackError::of(request), None) })
    });
    let application = application(routes![paid]).manage(verifier("s"));
    let client = client(application.attach(early));
    assert_rejected(deliver(&client, "/", sample("f")), &Rejection::BadSignature);
}

enum Eu {}

#[test]
fn tenant_has_own_verifier() {
    #[post("/eu", data = "<postback>")]
    fn eu(postback: Postback<Tenant<Eu, CryptoCloud>>) -> Ack<Tenant<Eu, CryptoCloud>> {
        postback.ack()
    }
    let provider = Tenant::<Eu, _>::new("eu", CryptoCloud::new()).unwrap();
    let of_eu = Verifier::builder(provider, secret("eu"));
    let of_eu = of_eu.clock(|| Some(NOW)).build().unwrap();
    let application = application(routes![paid, eu]);
    let client = client(application.manage(of_eu).manage(verifier("us")));
    for (path, signer, expected) in [("/eu", "eu", 200), ("/eu", "us", 401), ("/", "us", 200)] {
        let status = deliver(&client, path, sample(signer)).status();
        assert_eq!(status.code, expected, "{path} {signer}");
    }
}

/// Guard of the application that chooses the verifier by path.
struct Chosen(Postback<CryptoCloud>);

#[rocket::async_trait]
impl<'r> FromData<'r> for Chosen {
    type Error = PostbackError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let project: &str = request.param(0).unwrap().unwrap();
        match Postback::receive(request, Some(data), &verifier(project)).await {
            Ok(postback) => Outcome::Success(Self(postback)),
            Err(error) => error.into_outcome(request),
        }
    }
}

#[test]
fn verifier_is_chosen_by_path() {
    #[post("/<_>", data = "<chosen>")]
    fn paid(chosen: Chosen) -> Ack<CryptoCloud> {
        chosen.0.ack()
    }
    let client = client(application(routes![paid]));
    assert_accepted::<CryptoCloud>(deliver(&client, "/eu", sample("eu")));
    assert_rejected(
        deliver(&client, "/us", sample("eu")),
        &Rejection::BadSignature,
    );
}

/// Request guard for a provider that signs the body.
struct Bodiless;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bodiless {
    type Error = PostbackError;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, PostbackError> {
        match Postback::receive(request, None, &verifier("s")).await {
            Ok(_) => request::Outcome::Success(Self),
            Err(error) => error.into_outcome(request),
        }
    }
}

#[test]
fn request_guard_for_signed_body_is_not_configured() {
    #[post("/")]
    fn paid(_guard: Bodiless) {}
    let client = client(application(routes![paid]));
    assert_rejected(
        deliver(&client, "/", sample("s")),
        &Rejection::NotConfigured,
    );
}

#[test]
fn signed_url_is_verified_below_mount_point() {
    let key = testing::SigningKey::generate().unwrap();
    let provider = CryptApi::get(["https://shop.example"]).unwrap();
    let verifier = Verifier::new(provider, key.public_key().unwrap());
    let client = client(application(routes![called_back]).manage(verifier));
    let target = format!("/postback/cryptapi?{}", testing::SAMPLE_CALLBACK);
    let deliver = |url: &str| {
        let signature = key.sign(url).unwrap();
        let request = client.get(target.clone());
        let request = request.header(Header::new("x-ca-signature", signature));
        request.dispatch()
    };
    assert_accepted::<CryptApi<Get>>(deliver(&format!("https://shop.example{target}")));
    assert_rejected(
        deliver(&format!("https://other.example{target}")),
        &Rejection::BadSignature,
    );
    // Rocket presents HEAD as GET. The signature is still verified.
    for (origin, status) in [
        ("https://shop.example", Status::Ok),
        ("https://other.example", Status::Unauthorized),
    ] {
        let signature = key.sign(format!("{origin}{target}")).unwrap();
        let request = client.head(target.clone());
        let request = request.header(Header::new("x-ca-signature", signature));
        assert_eq!(request.dispatch().status(), status, "{origin}");
    }
}
