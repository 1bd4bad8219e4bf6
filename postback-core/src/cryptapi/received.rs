use std::fmt;

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
