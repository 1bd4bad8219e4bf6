use std::{borrow::Cow, fmt, sync::Arc};

use super::{CallbackFields, fields::FieldName, query};
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
    fields: CallbackFields,
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
    pub fn uuid(&self) -> Untrusted<'_> {
        Untrusted::new(self.0.fields.uuid())
    }

    /// The address that was paid to.
    #[must_use]
    pub fn address_in(&self) -> Untrusted<'_> {
        Untrusted::new(self.0.fields.address_in())
    }

    /// The merchant's own parameters of the callback URL, and fields of the provider that this version
    /// does not know: under GET the two cannot be told apart.
    ///
    /// Those of a POST's body come before those of its query. Omits parameters that are not strictly encoded text, are
    /// null in a JSON body, have no plain name (one to 64 letters, digits and `_ . [ ] -`), or bear the name of a
    /// field of the provider.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.entries(|_| true).filter_map(Entry::read)
    }

    /// The one parameter of this name, to look an order up by: the signed one, or else the unsigned one.
    /// `None` if there is not exactly one, or if its value is not strictly encoded.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Parameter<'_>> {
        // Of thousands of the same name, no more is kept than is needed to tell that there are several.
        let (mut signed, mut unsigned) = (Single::None, Single::None);
        for entry in self.entries(|it| it == name) {
            match entry.coverage() {
                Coverage::Signed => signed.add(entry),
                Coverage::Unsigned => unsigned.add(entry),
            }
        }
        match signed {
            Single::None => unsigned.read(),
            signed => signed.read(),
        }
    }

    /// Everything that the provider says, of a payment that **may be anybody's**: for logs, and to find
    /// out why a callback does not bind. Never credit on it.
    #[must_use]
    pub fn unbound(&self) -> &CallbackFields {
        &self.0.fields
    }

    pub(super) fn new(fields: CallbackFields, delivery: Delivery) -> Self {
        Self(Arc::new(Inner { fields, delivery }))
    }

    /// The parameters whose names `is_wanted`, one after the other.
    fn entries(&self, is_wanted: impl Fn(&str) -> bool + Copy) -> impl Iterator<Item = Entry<'_>> {
        let source = self.0.fields.source();
        let (pairs, object, query) = match &self.0.delivery {
            Delivery::Get => (query(source), None, ""),
            Delivery::PostForm { query } => (source, None, &**query),
            Delivery::PostJson { query } => ("", Some(source), &**query),
        };
        let members = object.map(|object| Entry::of_members(object, is_wanted));
        Entry::of_pairs(pairs, Coverage::Signed, is_wanted)
            .chain(members.into_iter().flatten())
            .chain(Entry::of_pairs(query, Coverage::Unsigned, is_wanted))
    }

    /// The URL, if it is what was signed.
    pub(super) fn signed_url(&self) -> Option<&str> {
        match self.0.delivery {
            Delivery::Get => Some(self.0.fields.source()),
            Delivery::PostForm { .. } | Delivery::PostJson { .. } => None,
        }
    }
}

/// None, one or several of a name.
enum Single<'a> {
    None,
    One(Entry<'a>),
    Several,
}

impl<'a> Single<'a> {
    fn add(&mut self, entry: Entry<'a>) {
        *self = match self {
            Self::None => Self::One(entry),
            Self::One(_) | Self::Several => Self::Several,
        };
    }

    fn read(self) -> Option<Parameter<'a>> {
        match self {
            Self::One(entry) => entry.read(),
            Self::None | Self::Several => None,
        }
    }
}

/// Shows the payment's id and no more.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("uuid", &self.0.fields.uuid())
            .finish_non_exhaustive()
    }
}

/// A text of a callback that is nobody's yet: good for looking an order up, and for nothing else.
///
/// It is no `String` and becomes none by itself, so that what a callback offers does not slip into
/// what is [`Expected`](super::Expected) of it:
///
/// ```compile_fail,E0277
/// use postback_core::cryptapi::{Callback, Expected, CallbackSecret};
///
/// fn misuse(callback: &Callback, secret: CallbackSecret) -> Expected {
///     Expected::secret(secret).address_in(callback.address_in())
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Untrusted<'a>(&'a str);

impl<'a> Untrusted<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The text, to look an order up by.
    #[must_use]
    pub const fn as_untrusted_str(self) -> &'a str {
        self.0
    }
}

/// Shows nothing: it may be a callback secret.
impl fmt::Debug for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Untrusted(..)")
    }
}

impl PartialEq<str> for Untrusted<'_> {
    fn eq(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl PartialEq<&str> for Untrusted<'_> {
    fn eq(&self, text: &&str) -> bool {
        self.0 == *text
    }
}

impl PartialEq<String> for Untrusted<'_> {
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
    /// The provider signed it, as part of a callback URL that anyone can have chosen.
    Signed,
    /// The sender of the request may have written it, and replayed a signed body beside it.
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
    pub fn value(&self) -> Untrusted<'_> {
        Untrusted::new(&self.value)
    }

    /// Whether the signature covers it.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }
}

/// Shows the name and whether it is signed: a value may be a callback secret.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("coverage", &self.coverage)
            .finish_non_exhaustive()
    }
}

/// A parameter that is not decoded: its name counts even where its value cannot be read.
pub(super) struct Entry<'a> {
    name: Cow<'a, str>,
    value: Encoded<'a>,
    coverage: Coverage,
}

enum Encoded<'a> {
    Json(&'a str),
    Pair(form::Pair<'a>),
}

impl<'a> Entry<'a> {
    pub(super) const fn coverage(&self) -> Coverage {
        self.coverage
    }

    pub(super) fn read(self) -> Option<Parameter<'a>> {
        let value = match self.value {
            Encoded::Json(raw) => decode::value_text(raw),
            Encoded::Pair(pair) => pair.text(),
        };
        Some(Parameter {
            name: self.name,
            value: value?,
            coverage: self.coverage,
        })
    }

    /// Those of a form or query whose names `is_wanted`.
    pub(super) fn of_pairs(
        text: &'a str,
        coverage: Coverage,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Self> {
        form::pairs(text).filter_map(move |pair| {
            let name = pair
                .name()
                .filter(|name| is_parameter(name) && is_wanted(name))?;
            Some(Self {
                name,
                value: Encoded::Pair(pair),
                coverage,
            })
        })
    }

    /// Those of a signed JSON object whose names `is_wanted`. A member that is null is absent.
    pub(super) fn of_members(
        object: &'a str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Self> {
        let is_wanted = |name: &str| form::is_name(name) && is_parameter(name) && is_wanted(name);
        let members = decode::members(object, is_wanted).unwrap_or_default();
        let members = members.into_iter().filter(|(_, raw)| *raw != "null");
        members.map(|(name, raw)| Self {
            name,
            value: Encoded::Json(raw),
            coverage: Coverage::Signed,
        })
    }
}

fn is_parameter(name: &str) -> bool {
    FieldName::named(name).is_none()
}
