//! Log events of rejections, with the cause and the hint of each: in core, and through every entry
//! point.

use std::{fs, path::Path};

use bytes::Bytes;
use postback_conformance::{
    corpus::Request,
    driver::{Driver, Served},
    fixtures::{
        CALLBACK_SECRET, FORM, JSON, ORIGIN, builder, callback_signed_for, cryptapi_at,
        cryptocloud, post, posted_callback, sample_form, sample_json, token, trusting,
    },
    log::Log,
};
use postback_core::{
    SecretKey, Verifier,
    cryptapi::{CryptApi, Get},
    testing::SAMPLE_CALLBACK,
};
use tracing::Level;

/// Asserts that the log event of a rejected request ends with `expected`, in core and through every
/// entry point.
async fn assert_logged<P: Served>(verifier: &Verifier<P>, request: &Request, expected: &str) {
    let (log, guard) = Log::begin_at(Level::WARN);
    assert!(request.verify(verifier).is_err(), "{expected}");
    let [line] = &*log.events() else {
        unreachable!("{expected}: {}", log.text());
    };
    assert!(line.ends_with(expected), "{line}: {expected}");
    drop(guard);
    for driver in Driver::ALL {
        let (log, _guard) = Log::begin_at(Level::WARN);
        let application = driver.serve(verifier.clone()).await;
        let outcome = application.send(request).await;
        assert!(outcome.delivered.is_none(), "{driver:?}");
        assert_eq!(log.events(), [line.as_str()], "{driver:?}");
    }
}

#[tokio::test]
async fn rejected_method_is_logged() {
    let request = Request::new("PUT", "/postback", &[("content-type", JSON)], "");
    assert_logged(
        &cryptocloud("s"),
        &request,
        r#"code="method_not_allowed" variant=MethodNotAllowed { allow: Post } method="PUT""#,
    )
    .await;
}

#[tokio::test]
async fn rejected_content_type_and_encoding_are_logged() {
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
        let request = Request::new("POST", "/postback", &headers, sample_json("s"));
        assert_logged(&cryptocloud("s"), &request, &expected).await;
    }
}

