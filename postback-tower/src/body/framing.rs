use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING},
};

/// Takes off what framed a body on its way in and no longer describes the `length` bytes that are
/// handed on: a service that sends the request on would announce a body that does not come.
pub(crate) fn unframe(headers: &mut HeaderMap, length: usize) {
    headers.remove(TRAILER);
    headers.remove(TRANSFER_ENCODING);
    if length == 0 {
        headers.remove(CONTENT_LENGTH);
    }
}
