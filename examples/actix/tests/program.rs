//! The example as a process.

#[tokio::test]
async fn program_credits_its_order() {
    let program = env!("CARGO_BIN_EXE_example-actix");
    postback_conformance::example::assert_program_credits_its_order(program).await;
}
