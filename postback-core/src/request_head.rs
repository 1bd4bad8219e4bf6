use std::fmt;

/// Head of a request, borrowed from any framework as texts and byte slices.
///
/// ```
/// use postback_core::RequestHead;
///
/// let headers = [("Content-Type", "application/json")];
/// let head = RequestHead::new("POST", "/postback?project=1", &headers);
/// assert_eq!(head.single("content-type"), Ok(Some(b"application/json".to_vec())));
/// assert_eq!(head.single("x-signature"), Ok(None));
/// ```
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    method: &'a str,
    target: &'a str,
    headers: &'a dyn Headers,
}

/// Headers of a request.
///
/// Implemented for arrays, slices and vectors of pairs, and for closures of the same signature as
/// [`values`](Self::values).
pub trait Headers {
    /// Calls `visit` with each value of the header `name`, in order and as received.
    ///
    /// `name` is in lower case. Received names are compared without regard to case.
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8]));
}

impl<'a> RequestHead<'a> {
    /// Creates the head of a request.
    ///
    /// `target` is path and query as received, without scheme and host. If a router removes a
    /// prefix from the path, pass the remaining path.
    #[must_use]
    pub const fn new(method: &'a str, target: &'a str, headers: &'a dyn Headers) -> Self {
        Self {
            method,
            target,
            headers,
        }
    }

    /// Returns the method as received. It is case-sensitive.
    #[must_use]
    pub const fn method(&self) -> &'a str {
        self.method
    }

    /// Returns path and query as received.
    #[must_use]
    pub const fn target(&self) -> &'a str {
        self.target
    }

    /// Calls `visit` with each value of the header `name`, which must be in lower case.
    pub fn values(&self, name: &str, mut visit: impl FnMut(&[u8])) {
        self.headers.values(name, &mut visit);
    }

    /// Returns the only value of the header `name`, or `None` if the header is absent. `name` must
    /// be in lower case.
    ///
    /// # Errors
    ///
    /// [`RepeatedHeader`] if the header occurs more than once.
    pub fn single(&self, name: &str) -> Result<Option<Vec<u8>>, RepeatedHeader> {
        let mut found = Ok(None);
        self.values(name, |value| {
            found = match found {
                Ok(None) => Ok(Some(value.to_vec())),
                _ => Err(RepeatedHeader { name: name.into() }),
            };
        });
        found
    }
}

/// Shows neither header values nor the target, whose query may hold a secret.
impl fmt::Debug for RequestHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl<F: Fn(&str, &mut dyn FnMut(&[u8]))> Headers for F {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self(name, visit);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LENGTH: usize> Headers for [(N, V); LENGTH] {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().values(name, visit);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().values(name, visit);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for &[(N, V)] {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        for (other, value) in *self {
            if other.as_ref().eq_ignore_ascii_case(name) {
                visit(value.as_ref());
            }
        }
    }
}

/// Error returned when a header that may occur once occurs more than once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("repeated header {name:?}: expected it at most once")]
pub struct RepeatedHeader {
    name: Box<str>,
}

impl RepeatedHeader {
    /// Returns the name of the header, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
