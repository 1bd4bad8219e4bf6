//! Tests of a receiver as a process: its environment, its exit status and its two streams.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use http::{Request, StatusCode};
use postback_core::{
    Rejection, Verifier,
    cryptapi::CryptApi,
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};
use receiver::{CryptApiVerifier, Print, Verifiers};
use serde_json::{Value, json};

use crate::{
    client::Client,
    corpus::{Case, Expect, Mode},
    driver::Application,
    expected_fields,
    fixtures::{FORM, JSON, ORIGIN, secret},
    framework_differences::WRONG_METHOD_IN_ROCKET,
    raw::{Connection, RawResponse},
};

/// The part of an application that rejects a request with another method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongMethod {
    /// The adapter.
    Adapter,
    /// The framework's router, which finds no route.
    Router,
}

/// Returns the command of a receiver that listens on a free port.
#[must_use]
pub fn receiver(binary: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .env_remove("CRYPTAPI_MODE")
        .env_remove("CRYPTAPI_PUBLIC_KEY_FILE")
        .env_remove("CRYPTOCLOUD_SECRET")
        .env_remove("PUBLIC_ORIGIN")
        .env_remove("TRYBIT_SECRET")
        .env("BIND", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Environment of the tests that check something else.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("CRYPTOCLOUD_SECRET", "c"),
    ("PUBLIC_ORIGIN", ORIGIN),
    ("TRYBIT_SECRET", "t"),
];

/// A process that is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// URL that the process prints, without a path.
    base: String,
}

impl Running {
    /// Starts the process, and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the process starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("a line");
        let base = line.trim().rsplit(' ').next().expect("an address");
        let base = base.to_owned();
        // A process that logs would otherwise wait when the pipe is full.
        thread::spawn(move || io::copy(&mut stderr, &mut io::sink()));
        Self { child, base }
    }

    /// Returns the URL, without a path, at which the process listens.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Ends the process, and returns the lines that it printed.
    fn printed(mut self) -> Vec<Value> {
        let mut stdout = self.child.stdout.take().expect("a pipe");
        drop(self);
        let mut printed = String::new();
        stdout.read_to_string(&mut printed).expect("UTF-8");
        let json = |line| serde_json::from_str(line).expect("JSON");
        printed.lines().map(json).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("the process runs");
        self.child.wait().expect("the process ends");
    }
}

/// Asserts that a receiver exits with an error that names the missing or invalid variable.
pub fn invalid_environment_is_error_at_start(binary: &str) {
    for (named, value) in [
        ("CRYPTOCLOUD_SECRET", None),
        ("CRYPTOCLOUD_SECRET", Some(" ")),
        ("TRYBIT_SECRET", None),
        ("PUBLIC_ORIGIN", None),
        ("PUBLIC_ORIGIN", Some("https://shop.example/")),
        ("CRYPTAPI_MODE", Some("")),
        ("CRYPTAPI_MODE", Some("POST")),
        ("CRYPTAPI_PUBLIC_KEY_FILE", Some("/nowhere")),
        ("CRYPTAPI_PUBLIC_KEY_FILE", Some(file!())),
    ] {
        let mut command = receiver(binary);
        // `file!()` is relative to the workspace; it is not a key.
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        command.envs(ENVIRONMENT);
        match value {
            Some(value) => command.env(named, value),
            None => command.env_remove(named),
        };
        let output = command.output().expect("the process starts");
        assert_eq!(output.status.code(), Some(1), "{named} {value:?}");
        assert_eq!(output.stdout, b"", "{named} {value:?}");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(stderr.contains(named), "{stderr}");
    }
}

/// Sends the CryptAPI corpus to a receiver in each mode, and checks responses and printed lines.
pub async fn cryptapi_corpus_gets_expected_replies_in_each_mode(
    binary: &str,
    wrong_method: WrongMethod,
    client: &Client,
) {
    let key = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/keys/cryptapi_test_public.pem"
    );
    let mut sent = 0_usize;
    for (name, mode) in [
        (None, Mode::Get),
        (Some("get"), Mode::Get),
        (Some("post_form"), Mode::PostForm),
        (Some("post_json"), Mode::PostJson),
    ] {
        let mut command = receiver(binary);
        command
            .envs(ENVIRONMENT)
            .env("CRYPTAPI_PUBLIC_KEY_FILE", key);
        if let Some(name) = name {
            command.env("CRYPTAPI_MODE", name);
        }
        let running = Running::start(&mut command);
        let mut lines = Vec::new();
        for case in Case::cryptapi() {
            if case.core_only || case.config.mode != Some(mode) {
                continue;
            }
            sent = sent.saturating_add(1);
            let request = case.request.to(&running.base);
            let (status, _, body) = client.send(request).await.expect("a response");
            let params = case.printed_params();
            match case.expect {
                Expect::Accepted { mut fields } => {
                    fields.extend(params.map(|params| ("params".to_owned(), params)));
                    assert_eq!((status, &*body), (StatusCode::OK, "*ok*"), "{}", case.name);
                    lines.push((case.name, fields));
                }
                Expect::Rejected { code, .. }
                    if code.allows("method_not_allowed") && wrong_method == WrongMethod::Router =>
                {
                    assert_eq!((status, &*body), (WRONG_METHOD_IN_ROCKET, ""));
                }
                Expect::Rejected { status: any, .. } | Expect::Any { status: any } => {
                    assert!(any.allows(&status.as_u16()), "{}: {status}", case.name);
                    assert_ne!(body, "*ok*", "{}", case.name);
                }
            }
        }
        let printed = running.printed();
        assert_eq!(printed.len(), lines.len());
        for (printed, (name, mut fields)) in printed.iter().zip(lines) {
            let printed = printed.as_object().expect("an object");
            let named: Vec<_> = printed.keys().map(String::as_str).collect();
            let names = [
                "address_in",
                "coin",
                "params",
                "pending",
                "provider",
                "uuid",
                "value_coin",
            ];
            assert_eq!(named, names, "{name}");
            assert_eq!(printed.get("provider"), Some(&json!("cryptapi")));
            fields.retain(|field, _| names.contains(&&**field));
            expected_fields::compare(&name, &fields, printed);
        }
    }
    assert!(sent > 68, "the whole corpus, and GET twice");

    // Without a configured key, the receiver trusts the published one, which signed none of the
    // corpus.
    let running = Running::start(receiver(binary).envs(ENVIRONMENT));
    let cases = Case::cryptapi();
    let genuine = cases.first().expect("a case").request.to(&running.base);
    let (status, ..) = client.send(genuine).await.expect("a response");
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(running.printed(), Vec::<Value>::new());
}

