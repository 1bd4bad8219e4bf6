//! The receiver as a process.

use postback_conformance::{client::Client, receiver};

const BINARY: &str = env!("CARGO_BIN_EXE_receiver-tower");

postback_conformance::receiver_tests!(BINARY, receiver::WrongMethod::Adapter);

#[tokio::test]
async fn verified_postback_prints_one_line_over_http2() {
    let client = Client::http2();
    receiver::verified_postback_prints_one_line(BINARY, &client).await;
}
