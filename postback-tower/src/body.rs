use std::error::Error;

use axum_core::{BoxError, body::Body};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use postback_core::{Need, Rejection};

/// Reads what is needed and never more than it, growing as bytes arrive.
pub(crate) async fn read(body: Body, need: Need) -> Result<Bytes, Rejection> {
    let limit = match need {
        Need::Body { limit } => limit,
        Need::Nothing => return Ok(Bytes::new()),
    };
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(read_failure(&error, limit)),
    }
}

/// Tells a limit, the verifier's or the route's, from a connection that broke.
fn read_failure(error: &BoxError, limit: usize) -> Rejection {
    // axum wraps the errors of bodies in its own type, once for each limit around the body.
    let mut cause: Option<&(dyn Error + 'static)> = Some(&**error);
    while let Some(current) = cause {
        if current.is::<LengthLimitError>() {
            return Rejection::body_too_large(limit);
        }
        cause = current.source();
    }
    Rejection::BodyUnreadable
}
