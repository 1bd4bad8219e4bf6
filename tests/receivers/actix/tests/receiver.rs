//! The receiver as a process.

conformance::receiver_tests!(
    env!("CARGO_BIN_EXE_receiver-actix"),
    conformance::receiver::WrongMethod::IsOurs
);