#[tokio::test]
async fn mislabelled_content_type_is_hinted() {
    let (json, form) = (sample_json("s"), sample_form("s"));
    for (content_type, body, hint) in [
        (FORM, json.clone(), r#" hint="json_sent_as_form""#),
        (
            FORM,
            format!("\u{feff} {json}"),
            r#" hint="json_sent_as_form""#,
        ),
        (JSON, form.clone(), r#" hint="form_sent_as_json""#),
        // Invalid bodies of either type.
        (FORM, "status=success".to_owned(), "variant=Unsigned"),
        (JSON, json.replace('}', ""), "variant=Malformed(Syntax)"),
    ] {
        let request = post("/postback", content_type, body);
        assert_logged(&cryptocloud("s"), &request, hint).await;
    }
}

/// The signature of the callback is valid.
#[tokio::test]
async fn mislabelled_content_type_of_callback_is_hinted() {
    let json = r#"{"uuid":"u-1","address_in":"a","coin":"btc","pending":0}"#;
    let form = "uuid=u-1&address_in=a&coin=btc&pending=0";
    for (provider, content_type, body, hint) in [
        (CryptApi::post_form(), FORM, json, "json_sent_as_form"),
        (CryptApi::post_json(), JSON, form, "form_sent_as_json"),
    ] {
        let request = posted_callback("/postback", content_type, body);
        let expected = format!(r#"variant=Malformed(Syntax) hint="{hint}""#);
        assert_logged(&trusting(provider), &request, &expected).await;
    }
}

#[tokio::test]
async fn secret_with_surrounding_characters_is_hinted() {
    let api_key = token("provider");
    for (configured, signer, hint) in [
        ("s\n", "s", r#" hint="secret_has_white_space""#),
        ("'s'", "s", r#" hint="secret_has_quotes""#),
        ("s;", "s", r#" hint="secret_has_semicolon""#),
        ("\"s\";", "s", r#" hint="secret_has_semicolon""#),
        (&*api_key, "s", r#" hint="secret_is_api_key""#),
        // A forged postback gets no hint.
        ("'s'", "forged", "variant=BadSignature"),
    ] {
        let configured = SecretKey::verbatim(configured).unwrap();
        let request = post("/postback", JSON, sample_json(signer));
        let verifier = builder(configured).build().unwrap();
        assert_logged(&verifier, &request, hint).await;
    }
}

fn cryptapi(origin: &str, prefix: Option<&str>) -> Verifier<CryptApi<Get>> {
    trusting(cryptapi_at(origin, prefix))
}

/// Mistakes in proxies and configurations: the prefix, the target that arrives, the signed URL and
/// the hint.
#[tokio::test]
async fn changed_url_is_hinted() {
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
        // A configured prefix that is not stripped.
        (
            Some("/shop"),
            "/shop/cb",
            "https://shop.example/shop/cb",
            "signed_without_prefix",
        ),
        // A prefix that the proxy adds: `proxy_pass http://127.0.0.1:3000/app/`.
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
        let request =
            callback_signed_for(&format!("{signed}?{plain}"), &format!("{target}?{plain}"));
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
        let request = callback_signed_for(&signed, &format!("/cb?{escaped}"));
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
        let request =
            callback_signed_for(&format!("{ORIGIN}/cb?{signed}"), &format!("/cb?{target}"));
        let hint = format!(r#" hint="{hint}""#);
        assert_logged(&cryptapi(ORIGIN, None), &request, &hint).await;
    }
    for (origin, signed, hint) in [
        ("http://shop.example", ORIGIN, "signed_for_https"),
        ("https://www.shop.example", ORIGIN, "signed_without_www"),
    ] {
        let request = callback_signed_for(&format!("{signed}/cb?{plain}"), &format!("/cb?{plain}"));
        let hint = format!(r#" hint="{hint}""#);
        assert_logged(&cryptapi(origin, None), &request, &hint).await;
    }
    let again = query("7%252F8");
    let signed = format!("https://shop.example/cb?{}", query("7%2F8"));
    let request = callback_signed_for(&signed, &format!("/cb?{again}"));
    let hint = r#" hint="signed_encoded_once_less""#;
    assert_logged(&cryptapi(ORIGIN, None), &request, hint).await;
}

/// Other mistakes have no hint. The checked URL and the length of the query show them.
#[tokio::test]
async fn forged_callback_is_logged_without_query() {
    let query = format!("nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}");
    let expected = format!(
        r#"code="bad_signature" variant=BadSignature checked_url="https://shop.example/cb" query_length={}"#,
        query.len()
    );
    for signed in [
        // A prefix that a router strips, and that is not configured.
        format!("https://shop.example/shop/cb?{query}"),
        // A query that a proxy changes.
        format!("https://shop.example/cb?{CALLBACK_SECRET}"),
        "https://shop.example/".to_owned(),
    ] {
        let request = callback_signed_for(&signed, &format!("/cb?{query}"));
        assert_logged(&cryptapi(ORIGIN, None), &request, &expected).await;
    }
}

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
fn hints_are_not_computed_without_logged_rejections() {
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

    let origins = PublicOrigins::new([ORIGIN]).unwrap();
    let verifier = Verifier::new(Counting(origins), ());
    let tried_at = |level| {
        let (_, _guard) = Log::begin_at(level);
        TRIED.set(0);
        let request = callback_signed_for("", "/cb?a=%7E");
        assert_eq!(
            request.verify(&verifier).err(),
            Some(Rejection::BadSignature)
        );
        TRIED.get()
    };
    assert_eq!(tried_at(Level::ERROR), 1);
    assert!(tried_at(Level::WARN) > 5);
}
