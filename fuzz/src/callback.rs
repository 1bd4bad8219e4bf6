//! Callbacks of CryptAPI, read by the rules of its documentation.

use std::sync::LazyLock;

use postback_core::{
    Amount, Bytes, Field, MediaType, Method, PublicKey, Rejection, Verified, Verifier,
    cryptapi::{
        Bound, CallbackFields, CallbackProvider, CallbackSecret, CryptApi, Expected, Get, Mode,
        Post,
    },
    reconcile::{Assurance, Price},
    testing::{self, SAMPLE_ADDRESS_IN, SAMPLE_ADDRESS_OUT, SAMPLE_CALLBACK},
};
use serde::de::IgnoredAny;

use crate::{
    corpus::{self, Case},
    cost, json,
    key::SIGNING_KEY,
    pairs,
    settings::{NOW, ORIGIN},
};

/// Callback secret of the order.
pub const CALLBACK_SECRET: &str = "5d1f3b0e7a6b43059fa2b0fbda6e3ff2";

/// Path of the callback URL.
pub const PATH: &str = "/callback";

/// Verifier of signed URLs.
pub static GET: LazyLock<Verifier<CryptApi<Get>>> =
    LazyLock::new(|| verifier(CryptApi::get([ORIGIN]).expect("an origin")));

/// Verifier of signed forms.
pub static POST_FORM: LazyLock<Verifier<CryptApi<Post>>> =
    LazyLock::new(|| verifier(CryptApi::post_form()));

/// Verifier of signed JSON.
pub static POST_JSON: LazyLock<Verifier<CryptApi<Post>>> =
    LazyLock::new(|| verifier(CryptApi::post_json()));

/// Order that the callbacks pay.
static EXPECTED: LazyLock<Expected> = LazyLock::new(|| {
    let secret = CallbackSecret::from_stored(CALLBACK_SECRET).expect("a callback secret");
    Expected::secret(secret)
        .address_in(SAMPLE_ADDRESS_IN)
        .coin("btc")
        .payout_addresses([SAMPLE_ADDRESS_OUT])
});

fn verifier<M: Mode>(provider: CryptApi<M>) -> Verifier<CryptApi<M>> {
    let key = PublicKey::from_pem(SIGNING_KEY.public_pem()).expect("a public key");
    Verifier::new(provider, key)
}

/// Delivers a signed query, and the same query with a signature of another text, which must be
/// rejected with limited memory and time.
///
/// # Errors
///
/// The rejection of the signed query.
///
/// # Panics
///
/// If the other one is accepted or costs too much.
pub fn verify_query(query: &str) -> Result<Verified<CryptApi<Get>>, Rejection> {
    let target = format!("{PATH}?{query}");
    let verifier = &*GET;
    let deliver = |signature: &str| {
        let headers = [("x-ca-signature", signature)];
        testing::request(verifier, Method::Get, &target, &headers, "", NOW)
    };
    let forged = &**FORGED;
    let rejected = cost::bounded(target.len(), || deliver(forged));
    assert_eq!(rejected.err(), Some(Rejection::BadSignature));
    deliver(&SIGNING_KEY.sign(format!("{ORIGIN}{target}").as_bytes()))
}

/// Delivers a signed body, and the same body with a signature of another text, which must be
/// rejected with limited memory and time.
///
/// # Errors
///
/// The rejection of the signed body.
///
/// # Panics
///
/// If the other one is accepted or costs too much.
pub fn verify_body(
    verifier: &Verifier<CryptApi<Post>>,
    media_type: MediaType,
    body: &[u8],
) -> Result<Verified<CryptApi<Post>>, Rejection> {
    let body = Bytes::copy_from_slice(body);
    let deliver = |signature: &str| {
        let content_type = ("content-type", media_type.as_str());
        let headers = [content_type, ("x-ca-signature", signature)];
        testing::request(verifier, Method::Post, PATH, &headers, body.clone(), NOW)
    };
    let forged = &**FORGED;
    let rejected = cost::bounded(body.len(), || deliver(forged));
    assert_eq!(rejected.err(), Some(Rejection::BadSignature));
    deliver(&SIGNING_KEY.sign(&body))
}

/// Signature of a text that no delivery has.
static FORGED: LazyLock<String> = LazyLock::new(|| SIGNING_KEY.sign(b"another text"));

