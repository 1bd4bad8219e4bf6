//! What every receiver among the examples does, as a process: its environment, its exit status and its
//! two streams.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use http::{Request, StatusCode};
use postback_core::{
    Rejection, SecretKey, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
    testing,
};
use serde_json::{Value, json};

use crate::{
    client::Client,
    driver::Application,
    raw::{Connection, RawResponse},
};

fn receiver(binary: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .env_remove("CRYPTOCLOUD_SECRET")
        .env_remove("TRYBIT_SECRET")
        .env("BIND", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A process that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().expect("it runs");
        self.0.wait().expect("it ends");
    }
}

/// Does not start without its secrets, and says which is wrong.
pub fn a_secret_that_is_missing_or_blank_is_an_error_at_start(binary: &str) {
    let no_secret = receiver(binary)
        .env("CRYPTOCLOUD_SECRET", "c")
        .output()
        .expect("it starts");
    let blank = [("CRYPTOCLOUD_SECRET", " "), ("TRYBIT_SECRET", "t")];
    let blank_secret = receiver(binary).envs(blank).output().expect("it starts");
    for (output, named) in [
        (no_secret, "TRYBIT_SECRET"),
        (blank_secret, "CRYPTOCLOUD_SECRET"),
    ] {
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let told = String::from_utf8(output.stderr).expect("a text");
        assert!(told.contains(named), "{told}");
    }
}

/// Answers genuine and wrong deliveries as it must, and prints a line for each genuine one.
pub async fn each_verified_postback_is_one_line_and_nothing_else_is(binary: &str, client: &Client) {
    let secrets = [("CRYPTOCLOUD_SECRET", "c"), ("TRYBIT_SECRET", "t")];
    let mut running = Running(receiver(binary).envs(secrets).spawn().expect("it starts"));
    let mut stderr = BufReader::new(running.0.stderr.take().expect("a pipe"));
    let mut stdout = running.0.stdout.take().expect("a pipe");
    let mut line = String::new();
    stderr.read_line(&mut line).expect("a line");
    let base = line
        .trim()
        .rsplit(' ')
        .next()
        .expect("an address")
        .to_owned();

    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let token = |secret| {
        let secret = SecretKey::new(secret).expect("a secret");
        testing::token(
            &secret,
            testing::SAMPLE_INVOICE_ID,
            now.as_secs().saturating_add(300),
        )
    };
    let deliver = async |path: &str, content_type: &str, body: String| {
        let request = Request::post(format!("{base}{path}")).header("content-type", content_type);
        let request = request.body(body.into()).expect("a request");
        client.send(request).await.expect("an answer").0
    };
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let sample = testing::sample_json(Some(&token("c")));
    let bare = format!(r#"{{"invoice_id":"ILRAJE1Q","token":"{}"}}"#, token("t"));
    let expected = [
        (
            deliver("/postback/cryptocloud", json, sample.clone()).await,
            StatusCode::OK,
        ),
        (
            deliver("/postback/trybit", json, sample).await,
            StatusCode::UNAUTHORIZED,
        ),
        (
            deliver("/postback/trybit", json, bare).await,
            StatusCode::OK,
        ),
        (
            deliver(
                "/postback/cryptocloud",
                form,
                testing::sample_form(Some(&token("c"))),
            )
            .await,
            StatusCode::OK,
        ),
        (
            deliver("/postback", json, String::new()).await,
            StatusCode::NOT_FOUND,
        ),
    ];
    for (index, (answered, expected)) in expected.into_iter().enumerate() {
        assert_eq!(answered, expected, "delivery {index}");
    }

    drop(running);
    let mut printed = String::new();
    stdout.read_to_string(&mut printed).expect("a text");
    let printed: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
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

/// Verifiers for routes that no genuine postback is sent to.
#[must_use]
pub fn verifiers() -> (Verifier<CryptoCloud>, Verifier<Trybit>) {
    let secret = || SecretKey::new("s").expect("a secret");
    (
        Verifier::new(CryptoCloud::new(), secret()),
        Verifier::new(Trybit::new(), secret()),
    )
}

/// Sends a byte of a body at a time to `path`, without end, and waits for the answer, which must not
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
    assert!(begun.elapsed() >= deadline, "not for its deadline");
    response
}

/// Asserts that the body was ended from outside.
pub fn assert_unreadable(response: &RawResponse) {
    let answer = Rejection::BodyUnreadable.answer();
    assert_eq!(response.status, answer.status());
    assert_eq!(response.body, answer.body());
}

/// The tests of a receiver whose binary is `$binary`.
#[macro_export]
macro_rules! receiver_tests {
    ($binary:expr) => {
        #[test]
        fn a_secret_that_is_missing_or_blank_is_an_error_at_start() {
            $crate::receiver::a_secret_that_is_missing_or_blank_is_an_error_at_start($binary);
        }

        #[tokio::test]
        async fn each_verified_postback_is_one_line_and_nothing_else_is() {
            let client = $crate::client::Client::default();
            $crate::receiver::each_verified_postback_is_one_line_and_nothing_else_is(
                $binary, &client,
            )
            .await;
        }
    };
}
