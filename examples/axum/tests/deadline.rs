//! A body that never ends.

use std::{sync::Arc, time::Duration};

use conformance::{
    driver::{Application, Seen},
    receiver,
};
use receiver_axum::Receiver;

#[tokio::test]
async fn a_body_that_never_ends_is_refused_after_the_deadline() {
    let deadline = Duration::from_millis(100);
    let (cryptocloud, trybit) = receiver::verifiers();
    let shop = Receiver {
        cryptocloud,
        trybit,
        print: Arc::new(|_| Ok(())),
    };
    let router = receiver_axum::router(shop, deadline);
    let application = Application::serve(router, Seen::default()).await;
    let response = receiver::drip(&application, "/postback/trybit", deadline).await;
    receiver::assert_unreadable(&response);
}
