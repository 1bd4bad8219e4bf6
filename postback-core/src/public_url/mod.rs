//! Public URL of a request, for providers that sign it.

mod origin;
mod public_origins;
mod spellings;
mod url_difference;

pub(crate) use self::origin::Origin;
#[cfg(feature = "cryptapi")]
pub(crate) use self::spellings::other_spellings;
pub use self::{
    origin::OriginFlaw,
    public_origins::{PublicOrigins, ReceivedUrl},
    url_difference::UrlDifference,
};

/// Returns whether a URL never needs to escape the byte (RFC 3986, section 2.3).
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Returns the part of a URL or target after the first question mark.
pub(crate) fn query(url: &str) -> &str {
    url.split_once('?').map_or("", |(_, query)| query)
}
