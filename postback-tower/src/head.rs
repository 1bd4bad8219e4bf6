use http::{
    HeaderMap,
    header::{CONTENT_LENGTH, TRAILER, TRANSFER_ENCODING},
    request::Parts,
    uri::PathAndQuery,
};
use postback_core::{Admitted, Provider, Rejection, RequestHead, Verifier};

/// Shows the head of a request to the verifier.
pub(crate) fn admit<P: Provider>(
    verifier: &Verifier<P>,
    head: &Parts,
) -> Result<Admitted<P>, Rejection> {
    // Not the whole URI: HTTP/2 and proxies put scheme and host there.
    let target = head.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
        for value in head.headers.get_all(name) {
            visit(value.as_bytes());
        }
    };
    verifier.admit(&RequestHead::new(head.method.as_str(), target, &headers))
}

/// Removes the headers that framed the body on the wire and do not describe the `length` bytes that
/// the inner service receives: a service that forwards the request would declare another body than
/// it sends.
pub(crate) fn remove_framing(headers: &mut HeaderMap, length: usize) {
    headers.remove(TRAILER);
    headers.remove(TRANSFER_ENCODING);
    let mut declared = headers.get_all(CONTENT_LENGTH).iter();
    let is_right = match (declared.next(), declared.next()) {
        (Some(single), None) => single.as_bytes() == length.to_string().as_bytes(),
        _ => false,
    };
    if !is_right {
        headers.remove(CONTENT_LENGTH);
    }
}
