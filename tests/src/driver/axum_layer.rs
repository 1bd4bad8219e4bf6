use std::future::ready;

use axum::{
    Router, body::Bytes, extract::State, middleware::map_response, response::Response, routing::any,
};
use postback_core::Verifier;
use postback_tower::{
    PostbackLayer,
    axum::{Ack, FromVerified},
};

use super::{Application, Delivered, Seen, Served, copy_code_to_header, either};

pub(super) async fn serve<P: Served>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let layer = PostbackLayer::new(verifier);
    let with_code = map_response(|response: Response| ready(copy_code_to_header(response)));
    let result = Router::new()
        .route("/{*path}", any(paid::<P>))
        .layer(layer.clone())
        .layer(with_code)
        .with_state(seen.clone());
    let plain = Router::new()
        .route("/{*path}", any(paid::<P>))
        .route_layer(layer)
        .with_state(seen.clone());
    Application::serve(either(plain, result), seen).await
}

async fn paid<P: Served>(
    State(seen): State<Seen>,
    FromVerified(postback): FromVerified<P>,
    body: Bytes,
) -> Ack<P> {
    seen.note(Delivered::new(&postback, Some(body)));
    postback.ack()
}
