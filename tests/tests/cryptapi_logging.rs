//! Log events of CryptAPI callbacks.

use postback_conformance::{
    corpus::{Case, Expect},
    driver::Driver,
    fixtures::{
        self, CALLBACK_SECRET, FORM, NOW, ORIGIN, SAMPLE_UUID, cryptapi, posted_callback, trusting,
    },
    log::Log,
    with_verifier,
};
use postback_core::{
    KeyRing, Verifier,
    cryptapi::CryptApi,
    testing::{SAMPLE_CALLBACK, SigningKey},
};

#[test]
fn verified_callback_is_logged_with_uuid() {
    let new = SigningKey::generate().unwrap();
    let line = |origins: &[&str], until| {
        let (log, _guard) = Log::begin();
        let ring = KeyRing::new("new", new.public_key().unwrap());
        let ring = ring.with_retired("old", fixtures::public_key(), until);
        let provider = CryptApi::get(origins).unwrap();
        let verifier = Verifier::builder(provider, ring)
            .clock(|| Some(NOW))
            .project("shop-1")
            .build()
            .unwrap();
        let target = format!("/callback?nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}");
        let _ = fixtures::callback(&target).verify(&verifier);
        log.events().concat()
    };
    let one = [ORIGIN];
    let several = ["https://a.example", ORIGIN, "https://b.example"];
    for origins in [&one[..], &several[..]] {
        assert_eq!(
            line(origins, NOW + 1),
            format!(
                r#"INFO postback: postback verified provider="cryptapi" project="shop-1" uuid="{SAMPLE_UUID}" key_label="old""#
            )
        );
        let checked: Vec<_> = origins.iter().map(|it| format!("{it}/callback")).collect();
        let checked = checked.join(" ");
        let begin = r#"WARN postback: postback rejected provider="cryptapi" project="shop-1" code="bad_signature""#;
        assert_eq!(
            line(origins, NOW),
            format!(
                r#"{begin} variant=BadSignature checked_url="{checked}" query_length=442 hint="retired_key""#
            )
        );
    }
}

/// Operators need to find genuine payments that are rejected.
#[test]
fn rejection_after_valid_signature_is_logged_with_uuid() {
    let verifier = trusting(cryptapi());
    let line = |fields: &str| {
        let (log, _guard) = Log::begin();
        let _ = fixtures::callback(&format!("/callback?{fields}")).verify(&verifier);
        log.events().concat()
    };
    let uuid = &*format!(r#" uuid="{SAMPLE_UUID}""#);
    for (code, further) in [
        ("malformed", "&price=1"),
        ("malformed", "&coin=ltc"),
        ("test_callback", "&txid=1"),
    ] {
        let fields = match code {
            "test_callback" => SAMPLE_CALLBACK.replace("txid_in=", "txid_in=TEST_"),
            _ => SAMPLE_CALLBACK.to_owned(),
        };
        let rejected = line(&format!("{fields}{further}"));
        assert!(
            rejected.contains(&format!(r#"code="{code}""#)),
            "{rejected}"
        );
        assert!(rejected.contains(uuid), "{rejected}");
    }
    let missing = line(&SAMPLE_CALLBACK.replace("&coin=btc", ""));
    assert!(missing.contains(uuid), "{missing}");
    // The id is ambiguous.
    let ambiguous = line(&format!("{SAMPLE_CALLBACK}&uuid=another"));
    assert!(
        ambiguous.contains("malformed") && !ambiguous.contains(" uuid="),
        "{ambiguous}"
    );
    let unreadable = line(&SAMPLE_CALLBACK.replace("price=64000.12", "price=N/A"));
    assert!(
        unreadable.ends_with(r#" unreadable="price""#),
        "{unreadable}"
    );
}

/// An invalid name rejects a form, before the `uuid` or after it.
#[test]
fn rejected_form_is_logged_with_uuid() {
    let verifier = trusting(CryptApi::post_form());
    for form in [
        format!("a%20b=1&{SAMPLE_CALLBACK}"),
        format!("{SAMPLE_CALLBACK}&a%20b=1"),
    ] {
        let (log, _guard) = Log::begin();
        let rejected = posted_callback("/", FORM, &form).verify(&verifier);
        assert_eq!(rejected.unwrap_err().code(), "malformed");
        let logged = log.events().concat();
        let uuid = format!(r#" uuid="{SAMPLE_UUID}""#);
        assert!(logged.contains(&uuid), "{logged}");
    }
}

/// Sends the whole corpus over sockets, at TRACE, and checks our own log events. Servers log
/// targets too.
#[tokio::test]
async fn log_contains_uuid_and_no_other_field() {
    let mut cases = Case::cryptapi();
    cases.retain(|case| !case.core_only);
    let mut accepted = 0;
    for case in &cases {
        let (log, _guard) = Log::begin();
        for driver in Driver::ALL {
            let application = with_verifier!(case, verifier => driver.serve(verifier).await);
            application.send(&case.request).await;
        }
        let events = log.events();
        assert_eq!(events.len(), Driver::ALL.len(), "{}", case.name);
        let mut uuid = None;
        if let Expect::Accepted { fields } = &case.expect {
            uuid = fields.get("uuid").and_then(|uuid| uuid.as_str());
            accepted += usize::from(uuid.is_some());
        }
        let (_, query) = case.request.target.split_once('?').unwrap_or_default();
        let body = String::from_utf8_lossy(&case.request.body);
        let signatures = case
            .request
            .headers
            .iter()
            .filter(|it| it.0 == "x-ca-signature");
        let sent = signatures.map(|(_, value)| &**value).chain([query, &*body]);
        for line in events {
            if let Some(uuid) = uuid {
                assert!(line.contains(&format!(r#" uuid="{uuid}""#)), "{line}");
            }
            // A rejection after a valid signature has the `uuid` too.
            let of_rejected = line.split_once(r#" uuid=""#);
            let of_rejected = of_rejected.and_then(|(_, rest)| rest.split('"').next());
            let held = ["malformed", "test_callback"];
            let held = held
                .iter()
                .any(|code| line.contains(&format!(r#"code="{code}""#)));
            assert!(uuid.is_some() || of_rejected.is_none() || held, "{line}");
            for word in sent.clone().flat_map(words).filter(|word| word.len() > 5) {
                let named = uuid == Some(word) || of_rejected == Some(word);
                let named = named || NAMES.contains(&word);
                assert!(
                    named || words(&line).all(|logged| logged != word),
                    "{}: {word}: {line}",
                    case.name
                );
            }
        }
    }
    assert_eq!(accepted, 32);
}

/// Names of providers and fields, which log events may contain.
const NAMES: [&str; 13] = [
    "address_in",
    "confirmations",
    "cryptapi",
    "fee_coin",
    "pending",
    "postback",
    "result",
    "txid_in",
    "txid_out",
    "value_coin",
    "value_coin_convert",
    "value_forwarded",
    "value_forwarded_coin",
];

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c))
}
