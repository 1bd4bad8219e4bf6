//! Deliveries that the benchmarks verify.

#![allow(dead_code, reason = "each benchmark uses a part of them")]

pub(crate) mod get;
pub(crate) mod post;

/// Time of each delivery, in Unix seconds.
const NOW: u64 = 1_769_509_400;
