//! Times that a store waits. A provider does not wait much longer for a response.

use std::time::Duration;

/// Time that a store waits for a connection, for other writers and for a reply of a server.
pub(crate) const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for which a connection may be idle before it is tested.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) const UNTESTED: Duration = Duration::from_secs(1);
