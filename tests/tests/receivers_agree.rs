//! The receivers on four frameworks send the same response to the same bytes, and print the same
//! line.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::App;
use http::StatusCode;
use postback_conformance::{
    corpus::{Case, Expect, Mode},
    driver::{Application, Seen},
    framework_differences::{HEADERS_OF_ROCKET, WRONG_METHOD_IN_ROCKET},
    raw::{Connection, RawResponse},
    receiver::verifiers,
};
use postback_core::cryptocloud::{CryptoCloud, Trybit};
use receiver::{CryptApiVerifier, Print, Verifiers};
use rocket::{Config, config::LogLevel};

const DEADLINE: Duration = Duration::from_secs(10);

/// Lines that the receivers printed.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn print(&self) -> Print {
        let lines = self.clone();
        Arc::new(move |line| {
            lines.lock().push(line.to_owned());
            Ok(())
        })
    }

    fn take(&self) -> Vec<String> {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the receivers. The last one is on Rocket.
async fn serve(verifiers: &Verifiers, lines: &Lines) -> [(&'static str, Application); 4] {
    let (given, print) = (verifiers.clone(), lines.print());
    let actix = Application::serve_on_actix(
        move || {
            let (verifiers, print) = (given.clone(), print.clone());
            App::new().configure(receiver_actix::routes(verifiers, print, DEADLINE))
        },
        Seen::default(),
    );
    let axum = receiver_axum::router(verifiers.clone(), lines.print(), DEADLINE);
    let tower = receiver_tower::routes(verifiers.clone(), &lines.print(), DEADLINE);
    let config = Config::figment().merge(("log_level", LogLevel::Off));
    let rocket = receiver_rocket::application(config, verifiers.clone(), lines.print(), DEADLINE);
    [
        ("actix", actix),
        ("axum", Application::serve(axum, Seen::default()).await),
        (
            "tower",
            Application::serve_on_hyper(tower, Seen::default()).await,
        ),
        (
            "rocket",
            Application::serve_on_rocket(rocket, Seen::default()).await,
        ),
    ]
}

/// Returns verifiers with that of the case on the route of its provider.
fn verifiers_of(case: &Case) -> Verifiers {
    let others = verifiers();
    match (&*case.provider, case.config.mode) {
        ("cryptapi", Some(Mode::Get)) => Verifiers {
            cryptapi: CryptApiVerifier::Get(case.cryptapi_get()),
            ..others
        },
        ("cryptapi", _) => Verifiers {
            cryptapi: CryptApiVerifier::Post(case.cryptapi_post()),
            ..others
        },
        ("trybit", _) => Verifiers {
            trybit: case.verifier(Trybit::new()),
            ..others
        },
        _ => Verifiers {
            cryptocloud: case.verifier(CryptoCloud::new()),
            ..others
        },
    }
}

/// Returns the bytes of the request. The corpus has one path for CryptoCloud and Trybit, which do
/// not sign it.
fn bytes(case: &Case) -> Vec<u8> {
    let target = match &*case.provider {
        "trybit" => "/postback/trybit",
        _ => &case.request.target,
    };
    case.request.raw(target)
}

/// Removes the headers that Rocket adds to each response by default.
fn without_rocket_headers(mut response: RawResponse) -> RawResponse {
    let is_kept = |name: &String| !HEADERS_OF_ROCKET.contains(&&**name);
    response.headers.retain(|(name, _)| is_kept(name));
    response
}

#[tokio::test]
async fn receivers_reply_alike_to_same_bytes() {
    let mut cases = Case::cryptocloud();
    cases.extend(Case::cryptapi());
    cases.retain(|case| !case.core_only);
    assert_eq!(cases.len(), 227 + 86);
    let mut rejected_methods = 0_usize;
    for case in &cases {
        let lines = Lines::default();
        let mut responses = Vec::new();
        for (receiver, application) in serve(&verifiers_of(case), &lines).await {
            let mut connection = Connection::open(application.address()).await;
            assert!(connection.send(bytes(case)).await);
            let is_head = case.request.method == "HEAD";
            let response = without_rocket_headers(connection.response(is_head).await);
            responses.push((receiver, response, lines.take()));
        }
        let [first, others @ .., (_, rocket, printed)] = &*responses else {
            panic!("four receivers");
        };
        let (_, response, line) = first;
        for (receiver, other, also) in others {
            assert_eq!((other, also), (response, line), "{}: {receiver}", case.name);
        }
        if response.status == StatusCode::METHOD_NOT_ALLOWED {
            rejected_methods = rejected_methods.saturating_add(1);
            let actual = (rocket.status, &*rocket.body, printed.len());
            assert_eq!(actual, (WRONG_METHOD_IN_ROCKET, "", 0), "{}", case.name);
        } else {
            assert_eq!((rocket, printed), (response, line), "{}: rocket", case.name);
        }
        match &case.expect {
            Expect::Accepted { .. } => assert_eq!(line.len(), 1, "{}", case.name),
            Expect::Rejected { .. } => assert_eq!(line.len(), 0, "{}", case.name),
            Expect::Any { .. } => {}
        }
    }
    assert_eq!(rejected_methods, 4);
}
