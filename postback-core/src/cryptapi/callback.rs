use std::{borrow::Cow, fmt, sync::Arc};

use super::{CallbackFields, fields::FieldName};
use crate::{
    decode::{
        form,
        json::{self, Received},
    },
    public_url::query,
};

/// Genuine callback of CryptAPI or BlockBee that is **not bound to an order**.
///
/// The provider signs for all its customers, so the payment may be another customer's. Any client
/// of the provider's API can have put parameters into a URL of yours, so the signed parameters
/// prove nothing about your order.
///
/// Use the callback to look up an order. [`Verified::bind`](crate::Verified::bind) then checks that
/// it matches the order, and returns a [`Bound`](super::Bound), which has the amounts.
#[derive(Clone)]
pub struct Callback(Arc<Inner>);

struct Inner {
    fields: CallbackFields,
    delivery: Delivery,
}

/// Delivery of a callback, with the part of it that was not signed.
pub(super) enum Delivery {
    /// GET: the URL is signed, its query included.
    Get,
    /// POST of a form: the body is signed, the query of its target is not.
    PostForm { query: String },
    /// POST of JSON: the body is signed, the query of its target is not.
    PostJson { query: String },
}

impl Callback {
    /// Returns the id of the payment, which is the same for the pending and the confirmed callback.
    #[must_use]
    pub fn uuid(&self) -> Untrusted<'_> {
        Untrusted::new(self.0.fields.uuid())
    }

    /// Returns the address that was paid to.
    #[must_use]
    pub fn address_in(&self) -> Untrusted<'_> {
        Untrusted::new(self.0.fields.address_in())
    }

    /// Returns the parameters of your callback URL, and fields of the provider that this version
    /// does not know. Under GET the two cannot be distinguished.
    ///
    /// Parameters of a POST's body come before those of its query. Omits parameters that are not
    /// strictly encoded text, are null or malformed in a JSON body, have no plain name (1 to 64
    /// letters, digits and `_.[]-`), or have the name of a field of the provider.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.entries(|_| true).filter_map(Entry::read)
    }

    /// Returns the parameter of this name, to look up an order by.
    ///
    /// It is searched for among the signed parameters, and among the unsigned ones if no signed
    /// parameter has this name. Returns `None` unless exactly one is found there, with a strictly
    /// encoded value.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Parameter<'_>> {
        // Keeps at most one entry for each coverage, even if a request repeats a name thousands of
        // times.
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

    /// Returns all fields of the provider, for logs and to find out why a callback does not bind.
    ///
    /// **Never credit a payment by these fields: it may be another customer's.**
    #[must_use]
    pub fn unbound(&self) -> &CallbackFields {
        &self.0.fields
    }

    pub(super) fn new(fields: CallbackFields, delivery: Delivery) -> Self {
        Self(Arc::new(Inner { fields, delivery }))
    }

    /// Returns the parameters whose names satisfy `is_wanted`, signed ones first.
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

    /// Returns the URL if it is what was signed.
    pub(super) fn signed_url(&self) -> Option<&str> {
        match self.0.delivery {
            Delivery::Get => Some(self.0.fields.source()),
            Delivery::PostForm { .. } | Delivery::PostJson { .. } => None,
        }
    }
}

/// No entry, one entry or several entries of a name.
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

/// Shows the payment's id only.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("uuid", &self.0.fields.uuid())
            .finish_non_exhaustive()
    }
}

/// Text of a callback that is not bound to an order. Use it to look up an order, and for nothing
/// else.
///
/// It does not convert into a `String` implicitly, so that values of a callback are not passed to
/// [`Expected`](super::Expected) by accident:
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

    /// Returns the text, to look up an order by.
    #[must_use]
    pub const fn as_untrusted_str(self) -> &'a str {
        self.0
    }
}

/// Shows nothing, because the text may be a callback secret.
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

/// Parameter of a callback that is not one of the provider's known fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    coverage: Coverage,
}

/// Coverage of a parameter by the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "a parameter is signed or it is not"
)]
pub enum Coverage {
    /// Signed by the provider, as part of a callback URL that any client of its API can have
    /// chosen.
    Signed,
    /// Not signed. The sender of the request may have written it, beside a replayed signed body.
    Unsigned,
}

impl<'a> Parameter<'a> {
    /// Returns the decoded name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the decoded value. A JSON value that is not a string is returned as its JSON text.
    #[must_use]
    pub fn value(&self) -> Untrusted<'_> {
        Untrusted::new(&self.value)
    }

    /// Returns whether the signature covers the parameter.
    #[must_use]
    pub const fn coverage(&self) -> Coverage {
        self.coverage
    }
}

/// Shows the name and the coverage, but not the value, which may be a callback secret.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter")
            .field("name", &self.name)
            .field("coverage", &self.coverage)
            .finish_non_exhaustive()
    }
}

/// Parameter whose value is not decoded. Its name counts even if the value cannot be read.
pub(super) struct Entry<'a> {
    name: Cow<'a, str>,
    value: Encoded<'a>,
    coverage: Coverage,
}

enum Encoded<'a> {
    Json(Received<'a>),
    Pair(form::Pair<'a>),
}

impl<'a> Entry<'a> {
    pub(super) const fn coverage(&self) -> Coverage {
        self.coverage
    }

    pub(super) fn read(self) -> Option<Parameter<'a>> {
        let value = match self.value {
            Encoded::Json(value) => value.text_or_raw(),
            Encoded::Pair(pair) => pair.text(),
        };
        Some(Parameter {
            name: self.name,
            value: value?,
            coverage: self.coverage,
        })
    }

    /// Returns the parameters of a form or query whose names satisfy `is_wanted`.
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

    /// Returns the members of a signed JSON object whose names satisfy `is_wanted`. A member that
    /// is null counts as absent.
    pub(super) fn of_members(
        object: &'a str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Self> {
        let is_wanted =
            |name: &str| form::is_parameter_name(name) && is_parameter(name) && is_wanted(name);
        let members = json::members(object, is_wanted).unwrap_or_default();
        let members = members.into_iter().filter(|(_, value)| !value.is_null());
        members.map(|(name, value)| Self {
            name,
            value: Encoded::Json(value),
            coverage: Coverage::Signed,
        })
    }
}

fn is_parameter(name: &str) -> bool {
    FieldName::named(name).is_none()
}
