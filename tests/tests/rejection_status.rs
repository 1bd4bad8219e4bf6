//! Providers that require another status for postbacks that are not verified.

use bytes::Bytes;
use postback_conformance::{
    corpus::Request,
    driver::Driver,
    expected_fields::CorpusFields,
    fixtures::{JSON, secret},
};
use postback_core::{
    AcceptsPost, MediaType, Provider, Rejection, RequestHead, SecretKey, SignatureHeader, Tenant,
    Verifier, VerifyContext, testing,
};
use serde_json::{Map, Value};

/// Provider that stops sending after a 401.
#[derive(Debug)]
struct GivesUp;

#[derive(Clone, Debug)]
struct Nothing;

impl CorpusFields for Nothing {
    fn fields(&self) -> Map<String, Value> {
        Map::new()
    }
}

impl Provider for GivesUp {
    type Accepts = AcceptsPost;
    type Payload = Nothing;
    type Evidence = Vec<u8>;
    type Key = SecretKey;

    const NAME: &'static str = "gives-up";
    const UNVERIFIED_STATUS: u16 = 422;

    fn inspect(&self, head: &RequestHead<'_>, _: Option<MediaType>) -> Result<Vec<u8>, Rejection> {
        SignatureHeader::hexadecimal("x-signature").read(head)
    }

    fn verify(
        &self,
        tag: Vec<u8>,
        body: Bytes,
        context: &mut VerifyContext<'_, SecretKey>,
    ) -> Result<Nothing, Rejection> {
        context.signature(|key| key.verify_hmac_sha256(&body, &tag))?;
        Ok(Nothing)
    }
}

#[tokio::test]
async fn unverified_postback_gets_status_of_provider() {
    let secret = secret("s");
    let verifier = Verifier::new(GivesUp, secret.clone());
    let request = |content_type: &str, signature: Option<String>| {
        let mut headers = vec![("content-type", content_type)];
        headers.extend(
            signature
                .as_deref()
                .map(|signature| ("x-signature", signature)),
        );
        Request::new("POST", "/postback", &headers, "{}")
    };
    let genuine = testing::hmac_sha256_hex(&secret, "{}");
    let unverified = r#"{"error":"Unverified postback"}"#;
    for (request, status, body) in [
        (request(JSON, None), 422, unverified),
        (
            request(JSON, Some(genuine.replace(['0', '1', '2'], "3"))),
            422,
            unverified,
        ),
        // Other rejections keep their status.
        (
            request("text/plain", None),
            415,
            r#"{"error":"Unsupported media type"}"#,
        ),
        (request(JSON, Some(genuine)), 200, "ok"),
    ] {
        for driver in Driver::ALL {
            let application = driver.serve(verifier.clone()).await;
            let outcome = application.send(&request).await;
            assert_eq!(outcome.status.as_u16(), status, "{driver:?}");
            assert_eq!(outcome.body, body, "{driver:?}");
            assert!(
                !outcome.headers.contains_key("www-authenticate"),
                "{driver:?}"
            );
        }
    }
}

#[test]
fn tenant_has_status_of_provider() {
    enum Eu {}
    type OfTenant = Tenant<Eu, GivesUp>;
    let status = |rejection: Rejection| rejection.reply_to::<OfTenant>().status();
    assert_eq!(status(Rejection::BadSignature), 422);
    assert_eq!(status(Rejection::BodyUnreadable), 400);
}
