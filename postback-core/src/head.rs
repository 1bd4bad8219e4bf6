use std::fmt;

/// A request's head, in texts and byte slices that any framework can lend.
///
/// `headers` answers for one name, whatever its capitals, by calling back with every value that the
/// request carries under it, in order and as received.
///
/// ```
/// use postback_core::Head;
///
/// let received = [("Content-Type", b"application/json".as_slice())];
/// let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
///     for (_, value) in received.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)) {
///         visit(value);
///     }
/// };
/// let head = Head::new("POST", "/postback?project=1", &headers);
/// assert_eq!(head.only("content-type"), Ok(Some(b"application/json".to_vec())));
/// assert_eq!(head.only("x-signature"), Ok(None));
/// ```
#[derive(Clone, Copy)]
pub struct Head<'a> {
    method: &'a str,
    target: &'a str,
    headers: &'a dyn Fn(&str, &mut dyn FnMut(&[u8])),
}

impl<'a> Head<'a> {
    /// Describes a request's head.
    ///
    /// `target` is path and query as received: never the absolute form, never anything from
    /// `Host`. Where a router takes a prefix off the path, it is what is left.
    #[must_use]
    pub const fn new(
        method: &'a str,
        target: &'a str,
        headers: &'a dyn Fn(&str, &mut dyn FnMut(&[u8])),
    ) -> Self {
        Self {
            method,
            target,
            headers,
        }
    }

    /// The method as received; methods are told apart by case.
    #[must_use]
    pub const fn method(&self) -> &'a str {
        self.method
    }

    /// Path and query as received.
    #[must_use]
    pub const fn target(&self) -> &'a str {
        self.target
    }

    /// Calls `visit` with each value of the header `name`.
    pub fn each(&self, name: &str, mut visit: impl FnMut(&[u8])) {
        (self.headers)(name, &mut visit);
    }

    /// The one value of the header `name`, if it occurs.
    ///
    /// # Errors
    ///
    /// [`RepeatedHeader`] if it occurs more than once.
    pub fn only(&self, name: &str) -> Result<Option<Vec<u8>>, RepeatedHeader> {
        let mut found = Ok(None);
        self.each(name, |value| {
            found = match found {
                Ok(None) => Ok(Some(value.to_vec())),
                _ => Err(RepeatedHeader),
            };
        });
        found
    }
}

/// Shows neither header values nor the query.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// A header that may occur once occurs more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header is repeated")]
#[non_exhaustive]
pub struct RepeatedHeader;
