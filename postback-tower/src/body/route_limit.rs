use http::Extensions;
use http_body_util::Limited;

#[cfg(feature = "axum")]
use super::default_body_limit::of_route;

/// Puts the limit around a body that the application set for the route, if it did.
pub(crate) fn limited<B>(extensions: &mut Extensions, body: B) -> Limited<B> {
    Limited::new(body, of_route(extensions).unwrap_or(usize::MAX))
}

#[cfg(not(feature = "axum"))]
const fn of_route(_: &mut Extensions) -> Option<usize> {
    None
}
