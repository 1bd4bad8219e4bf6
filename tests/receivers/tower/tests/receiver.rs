//! The receiver as a process.

use postback_conformance::{client::Client, receiver};

const BINARY: &str = env!("CARGO_BIN_EXE_receiver-tower");

postback_conformance::receiver_tests!(BINARY, receiver::WrongMethod::IsOurs);

#[tokio::test]
async fn http_2_makes_no_difference() {
    let client = Client::http2();
    receiver::each_verified_postback_is_one_line_and_nothing_else_is(BINARY, &client).await;
}