/// Checks a verified or rejected callback against the fields that the signed text has by `read`.
///
/// # Panics
///
/// If it is accepted, bound or read in another way.
pub fn check<P: CallbackProvider>(result: &Result<Verified<P>, Rejection>, read: Option<&Fields>) {
    let is_accepted = read.is_some_and(Fields::are_accepted);
    let rejection = result.as_ref().err();
    assert_eq!(result.is_ok(), is_accepted, "{rejection:?} {read:?}");
    let (Ok(callback), Some(fields)) = (result, read) else {
        return;
    };
    let unbound = callback.unbound();
    assert_eq!(Some(unbound.uuid()), fields.text("uuid"));
    assert_eq!(Some(unbound.address_in()), fields.text("address_in"));
    assert_eq!(Some(unbound.coin()), fields.text("coin"));
    let stage = format!("{:?}", unbound.stage());
    assert_eq!(stage == "Pending", fields.text("pending") == Some("1"));
    let value = unbound.value_coin();
    assert_eq!(
        value.as_ref().map(Amount::as_received),
        fields.text("value_coin")
    );
    use_up(callback);

    let bound = callback.bind(&EXPECTED);
    let is_forwarded = match unbound.payouts() {
        Field::Known(payouts) => payouts.iter().all(|it| it.address == SAMPLE_ADDRESS_OUT),
        Field::Absent | Field::Other(_) => false,
    };
    match bound {
        Ok(bound) => {
            assert!(fields.are_arranged() && is_forwarded, "{fields:?}");
            reconcile(&bound);
        }
        Err(error) => {
            let is_plain = fields.text("address_out") == Some(SAMPLE_ADDRESS_OUT);
            assert!(!(fields.are_arranged() && is_plain), "{error} {fields:?}");
        }
    }
}

fn reconcile<P: CallbackProvider>(bound: &Bound<P>) {
    for (amount, currency) in [("0.05", "btc"), ("1", "USD")] {
        let price = Price::new(amount.parse().expect("an amount"), currency).expect("a price");
        let price = price.with_assurance(Assurance::ArrangedByAnyone);
        let reconciliation = bound.reconcile(&price);
        let json = reconciliation.event().payload_json();
        assert!(serde_json::from_str::<IgnoredAny>(json).is_ok(), "{json}");
    }
}

/// Reads everything of a callback that is not compared.
fn use_up<P: CallbackProvider>(callback: &Verified<P>) {
    let fields = callback.unbound();
    let texts = [
        fields.txid_in(),
        fields.txid_out(),
        fields.address_out(),
        fields.result(),
    ];
    let amounts = [
        fields.price(),
        fields.value_forwarded_coin(),
        fields.fee_coin(),
        fields.value(),
        fields.value_forwarded(),
        fields.fee(),
    ];
    let converted = [
        fields.value_coin_convert(),
        fields.value_forwarded_coin_convert(),
    ];
    let _ = format!("{texts:?} {amounts:?} {converted:?} {:?}", fields.payouts());
    let _ = fields.unreadable().count() + callback.parameters().count();
    let _ = fields.confirmations();
}

/// Value of a field, in any format. A truth value, an array, an object and a text that is not
/// strictly encoded are `Other`.
#[derive(Clone, Debug)]
enum Value {
    Null,
    Number(String),
    Other,
    Text(String),
}

/// Fields of a callback.
#[derive(Debug)]
pub struct Fields {
    all: Vec<(String, Value)>,
    /// False if a rule about names is broken.
    names_are_valid: bool,
}

impl Fields {
    /// Reads a query. Any name may occur in it.
    #[must_use]
    pub fn of_query(query: &str) -> Self {
        Self {
            names_are_valid: true,
            ..Self::of_pairs(query)
        }
    }

    /// Reads a form.
    #[must_use]
    pub fn of_form(body: &[u8]) -> Option<Self> {
        Some(Self::of_pairs(pairs::form(std::str::from_utf8(body).ok()?)))
    }

    /// Reads a JSON object.
    #[must_use]
    pub fn of_json(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let members = json::members(text.strip_prefix('\u{feff}').unwrap_or(text))?;
        if !members
            .iter()
            .all(|(name, raw)| !is_field(name) || json::is_well_formed(raw))
        {
            return None;
        }
        let value = |raw: &str| match raw.as_bytes().first() {
            _ if raw == "null" => Value::Null,
            Some(b'"') => json::text(raw).map_or(Value::Other, Value::Text),
            Some(b'-' | b'0'..=b'9') => Value::Number(raw.to_owned()),
            _ => Value::Other,
        };
        Some(Self {
            all: members
                .into_iter()
                .map(|(name, raw)| (name, value(raw)))
                .collect(),
            names_are_valid: true,
        })
    }

