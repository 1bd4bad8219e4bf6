//! The receiver as a process.

conformance::receiver_tests!(
    env!("CARGO_BIN_EXE_receiver-rocket"),
    conformance::receiver::WrongMethod::IsTheRouters
);
