use std::future::ready;

use axum::{
    Router, body::Bytes, extract::State, middleware::map_response, response::Response, routing::any,
};
use postback_core::{Provider, Verifier};
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified},
};

use super::{Application, Handed, Seen, either, tell_code};
use crate::facts::Stated;

pub(super) async fn serve<P: Provider<Event: Stated>>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let layer = PostbackLayer::new(verifier);
    let telling = map_response(|response: Response| ready(tell_code(response)));
    let result = Router::new()
        .route("/{*path}", any(paid::<P>))
        .layer(layer.clone())
        .layer(telling)
        .with_state(seen.clone());
    let plain = Router::new()
        .route("/{*path}", any(paid::<P>))
        .route_layer(layer)
        .with_state(seen.clone());
    Application::serve(either(plain, result), seen).await
}

async fn paid<P: Provider<Event: Stated>>(
    State(seen): State<Seen>,
    FromVerified(postback): FromVerified<P>,
    body: Bytes,
) -> Ack<P> {
    seen.note(Handed::new(&postback, Some(body)));
    postback.ack()
}