/// Sends genuine and forged deliveries to a receiver, and checks that it prints one line for each
/// genuine one.
pub async fn verified_postback_prints_one_line(binary: &str, client: &Client) {
    let running = Running::start(receiver(binary).envs(ENVIRONMENT));

    let token = |signer| testing::fresh_token(&secret(signer), testing::SAMPLE_INVOICE_ID);
    let deliver = async |path: &str, content_type: &str, body: String| {
        let request =
            Request::post(format!("{}{path}", running.base)).header("content-type", content_type);
        let request = request.body(body.into()).expect("a request");
        client.send(request).await.expect("a response").0
    };
    let sample = testing::sample_json(Some(&token("c")));
    let bare = format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{}"}}"#, token("t"));
    let expected = [
        (
            deliver("/postback/cryptocloud", JSON, sample.clone()).await,
            StatusCode::OK,
        ),
        (
            deliver("/postback/trybit", JSON, sample).await,
            StatusCode::UNAUTHORIZED,
        ),
        (
            deliver("/postback/trybit", JSON, bare).await,
            StatusCode::OK,
        ),
        (
            deliver(
                "/postback/cryptocloud",
                FORM,
                testing::sample_form(Some(&token("c"))),
            )
            .await,
            StatusCode::OK,
        ),
        (
            deliver("/postback", JSON, String::new()).await,
            StatusCode::NOT_FOUND,
        ),
    ];
    for (index, (status, expected)) in expected.into_iter().enumerate() {
        assert_eq!(status, expected, "delivery {index}");
    }

    let printed = running.printed();
    let line = |provider: &str, order_id: Option<&str>| {
        json!({ "provider": provider, "invoice_id": "ILRAJE1Q", "status": "success",
                "amount": "0.000113", "currency": "BNB", "order_id": order_id })
    };
    let bare = json!({ "provider": "trybit", "invoice_id": "ILRAJE1Q", "status": null,
                       "amount": null, "currency": null, "order_id": null });
    let order = Some("ORDER 93223");
    assert_eq!(
        printed,
        [line("cryptocloud", None), bare, line("cryptocloud", order)]
    );
}

/// Returns verifiers for routes that receive no genuine postback.
#[must_use]
pub fn verifiers() -> Verifiers {
    let cryptapi = CryptApi::post_form().verifier();
    Verifiers {
        cryptapi: CryptApiVerifier::Post(cryptapi.expect("the published key")),
        cryptocloud: Verifier::new(CryptoCloud::new(), secret("s")),
        trybit: Verifier::new(Trybit::new(), secret("s")),
    }
}

/// Returns a function that discards lines.
#[must_use]
pub fn silent() -> Print {
    Arc::new(|_| Ok(()))
}

/// Sends an endless body to `path`, one byte at a time, and returns the response, which must not
/// come before the deadline.
pub async fn drip(application: &Application, path: &str, deadline: Duration) -> RawResponse {
    let begun = Instant::now();
    let mut connection = Connection::open(application.address()).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    assert!(connection.send(head).await);
    let every = Duration::from_millis(10);
    let response = connection.response_while_sending("1\r\n \r\n", every).await;
    assert!(
        begun.elapsed() >= deadline,
        "a response before the deadline"
    );
    response
}

/// Asserts that the response rejects an unreadable body.
pub fn assert_unreadable(response: &RawResponse) {
    let reply = Rejection::BodyUnreadable.reply();
    assert_eq!(response.status, reply.status());
    assert_eq!(response.body, reply.body());
}

/// Defines the tests of a receiver whose binary is `$binary`.
#[macro_export]
macro_rules! receiver_tests {
    ($binary:expr, $wrong_method:expr) => {
        #[test]
        fn invalid_environment_is_error_at_start() {
            $crate::receiver::invalid_environment_is_error_at_start($binary);
        }

        #[tokio::test]
        async fn verified_postback_prints_one_line() {
            let client = $crate::client::Client::default();
            $crate::receiver::verified_postback_prints_one_line($binary, &client).await;
        }

        #[tokio::test]
        async fn cryptapi_corpus_gets_expected_replies_in_each_mode() {
            let client = $crate::client::Client::default();
            $crate::receiver::cryptapi_corpus_gets_expected_replies_in_each_mode(
                $binary,
                $wrong_method,
                &client,
            )
            .await;
        }
    };
}
