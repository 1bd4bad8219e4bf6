use std::{fmt, sync::Arc};

use super::{CallbackFields, Coverage, Parameter, Untrusted, parameter::Entry, query};

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
