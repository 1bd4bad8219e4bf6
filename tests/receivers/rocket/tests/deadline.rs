//! A body that never ends.

use std::time::Duration;

use postback_conformance::{
    driver::{Application, Seen},
    receiver,
};
use rocket::{Config, config::LogLevel};

#[tokio::test]
async fn endless_body_is_rejected_after_deadline() {
    let deadline = Duration::from_millis(200);
    let config = Config::figment().merge(("log_level", LogLevel::Off));
    let (verifiers, print) = (receiver::verifiers(), receiver::silent());
    let application = receiver_rocket::application(config, verifiers, print, deadline);
    let application = Application::serve_on_rocket(application, Seen::default()).await;
    let response = receiver::drip(&application, "/postback/trybit", deadline).await;
    receiver::assert_unreadable(&response);
}
