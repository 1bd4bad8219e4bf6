use std::{fmt, sync::Arc};

use super::{Coverage, Notice, Parameter, Received, parameter::Entry, target};
use crate::decode;

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
        Received::new(self.0.notice.uuid())
    }

    /// The address that was paid to.
    #[must_use]
    pub fn address_in(&self) -> Received<'_> {
        Received::new(self.0.notice.address_in())
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
            Delivery::Get => entries.extend(Entry::pairs(target::query(source), Coverage::Signed)),
            Delivery::PostForm { query } => {
                entries.extend(Entry::pairs(source, Coverage::Signed));
                entries.extend(Entry::pairs(query, Coverage::Unsigned));
            }
            Delivery::PostJson { query } => {
                let members = decode::members(source).unwrap_or_default();
                let entry = |(name, value)| Entry::new(name, value, Coverage::Signed);
                entries.extend(members.into_iter().filter_map(entry));
                entries.extend(Entry::pairs(query, Coverage::Unsigned));
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
