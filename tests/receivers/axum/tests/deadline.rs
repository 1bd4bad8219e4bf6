//! A body that never ends.

use std::time::Duration;

use postback_conformance::{
    driver::{Application, Seen},
    receiver,
};

#[tokio::test]
async fn endless_body_is_rejected_after_deadline() {
    let deadline = Duration::from_millis(100);
    let router = receiver_axum::router(receiver::verifiers(), receiver::silent(), deadline);
    let application = Application::serve(router, Seen::default()).await;
    let response = receiver::drip(&application, "/postback/trybit", deadline).await;
    receiver::assert_unreadable(&response);
}
