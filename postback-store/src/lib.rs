#![cfg_attr(docsrs, feature(doc_cfg))]
//! Credits each payment once, in your own database transaction, and runs effects outside of it.
//!
//! Providers send the same webhook again: after a time-out, when a person asks for it, or twice at
//! once. A handler finds the order, [reconciles](postback_core::reconcile) the payment with its
//! price, and calls `record_in` in the transaction in which it writes its credit, so that the
//! database keeps both or neither. Concurrent deliveries, crashes and dropped connections produce
//! at most one credit. If nothing was committed, the provider's next delivery completes it.
//!
//! # What is recorded
//!
//! [`Recorded`] is the result, and **only [`Recorded::New`] is credited**:
//!
//! | the payment | the record | the result |
//! |---|---|---|
//! | pays the price | credited | [`New`](Recorded::New) |
//! | is money that does not pay the price, or may be money | for review | [`Review`](Recorded::Review) |
//! | is money by a transfer that was counted under another id | for review | [`PossibleDuplicate`](Recorded::PossibleDuplicate) |
//! | is pending, in test mode, not successful, or zero | none | [`NotCredited`](Recorded::NotCredited) |
//! | was credited, and is delivered again | as it was | [`Duplicate`](Recorded::Duplicate) |
//! | is pending, and was credited before | as it was | [`Superseded`](Recorded::Superseded) |
//! | was credited, and says something else now | as it was | [`Conflict`](Recorded::Conflict) |
//!
//! What is recorded is what `reconcile` returns, and nothing else:
//!
//! ```compile_fail,E0277
//! use postback_core::{Verified, cryptocloud::CryptoCloud};
//! use postback_store::memory::{MemoryStore, MemoryTransaction};
//!
//! fn record(store: &MemoryStore, transaction: &mut MemoryTransaction, payment: &Verified<CryptoCloud>) {
//!     let _ = store.record_in(transaction, payment);
//! }
//! ```
//!
//! A record for review leaves room: each later delivery of the same payment is recorded in its
//! place, and one that pays the price is new, unless its transfer was counted under another id. So
//! a postback that was altered on its way, or came too early, cannot keep the genuine one from
//! being credited.
//!
//! "Once" means *the writes in that transaction*. They happen once for each payment that is
//! delivered and committed. A payment whose postback never arrives is not credited.
//!
//! # Effects
//!
//! A mail, or a call of another service, is not part of the transaction. [`run_effect`] runs such
//! an effect in one worker at a time, on whatever machine, and again if it failed or its process
//! died. [`EffectStore::pending_effects`] lists the effects that are not done, and
//! [`resume_effect`] runs one again: call them when your application starts, and regularly after
//! that. `enqueue_effect_in` enqueues the effect in the transaction of the credit, for a payment
//! that pays its price and no other. Records and effects are kept apart, so that a handler may use
//! both.
//!
//! # Replies
//!
//! Acknowledge each [`Recorded`] and each [`EffectOutcome`]. [`StoreError`] and [`EffectError`]
//! convert into [`Retry`](postback_core::Retry), which asks the provider to send the postback
//! again.
//!
//! # Projects
//!
//! One project needs no name. If two projects share a database, give the verifier of each a name
//! and never change it, because it is part of the key of a payment.
//!
//! # Features
//!
//! All are off by default.
//!
//! - `sqlite`: `sqlite::SqliteStore`, a file. Brings SQLite's C code into the tree. An application
//!   that links another copy of it, through `rusqlite` for example, needs versions that agree on
//!   `libsqlite3-sys`.
//! - `postgres`: `postgres::PostgresStore`.
//! - `redis`: `redis::RedisStore`, for effects alone.
//! - `memory`: `memory::MemoryStore`, for tests of an application.

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod clock;
mod effect;
mod error;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod key;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod recorded;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stored;

/// How long a store waits for other writers, for a connection and for a server, because a provider
/// does not wait much longer for a response.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
const STORE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

pub use self::{
    effect::{
        DEFAULT_LEASE, EffectError, EffectOutcome, EffectStore, Lease, LeaseError, PendingEffect,
        resume_effect, resume_effect_with_lease, run_effect, run_effect_with_lease,
    },
    error::StoreError,
    recorded::Recorded,
    stored::Stored,
};
