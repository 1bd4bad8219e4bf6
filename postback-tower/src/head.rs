use http::{request::Parts, uri::PathAndQuery};
use postback_core::{Admitted, Provider, Rejection, RequestHead, Verifier};

/// Shows a request's head to the verifier.
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
