//! The corpus of deliveries, and what is needed to send it through every way in.
//!
//! `corpus/` holds deliveries signed by independent implementations; its README explains the
//! format. A [`driver`] is an application that receives them over a real socket.

#![expect(
    clippy::expect_used,
    clippy::exhaustive_enums,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a test stops where its set-up is wrong"
)]

pub mod callbacks;
pub mod client;
pub mod corpus;
pub mod deliveries;
pub mod driver;
pub mod facts;
pub mod framework_differences;
pub mod log;
mod printed;
pub mod raw;
pub mod receiver;
pub mod shop;

/// Every example of the project's README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
