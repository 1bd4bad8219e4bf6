#![cfg_attr(docsrs, feature(doc_cfg))]
//! Credits each payment once, in the shop's own transaction, and runs effects outside of it.
//!
//! Gateways send the same postback again: on time-outs, at the press of a button, twice at once. A store claims
//! a verified event in the very transaction in which the shop writes its credit, so that both are kept or neither is:
//! two deliveries at once, a crash, and a client that hangs up leave one credit or none, and none is made up for by the
//! next delivery.
//!
//! That is what "exactly once" means here: *the writes in that transaction* happen once for each event that is
//! delivered and committed. It cannot mean that a mail is sent once, or that another service is called once: what is not
//! in the transaction happens before or after it. Nor can it mean that a payment whose postback never comes is
//! credited.
//!
//! For what is not a row there is [`once`]: at most once at a time, on whatever machine, and again where it failed or
//! its process died. [`LeaseStore::unfinished`] lists what was begun or owed and never done, and [`resume`] runs it
//! again; that is the application's to call, when it starts and now and then. What is claimed and what is recorded for
//! `once` are kept apart: a handler may do both, and `record_in` makes them one transaction.
//!
//! What an event is known by, and what must not change about it, is for core to say:
//! [`Claim`](postback_core::claim::Claim). What a claim may turn out to be is [`Claimed`], and what an effect,
//! [`Once`]. All of it is acknowledged; [`StoreError`] and [`OnceError`] become a
//! [`Rejection`](postback_core::Rejection), for the provider to try again.
//!
//! One project needs no scope. With two projects in one database each verifier has a scope, and keeps it: it is part
//! of what an event is known by.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `sqlite`: `sqlite::SqliteStore`, a file. Brings SQLite's C code into the tree; an application that links another
//!   copy of it, by `rusqlite` for example, needs versions that agree on `libsqlite3-sys`.
//! - `postgres`: `postgres::PostgresStore`.
//! - `redis`: `redis::RedisStore`, for effects alone.
//! - `memory`: `memory::MemoryStore`, for tests of an application.

mod claimed;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod clock;
mod error;
mod key;
#[cfg(feature = "memory")]
pub mod memory;
mod once;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stored;

use self::key::Key;

/// For other writers, and for a connection: a gateway does not wait much longer for its answer.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
const WAIT: std::time::Duration = std::time::Duration::from_secs(5);

pub use self::{
    claimed::Claimed,
    error::StoreError,
    once::{
        LEASE, Lease, LeaseError, LeaseStore, Once, OnceError, Unfinished, once, once_leased,
        resume, resume_leased,
    },
    stored::Stored,
};
