//! A body that never ends.

use std::time::Duration;

use actix_web::App;
use postback_conformance::{
    driver::{Application, Seen},
    receiver,
};

#[tokio::test]
async fn endless_body_is_rejected_after_deadline() {
    let deadline = Duration::from_millis(100);
    let application = Application::serve_on_actix(
        move || {
            let (verifiers, print) = (receiver::verifiers(), receiver::silent());
            App::new().configure(receiver_actix::routes(verifiers, print, deadline))
        },
        Seen::default(),
    );
    let response = receiver::drip(&application, "/postback/trybit", deadline).await;
    receiver::assert_unreadable(&response);
}
