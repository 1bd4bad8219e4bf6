use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use postback_core::Provider;

use super::{Ack, PostbackRejection, Retry};
use crate::response;

impl IntoResponse for PostbackRejection {
    fn into_response(self) -> Response {
        response::rejected(self.reply(), self.rejection().clone())
    }
}

impl IntoResponse for Retry {
    fn into_response(self) -> Response {
        response::retry(self.into_inner())
    }
}

impl<P: Provider> IntoResponse for Ack<P> {
    fn into_response(self) -> Response {
        response::acknowledgement::<P, Body>()
    }
}
