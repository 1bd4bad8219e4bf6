//! Each cause of a rejection has its own log line: in core, and through every adapter.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{fs, path::Path, sync::LazyLock};

use bytes::Bytes;
use postback_conformance::{
    corpus::Request,
    driver::{Driver, Served},
    log::Log,
};
use postback_core::{
    SecretKey, Verifier,
    cryptapi::{CryptApi, Get},
    cryptocloud::CryptoCloud,
    testing::{self, SAMPLE_CALLBACK, SigningKey},
};
use tracing::Level;

const NOW: u64 = 1_769_509_400;

const ORIGIN: &str = "https://shop.example";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate().unwrap());

fn cryptocloud(secret: SecretKey) -> Verifier<CryptoCloud> {
    let builder = Verifier::builder(CryptoCloud::new(), secret);
    builder.clock(|| Some(NOW)).build().unwrap()
}

fn secret(text: &str) -> SecretKey {
    SecretKey::new(text).unwrap()
}

fn token(signer: &str) -> String {
    testing::token(&secret(signer), testing::SAMPLE_INVOICE_ID, NOW + 300)
}

fn post(headers: &[(&str, &str)], body: String) -> Request {
    let headers = headers.iter();
    Request {
        method: "POST".to_owned(),
        target: "/postback".to_owned(),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body: body.into(),
    }
}

/// What is logged of a request, in core and then through every way in, after the provider and the code.
async fn assert_logged<P: Served>(verifier: &Verifier<P>, request: &Request, expected: &str) {
    let (log, guard) = Log::begin_at(Level::WARN);
    assert!(request.verify(verifier).is_err(), "{expected}");
    let [line] = &*log.verdicts() else {
        unreachable!("{expected}: {}", log.text());
    };
    assert!(line.ends_with(expected), "{line}: {expected}");
    drop(guard);
    for driver in Driver::ALL {
        let (log, _guard) = Log::begin_at(Level::WARN);
        let application = driver.serve(verifier.clone()).await;
        let outcome = application.send(request).await;
        assert!(outcome.handed.is_none(), "{driver:?}");
        assert_eq!(log.verdicts(), [line.as_str()], "{driver:?}");
    }
}

#[tokio::test]
async fn method_that_came_is_logged() {
    let mut request = post(&[("content-type", JSON)], String::new());
    request.method = "PUT".to_owned();
    assert_logged(
        &cryptocloud(secret("s")),
        &request,
        r#"code="method_not_allowed" variant=MethodNotAllowed { allow: Post } method="PUT""#,
    )
    .await;
}

