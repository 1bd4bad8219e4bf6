//! The receiver as a process.

postback_conformance::receiver_tests!(
    env!("CARGO_BIN_EXE_receiver-rocket"),
    postback_conformance::receiver::WrongMethod::Router
);
