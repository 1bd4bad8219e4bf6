use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING},
};

/// Takes off what framed a body on its way in and does not describe the `length` bytes that are handed
/// on: a service that sends the request on would announce another body than it sends.
pub(crate) fn unframe(headers: &mut HeaderMap, length: usize) {
    headers.remove(TRAILER);
    headers.remove(TRANSFER_ENCODING);
    let mut declared = headers.get_all(CONTENT_LENGTH).iter();
    let right = match (declared.next(), declared.next()) {
        (Some(only), None) => only.as_bytes() == length.to_string().as_bytes(),
        _ => false,
    };
    if !right {
        headers.remove(CONTENT_LENGTH);
    }
}
