use axum::{
    Router,
    extract::{FromRef, State},
    http::HeaderValue,
    response::{IntoResponse, Response},
    routing::any,
};
use postback_core::{Provider, Verifier};
use postback_tower::axum::{Ack, Postback, PostbackRejection};

use super::{Application, CODE_HEADER, Delivered, Receiver, Seen, Served, either};

/// Serves handlers that take `Postback<P>` or, if the code is requested, the `Result`.
pub(super) async fn serve<P: Served>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let receiver = Receiver {
        verifier,
        seen: seen.clone(),
    };
    let plain = Router::new().route("/{*path}", any(plain::<P>));
    let result = Router::new().route("/{*path}", any(result::<P>));
    let router = either(
        plain.with_state(receiver.clone()),
        result.with_state(receiver),
    );
    Application::serve(router, seen).await
}

impl<P: Provider> FromRef<Receiver<P>> for Verifier<P> {
    fn from_ref(receiver: &Receiver<P>) -> Self {
        receiver.verifier.clone()
    }
}

async fn plain<P: Served>(State(receiver): State<Receiver<P>>, postback: Postback<P>) -> Ack<P> {
    receiver.seen.note(Delivered::new(&postback, None));
    postback.ack()
}

async fn result<P: Served>(
    receiver: State<Receiver<P>>,
    postback: Result<Postback<P>, PostbackRejection>,
) -> Response {
    match postback {
        Ok(postback) => plain(receiver, postback).await.into_response(),
        Err(error) => {
            let code = HeaderValue::from_static(error.rejection().code());
            let mut response = error.into_response();
            response.headers_mut().insert(CODE_HEADER, code);
            response
        }
    }
}
