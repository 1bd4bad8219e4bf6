use std::{borrow::Cow, fmt, sync::Arc};

use super::{Notice, field::FieldName, target};
use crate::decode::{self, form};

/// A callback of CryptAPI or BlockBee that is genuine, and **nobody's yet**.
///
/// The provider signs for every merchant in the world, so this may be about somebody else's payment,
/// and anybody may have had parameters put into a URL that names this shop. It offers what an order is
/// looked up by. [`Verified::bind`](crate::Verified::bind) says whether the payment is the order's, and
/// gives the amounts.
#[derive(Clone)]
pub struct Callback(Arc<Inner>);

struct Inner {
    notice: Notice,
    delivery: Delivery,
}

/// How a callback was delivered, and what of it was not signed.
pub(super) enum Delivery {
    /// GET: the URL is signed, its query included.
    Get,
    /// POST of a form: the body is signed, the query of its target is not.
    PostForm { query: String },
    /// POST of JSON: the body is signed, the query of its target is not.
    PostJson { query: String },
}

impl Callback {
    /// The payment's id, the same from pending to confirmed.
    #[must_use]
    pub fn uuid(&self) -> Received<'_> {
        Received(Cow::Borrowed(self.0.notice.uuid()))
    }

    /// The address that was paid to.
    #[must_use]
    pub fn address_in(&self) -> Received<'_> {
        Received(Cow::Borrowed(self.0.notice.address_in()))
    }

    /// The merchant's own parameters of the callback URL, and fields of the provider that this version
    /// does not know: under GET the two cannot be told apart.
    ///
    /// Those of a POST's body come before those of its query. What is not strictly encoded text, has no plain
    /// name (one to 64 letters, digits and `_ . [ ] -`), or bears the name of a field of the provider, is left
    /// out.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        self.entries().into_iter().filter_map(Entry::read).collect()
    }

    /// The one parameter of this name, to look an order up by: the signed one, or else the unsigned one.
    /// `None` if there is not exactly one, or if its value is not strictly encoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Parameter<'_>> {
        let mut named = self.entries();
        named.retain(|entry| entry.name == name);
        if named.iter().any(|it| it.coverage == Coverage::Signed) {
            named.retain(|it| it.coverage == Coverage::Signed);
        }
        match named.len() {
            1 => named.pop()?.read(),
            _ => None,
        }
    }

    /// Everything that the provider says, of a payment that **may be anybody's**: for logs, and to find
    /// out why a callback does not bind. Never credit on it.
    #[must_use]
    pub fn unbound(&self) -> &Notice {
        &self.0.notice
    }

    pub(super) fn new(notice: Notice, delivery: Delivery) -> Self {
        Self(Arc::new(Inner { notice, delivery }))
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let source = self.0.notice.source();
        let mut entries = Vec::new();
        match &self.0.delivery {
            Delivery::Get => entries.extend(pairs(target::query(source), Coverage::Signed)),
            Delivery::PostForm { query } => {
                entries.extend(pairs(source, Coverage::Signed));
                entries.extend(pairs(query, Coverage::Unsigned));
            }
            Delivery::PostJson { query } => {
                let members = decode::members(source).unwrap_or_default();
                let entry = |(name, value)| Entry::new(name, value, Coverage::Signed);
                entries.extend(members.into_iter().filter_map(entry));
                entries.extend(pairs(query, Coverage::Unsigned));
            }
        }
        entries
    }

    /// The URL, if it is what was signed.
    pub(super) fn signed_url(&self) -> Option<&str> {
        match self.0.delivery {
            Delivery::Get => Some(self.0.notice.source()),
            Delivery::PostForm { .. } | Delivery::PostJson { .. } => None,
        }
    }
}

/// Shows the payment's id and no more.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("uuid", &self.0.notice.uuid())
            .finish_non_exhaustive()
    }
}

/// A text of a callback that is nobody's yet: good for looking an order up, and for nothing else.
///
/// It is no `String` and becomes none by itself, so that what a callback offers does not slip into
/// what is [`Expected`](super::Expected) of it:
///
/// ```compile_fail,E0277
/// use postback_core::cryptapi::{Callback, Expected, Nonce};
///
/// fn misuse(callback: &Callback, nonce: Nonce) -> Expected {
///     Expected::nonce(nonce).address_in(callback.address_in())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Received<'a>(Cow<'a, str>);

impl Received<'_> {
    /// The text, to look an order up by.
    #[must_use]
    pub fn for_look_up(&self) -> &str {
        &self.0
    }
}

/// Shows nothing: it may be a nonce.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Received(..)")
    }
}

impl PartialEq<str> for Received<'_> {
    fn eq(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl PartialEq<&str> for Received<'_> {
    fn eq(&self, text: &&str) -> bool {
        self.0 == *text
    }
}

impl PartialEq<String> for Received<'_> {
    fn eq(&self, text: &String) -> bool {
        self.0 == *text
    }
}

/// A parameter of a callback that is none of the provider's known fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    coverage: Coverage,
}

/// Whether a signature covers a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "it does or it does not")]
pub enum Coverage {
    /// The provider signed it, at the wish of whoever made the callback URL: that may be anybody.
    Signed,
    /// Whoever sent the request may have written it, replaying a body that is signed.
    Unsigned,
}

impl<'a> Parameter<'a> {
    /// The decoded name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The decoded value; of a JSON value that is no text, the JSON text.
    #[must_use]
    pub fn value(&self) -> Received<'_> {
        Received(Cow::Borrowed(&self.value))
    }

    /// Whether the signature covers it.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }
}

/// Shows the name and whether it is signed: a value may be a secret nonce.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("coverage", &self.coverage)
            .finish_non_exhaustive()
    }
}

/// A parameter whose value may be none: its name counts all the same.
struct Entry<'a> {
    name: Cow<'a, str>,
    value: Option<Cow<'a, str>>,
    coverage: Coverage,
}

impl<'a> Entry<'a> {
    fn new(name: Cow<'a, str>, value: Option<Cow<'a, str>>, coverage: Coverage) -> Option<Self> {
        let own = form::is_name(&name) && FieldName::named(&name).is_none();
        own.then_some(Self {
            name,
            value,
            coverage,
        })
    }

    fn read(self) -> Option<Parameter<'a>> {
        Some(Parameter {
            name: self.name,
            value: self.value?,
            coverage: self.coverage,
        })
    }
}

fn pairs(text: &str, coverage: Coverage) -> impl Iterator<Item = Entry<'_>> {
    form::pairs(text).filter_map(move |pair| Entry::new(pair.name()?, pair.text(), coverage))
}