    fn of_pairs(text: &str) -> Self {
        let pairs = pairs::pairs(text);
        let names_are_valid = pairs
            .iter()
            .all(|(name, _)| name.as_deref().is_some_and(is_plain));
        let named = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)));
        let value = |value: Option<String>| value.map_or(Value::Other, Value::Text);
        Self {
            all: named.map(|(name, it)| (name, value(it))).collect(),
            names_are_valid,
        }
    }

    fn are_accepted(&self) -> bool {
        let is_repeated = |name: &&str| self.values(name).count() > 1;
        self.names_are_valid
            && !NAMES.iter().any(is_repeated)
            && ["uuid", "address_in", "coin"]
                .iter()
                .all(|name| self.is_identifier(name))
            && matches!(self.text("pending"), Some("0" | "1"))
            && self
                .values("value_coin")
                .all(|value| value.is_null() || value.is_amount())
            && !self.is_test()
    }

    fn is_identifier(&self, name: &str) -> bool {
        self.values(name).any(|value| match value {
            Value::Text(text) => {
                !value.is_null()
                    && text.len() <= CallbackFields::MAX_IDENTIFIER_LENGTH
                    && !text.contains(char::is_control)
            }
            _ => false,
        })
    }

    fn is_test(&self) -> bool {
        let text = |name: &str| match self.values(name).next() {
            Some(value @ Value::Text(text)) if !value.is_null() => Some(text.as_str()),
            _ => None,
        };
        let is_test = |text: &str| text.starts_with("TEST_");
        let without_control = |text: &&str| !text.contains(char::is_control);
        let texts = ["uuid", "address_in", "txid_in", "txid_out"];
        texts
            .iter()
            .any(|name| text(name).filter(without_control).is_some_and(is_test))
            || text("address_out").is_some_and(is_test)
    }

    /// Returns whether the callback has the secret, the address and the coin of the order.
    fn are_arranged(&self) -> bool {
        let secrets: Vec<_> = self
            .values("nonce")
            .filter(|it| !matches!(it, Value::Null))
            .collect();
        let coin = self.text("coin").unwrap_or_default();
        matches!(secrets[..], [Value::Text(secret)] if secret == CALLBACK_SECRET)
            && self.text("address_in") == Some(SAMPLE_ADDRESS_IN)
            && coin.eq_ignore_ascii_case("btc")
    }

    /// Returns the text of a field, or of its number. `None` if it is null.
    fn text(&self, name: &str) -> Option<&str> {
        let value = self.values(name).next()?;
        match value {
            Value::Number(text) | Value::Text(text) if !value.is_null() => Some(text),
            _ => None,
        }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.all
            .iter()
            .filter(move |(it, _)| it == name)
            .map(|(_, value)| value)
    }
}

impl Value {
    fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => matches!(text.trim_ascii(), "" | "None" | "null"),
            Self::Number(_) | Self::Other => false,
        }
    }

    fn is_amount(&self) -> bool {
        match self {
            Self::Number(text) | Self::Text(text) => text
                .parse()
                .is_ok_and(|amount: Amount| !amount.is_negative()),
            Self::Null | Self::Other => false,
        }
    }
}

/// Returns whether a name is that of a field of the provider.
#[must_use]
pub fn is_field(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Returns whether a name is 1 to 64 letters, digits and `_.[]-`, and begins with one of the first
/// three.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    let is_first = |it: char| it.is_ascii_alphanumeric() || it == '_';
    (1..=64).contains(&name.len())
        && name.starts_with(is_first)
        && name.chars().all(|it| is_first(it) || ".[]-".contains(it))
}

const NAMES: [&str; 18] = [
    "address_in",
    "address_out",
    "coin",
    "confirmations",
    "fee",
    "fee_coin",
    "pending",
    "price",
    "result",
    "txid_in",
    "txid_out",
    "uuid",
    "value",
    "value_coin",
    "value_coin_convert",
    "value_forwarded",
    "value_forwarded_coin",
    "value_forwarded_coin_convert",
];

/// Returns a query that binds, as a seed.
#[must_use]
pub fn bound_query() -> String {
    format!("order_id=7&nonce={CALLBACK_SECRET}&{SAMPLE_CALLBACK}")
}

/// Returns the queries or bodies of the corpus by one delivery method.
#[must_use]
pub fn seeds(mode: corpus::Mode) -> Vec<Vec<u8>> {
    let cases = Case::cryptapi().into_iter();
    let cases = cases.filter(|case| case.config.mode == Some(mode));
    let text = |case: Case| match mode {
        corpus::Mode::Get => {
            let target = case.request.target;
            target
                .split_once('?')
                .map(|(_, query)| query.into())
                .unwrap_or_default()
        }
        corpus::Mode::PostForm | corpus::Mode::PostJson => case.request.body.to_vec(),
    };
    cases.map(text).collect()
}
