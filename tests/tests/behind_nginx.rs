//! CryptAPI behind nginx: the log event of each mistake in the configuration of nginx or of the
//! verifier.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::{Router, routing::any};
use postback_conformance::{
    driver::{Application, Seen},
    fixtures::{self, ORIGIN},
    log::Log,
    raw::Connection,
};
use postback_core::{
    cryptapi::{CryptApi, Get},
    testing::SAMPLE_CALLBACK,
};
use postback_tower::axum::{Postback, Retry};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};
use tracing::Level;

/// An nginx process in front of an application, stopped when it is dropped.
struct Nginx {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Nginx {
    /// Starts nginx with these directives in its `server` block. `APP` is replaced with the
    /// application's address.
    async fn start(directives: &str, application: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let temporary: String = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .collect();
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}
             http {{ access_log off; {temporary} server {{ listen {address}; {} }} }}",
            directives.replace("APP", &application.to_string())
        );
        fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let process = Command::new("nginx")
            .args(["-e", "stderr", "-p"])
            .arg(folder.path())
            .args(["-c", "nginx.conf"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self {
            process,
            address,
            _folder: folder,
        };
        while TcpStream::connect(address).await.is_err() {
            let ended = nginx.process.try_wait().unwrap();
            assert_eq!(ended, None, "{directives}");
            sleep(Duration::from_millis(10)).await;
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Handler without orders, which acknowledges nothing.
async fn called_back(postback: Postback<CryptApi<Get>>) -> Retry {
    postback_core::Retry::unknown_order(postback.uuid().as_untrusted_str()).into()
}

/// Returns the log events of a callback that is signed for the URL `signed` and sent to `target`.
async fn logged(directives: &str, prefix: Option<&str>, signed: &str, target: &str) -> Vec<String> {
    let verifier = fixtures::trusting(fixtures::cryptapi_at(ORIGIN, prefix));
    let router = Router::new()
        .fallback(any(called_back))
        .with_state(verifier);
    let (log, _guard) = Log::begin_at(Level::INFO);
    let application = Application::serve(router, Seen::default()).await;
    let nginx = Nginx::start(directives, application.address()).await;
    let mut connection = Connection::open(nginx.address).await;
    let signature = fixtures::sign(format!("{signed}?{SAMPLE_CALLBACK}"));
    let head = format!("GET {target}?{SAMPLE_CALLBACK} HTTP/1.1\r\nHost: shop.example");
    connection
        .send(format!("{head}\r\nX-CA-Signature: {signature}\r\n\r\n"))
        .await;
    connection.response(false).await;
    log.events()
}

#[tokio::test]
async fn proxy_misconfiguration_is_logged() {
    let unchanged = "location / { proxy_pass http://APP; }";
    let (https, www) = (
        "https://shop.example/shop/cb",
        "https://www.shop.example/shop/cb",
    );
    let length = SAMPLE_CALLBACK.len();
    let rejected = |url: &str, length: usize, hint: Option<&str>| {
        let hint = hint.map_or_else(String::new, |hint| format!(r#" hint="{hint}""#));
        format!(
            r#"code="bad_signature" variant=BadSignature checked_url="https://shop.example{url}" query_length={length}{hint}"#
        )
    };
    let verified = r#"key_label="current""#.to_owned();
    for (name, directives, prefix, signed, expected) in [
        ("unchanged", unchanged, None, https, verified.clone()),
        (
            "slash after the port",
            "location /shop/ { proxy_pass http://APP/; }",
            None,
            https,
            rejected("/cb", length, None),
        ),
        (
            "slash after the port, and configured prefix",
            "location /shop/ { proxy_pass http://APP/; }",
            Some("/shop"),
            https,
            verified.clone(),
        ),
        (
            "configured prefix that is not stripped",
            unchanged,
            Some("/shop"),
            https,
            rejected("/shop/shop/cb", length, Some("signed_without_prefix")),
        ),
        (
            "other configured prefix",
            "location /shop/ { proxy_pass http://APP/; }",
            Some("/store"),
            https,
            rejected("/store/cb", length, None),
        ),
        (
            "path after the port",
            "location / { proxy_pass http://APP/app/; }",
            None,
            https,
            rejected("/app/shop/cb", length, Some("signed_without_prefix")),
        ),
        (
            "rewrite",
            "location / { rewrite ^/shop/(.*)$ /postback/$1 break; proxy_pass http://APP; }",
            None,
            https,
            rejected("/postback/cb", length, None),
        ),
        (
            "added trailing slash",
            "location / { rewrite ^(.*)$ $1/ break; proxy_pass http://APP; }",
            None,
            https,
            rejected(
                "/shop/cb/",
                length,
                Some("signed_with_other_trailing_slash"),
            ),
        ),
        (
            "added arguments",
            "location / { proxy_pass http://APP$request_uri&from=nginx; }",
            None,
            https,
            rejected("/shop/cb", length.saturating_add("&from=nginx".len()), None),
        ),
        (
            "dropped arguments",
            "location / { proxy_pass http://APP$uri; }",
            None,
            https,
            rejected("/shop/cb", 0, None),
        ),
        (
            "URL with http",
            unchanged,
            None,
            "http://shop.example/shop/cb",
            rejected("/shop/cb", length, Some("signed_for_http")),
        ),
        (
            "URL with www",
            unchanged,
            None,
            www,
            rejected("/shop/cb", length, Some("signed_with_www")),
        ),
        (
            "URL with its port",
            unchanged,
            None,
            "https://shop.example:443/shop/cb",
            rejected("/shop/cb", length, Some("signed_with_default_port")),
        ),
        (
            "removed header",
            "location / { proxy_pass http://APP; proxy_set_header X-CA-Signature ''; }",
            None,
            https,
            r#"code="unsigned" variant=Unsigned"#.to_owned(),
        ),
    ] {
        let lines = logged(directives, prefix, signed, "/shop/cb").await;
        let line = lines.first().unwrap();
        assert!(line.ends_with(&expected), "{name}: {line}\n{expected}");
    }
}

/// nginx merges slashes in the path if it replaces a prefix.
#[tokio::test]
async fn merged_slashes_are_logged() {
    let directives = "location /shop/ { proxy_pass http://APP/shop/; }";
    let signed = "https://shop.example/shop//cb";
    let lines = logged(directives, None, signed, "/shop//cb").await;
    let checked = r#"checked_url="https://shop.example/shop/cb" "#;
    assert!(lines.first().unwrap().contains(checked), "{lines:?}");
}
