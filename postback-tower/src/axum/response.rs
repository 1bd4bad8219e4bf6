use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use postback_core::Provider;

use super::{Ack, PostbackRejection};
use crate::response;

impl IntoResponse for PostbackRejection {
    fn into_response(self) -> Response {
        response::refusal(self.rejection().clone())
    }
}

impl<P: Provider> IntoResponse for Ack<P> {
    fn into_response(self) -> Response {
        response::acknowledgement::<P, Body>()
    }
}
