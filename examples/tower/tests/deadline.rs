//! A body that never ends.

use std::{sync::Arc, time::Duration};

use conformance::{
    driver::{Application, Seen},
    raw::Connection,
};
use postback_core::{
    Rejection, SecretKey, Verifier,
    cryptocloud::{CryptoCloud, Trybit},
};

#[tokio::test]
async fn a_body_that_never_ends_is_refused_after_the_deadline() {
    let secret = || SecretKey::new("s").unwrap();
    let routes = receiver_tower::routes(
        Verifier::new(CryptoCloud::new(), secret()),
        Verifier::new(Trybit::new(), secret()),
        Arc::new(|_| Ok(())),
        Duration::from_millis(100),
    );
    let application = Application::serve_on_hyper(routes, Seen::default()).await;
    let mut connection = Connection::open(application.address()).await;
    let head = "POST /postback/trybit HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    assert!(connection.send(head).await);
    let every = Duration::from_millis(10);
    let response = connection.response_while_sending("1\r\n \r\n", every).await;
    let answer = Rejection::BodyUnreadable.answer();
    assert_eq!(response.status, answer.status());
    assert_eq!(response.body, answer.body());
}
