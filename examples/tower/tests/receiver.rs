//! The receiver as a process.

use conformance::{client::Client, receiver};

const BINARY: &str = env!("CARGO_BIN_EXE_receiver-tower");

#[test]
fn a_secret_that_is_missing_or_blank_is_an_error_at_start() {
    receiver::a_secret_that_is_missing_or_blank_is_an_error_at_start(BINARY);
}

#[tokio::test]
async fn each_verified_postback_is_one_line_and_nothing_else_is() {
    let client = Client::default();
    receiver::each_verified_postback_is_one_line_and_nothing_else_is(BINARY, &client).await;
}

#[tokio::test]
async fn http_2_makes_no_difference() {
    let client = Client::http2();
    receiver::each_verified_postback_is_one_line_and_nothing_else_is(BINARY, &client).await;
}