#[tokio::test]
async fn content_type_and_encoding_that_came_are_logged() {
    let body = || testing::sample_json(Some(&token("s")));
    let long = "x".repeat(600);
    let cut = format!("{}…", "x".repeat(512));
    let logged = |further: &str| {
        format!(r#"code="unsupported_media_type" variant=UnsupportedMediaType{further}"#)
    };
    for (headers, expected) in [
        (
            vec![("content-type", "text/plain; charset=utf-8")],
            logged(r#" content_type="text/plain; charset=utf-8""#),
        ),
        (vec![], logged(r#" content_type="""#)),
        (
            vec![("content-type", JSON), ("content-type", FORM)],
            logged(&format!(r#" content_type="{JSON}, {FORM}""#)),
        ),
        (
            vec![("content-type", JSON), ("content-encoding", "gzip")],
            logged(&format!(
                r#" content_type="{JSON}" content_encoding="gzip""#
            )),
        ),
        (
            vec![("content-type", &*long)],
            logged(&format!(r#" content_type="{cut}""#)),
        ),
    ] {
        let request = post(&headers, body());
        assert_logged(&cryptocloud(secret("s")), &request, &expected).await;
    }
}

#[tokio::test]
async fn mislabelled_body_leaves_hint() {
    let json = testing::sample_json(Some(&token("s")));
    let form = testing::sample_form(Some(&token("s")));
    for (content_type, body, hint) in [
        (FORM, json.clone(), r#" hint="json_sent_as_form""#),
        (
            FORM,
            format!("\u{feff} {json}"),
            r#" hint="json_sent_as_form""#,
        ),
        (JSON, form.clone(), r#" hint="form_sent_as_json""#),
        // Neither is a body of the other kind.
        (FORM, "status=success".to_owned(), "variant=Unsigned"),
        (JSON, json.replace('}', ""), "variant=Malformed(Syntax)"),
    ] {
        let request = post(&[("content-type", content_type)], body);
        assert_logged(&cryptocloud(secret("s")), &request, hint).await;
    }
}

/// CryptAPI's, whose signature holds.
#[tokio::test]
async fn mislabelled_callback_leaves_hint() {
    let json = r#"{"uuid":"u-1","address_in":"a","coin":"btc","pending":0}"#;
    let form = "uuid=u-1&address_in=a&coin=btc&pending=0";
    let public = || KEY.public_key().unwrap();
    for (verifier, content_type, body, hint) in [
        (CryptApi::post_form(), FORM, json, "json_sent_as_form"),
        (CryptApi::post_json(), JSON, form, "form_sent_as_json"),
    ] {
        let signature = KEY.sign(body).unwrap();
        let headers = [
            ("content-type", content_type),
            ("x-ca-signature", &*signature),
        ];
        let request = post(&headers, body.to_owned());
        let verifier = Verifier::new(verifier, public());
        let expected = format!(r#"variant=Malformed(Syntax) hint="{hint}""#);
        assert_logged(&verifier, &request, &expected).await;
    }
}

#[tokio::test]
async fn secret_with_surrounding_characters_leaves_hint() {
    let api_key = token("provider");
    for (configured, signer, hint) in [
        ("s\n", "s", r#" hint="secret_has_white_space""#),
        ("'s'", "s", r#" hint="secret_has_quotes""#),
        ("s;", "s", r#" hint="secret_has_semicolon""#),
        ("\"s\";", "s", r#" hint="secret_has_semicolon""#),
        (&*api_key, "s", r#" hint="secret_is_api_key""#),
        // A forgery is not taken for one of these.
        ("'s'", "forged", "variant=BadSignature"),
    ] {
        let configured = SecretKey::verbatim(configured).unwrap();
        let body = testing::sample_json(Some(&token(signer)));
        let request = post(&[("content-type", JSON)], body);
        assert_logged(&cryptocloud(configured), &request, hint).await;
    }
}

fn cryptapi(origin: &str, prefix: Option<&str>) -> Verifier<CryptApi<Get>> {
    let provider = CryptApi::get([origin]).unwrap();
    let provider = match prefix {
        Some(prefix) => provider.stripped_prefix(prefix).unwrap(),
        None => provider,
    };
    Verifier::new(provider, KEY.public_key().unwrap())
}

/// A callback that arrives at `target`, and whose signature is over `signed`.
fn callback(target: &str, signed: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers: vec![("x-ca-signature".to_owned(), KEY.sign(signed).unwrap())],
        body: Bytes::new(),
    }
}

/// Mistakes of proxies and configurations: what arrives, what was signed, and what is logged.
#[tokio::test]
async fn changed_url_is_logged_with_hint() {
    let query = |order: &str| format!("order_id={order}&{SAMPLE_CALLBACK}");
    let (plain, escaped) = (query("7"), query("7%2F8~9"));
    for (prefix, target, signed, hint) in [
        (None, "/cb", "http://shop.example/cb", "signed_for_http"),
        (
            None,
            "/cb",
            "https://www.shop.example/cb",
            "signed_with_www",
        ),
        (
            None,
            "/cb",
            "https://shop.example:443/cb",
            "signed_with_default_port",
        ),
        // The prefix is configured, and nothing strips it.
        (
            Some("/shop"),
            "/shop/cb",
            "https://shop.example/shop/cb",
            "signed_without_prefix",
        ),
        // The proxy adds one: `proxy_pass http://127.0.0.1:3000/app/`.
        (
            None,
            "/app/cb",
            "https://shop.example/cb",
            "signed_without_prefix",
        ),
        (
            None,
            "/cb/",
            "https://shop.example/cb",
            "signed_with_other_trailing_slash",
        ),
        (
            None,
            "/cb",
            "https://shop.example/cb/",
            "signed_with_other_trailing_slash",
        ),
    ] {
        let request = callback(&format!("{target}?{plain}"), &format!("{signed}?{plain}"));
        let checked = format!("https://shop.example{}{target}", prefix.unwrap_or_default());
        let expected = format!(
            r#"variant=BadSignature checked_url="{checked}" query_length={} hint="{hint}""#,
            plain.len()
        );
        assert_logged(&cryptapi(ORIGIN, prefix), &request, &expected).await;
    }
    for (signed, hint) in [
        (query("7%2F8%7E9"), "signed_with_other_escapes"),
        (query("7/8~9"), "signed_with_other_escapes"),
        (query("7%2f8~9"), "signed_with_other_escape_case"),
        (query("7%252F8~9"), "signed_encoded_once_more"),
    ] {
        let signed = format!("https://shop.example/cb?{signed}");
        let request = callback(&format!("/cb?{escaped}"), &signed);
        assert_logged(
            &cryptapi(ORIGIN, None),
            &request,
            &format!(r#" hint="{hint}""#),
        )
        .await;
    }
    for (signed, target, hint) in [
        (query("7+8"), query("7%208"), "signed_with_other_escapes"),
        (query("7%208"), query("7+8"), "signed_with_other_escapes"),
        (query("7:8"), query("7%3A8"), "signed_with_other_escapes"),
    ] {
        let request = callback(&format!("/cb?{target}"), &format!("{ORIGIN}/cb?{signed}"));
        let hint = format!(r#" hint="{hint}""#);
        assert_logged(&cryptapi(ORIGIN, None), &request, &hint).await;
    }
    for (origin, signed, hint) in [
        ("http://shop.example", ORIGIN, "signed_for_https"),
        ("https://www.shop.example", ORIGIN, "signed_without_www"),
    ] {
        let request = callback(&format!("/cb?{plain}"), &format!("{signed}/cb?{plain}"));
        let hint = format!(r#" hint="{hint}""#);
        assert_logged(&cryptapi(origin, None), &request, &hint).await;
    }
    let again = query("7%252F8");
    let signed = format!("https://shop.example/cb?{}", query("7%2F8"));
    let request = callback(&format!("/cb?{again}"), &signed);
    let hint = r#" hint="signed_encoded_once_less""#;
    assert_logged(&cryptapi(ORIGIN, None), &request, hint).await;
}

/// Mistakes without a hint are seen in the URL: the prefix that is missing, and the length of the query.
#[tokio::test]
async fn forged_callback_logs_the_url_without_its_query() {
    let secret = "0123456789abcdef0123456789abcdef";
    let query = format!("nonce={secret}&{SAMPLE_CALLBACK}");
    let expected = format!(
        r#"code="bad_signature" variant=BadSignature checked_url="https://shop.example/cb" query_length={}"#,
        query.len()
    );
    for signed in [
        // Stripped by a router, and not configured.
        format!("https://shop.example/shop/cb?{query}"),
        // Appended by a proxy.
        format!("https://shop.example/cb?{secret}"),
        "https://shop.example/".to_owned(),
    ] {
        let request = callback(&format!("/cb?{query}"), &signed);
        assert_logged(&cryptapi(ORIGIN, None), &request, &expected).await;
    }
}

/// What core can say is what the guide and the documentation of core explain.
#[test]
fn guide_and_documentation_list_every_hint() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let sources = ["log/hint.rs", "public_url/url_difference.rs"];
    let sources = sources
        .map(|file| read(&format!("postback-core/src/{file}")))
        .concat();
    let hints: Vec<_> = sources
        .lines()
        .filter_map(|line| line.trim().split_once(" => \"")?.1.strip_suffix("\","))
        .collect();
    assert!(hints.len() > 18, "{hints:?}");
    for file in ["docs/guide/src/errors.md", "postback-core/src/lib.rs"] {
        let text = read(file);
        for hint in &hints {
            assert!(text.contains(&format!("`{hint}`")), "{file}: {hint}");
        }
    }
}

#[test]
fn hints_are_not_searched_for_if_rejections_are_not_logged() {
    use std::cell::Cell;

    use postback_core::{
        AcceptsGet, MediaType, Provider, PublicOrigins, ReceivedUrl, Rejection, RequestHead,
        VerifyContext,
    };

    thread_local!(static TRIED: Cell<usize> = const { Cell::new(0) });

    #[derive(Debug)]
    struct Counting(PublicOrigins);

    impl Provider for Counting {
        type Accepts = AcceptsGet;
        type Payload = ();
        type Evidence = ReceivedUrl;
        type Key = ();

        const NAME: &'static str = "counting";

        fn inspect(
            &self,
            head: &RequestHead<'_>,
            _: Option<MediaType>,
        ) -> Result<ReceivedUrl, Rejection> {
            self.0.received(head.target())
        }

        fn verify(
            &self,
            url: ReceivedUrl,
            _: Bytes,
            context: &mut VerifyContext<'_, ()>,
        ) -> Result<(), Rejection> {
            let signed = context.url_signature(&self.0, url, |(), _| {
                TRIED.set(TRIED.get().saturating_add(1));
                false
            });
            signed.map(drop)
        }
    }

    let origins = PublicOrigins::new(["https://shop.example"]).unwrap();
    let verifier = Verifier::new(Counting(origins), ());
    let tried_at = |level| {
        let (_, _guard) = Log::begin_at(level);
        TRIED.set(0);
        let request = callback("/cb?a=%7E", "");
        assert_eq!(
            request.verify(&verifier).err(),
            Some(Rejection::BadSignature)
        );
        TRIED.get()
    };
    assert_eq!(tried_at(Level::ERROR), 1);
    assert!(tried_at(Level::WARN) > 5);
}
