#![cfg_attr(docsrs, feature(doc_cfg))]
//! Credits each payment at most once, in your own database transaction, and runs effects outside of
//! it.
//!
//! Providers send the same postback again: after a time-out, when a person asks for it, or twice at
//! the same time. A handler finds the order, [reconciles](postback_core::reconcile) the payment
//! with its price, and calls `record_in` in the transaction in which it writes its credit, so that
//! the database keeps both or neither. Concurrent deliveries, crashes and dropped connections
//! produce at most one credit. If nothing was committed, the next delivery completes it. Whether
//! there is one depends on the provider: for CryptoCloud and Trybit it is not documented, so also
//! read invoices that stay open back over the API.
//!
//! # Records
//!
//! `record_in` returns a [`Recorded`]. **Credit [`Recorded::New`] only**:
//!
//! | payment | record | result |
//! |---|---|---|
//! | pays the price | credited | [`New`](Recorded::New) |
//! | does not pay the price, or a field that decides is absent, unreadable or contradictory | for review | [`Review`](Recorded::Review) |
//! | has a transfer on the chain that is already recorded for another payment | for review | [`PossibleDuplicate`](Recorded::PossibleDuplicate) |
//! | is pending, in test mode, not successful, or zero | not written | [`NotCredited`](Recorded::NotCredited) |
//! | is credited, and is delivered again | unchanged | [`Duplicate`](Recorded::Duplicate) |
//! | is credited, and a pending delivery of it arrives | unchanged | [`Superseded`](Recorded::Superseded) |
//! | is credited, and another delivery contradicts it | unchanged | [`Conflict`](Recorded::Conflict) |
//!
//! A [`Review`](Recorded::Review), a [`PossibleDuplicate`](Recorded::PossibleDuplicate) and a
//! [`Conflict`](Recorded::Conflict) are also kept as a delivery that a person has to look at, in
//! the same transaction. `reviews` lists them, with the reason. `mark_credited_in` credits a
//! payment by hand, and `resolve` closes a review.
//!
//! Only the result of `reconcile` can be recorded:
//!
//! ```compile_fail,E0277
//! use postback_core::{Verified, cryptocloud::CryptoCloud};
//! use postback_store::memory::{MemoryStore, MemoryTransaction};
//!
//! fn record(
//!     store: &MemoryStore,
//!     transaction: &mut MemoryTransaction,
//!     payment: &Verified<CryptoCloud>,
//! ) {
//!     let _ = store.record_in(transaction, payment);
//! }
//! ```
//!
//! A record for review is replaced by each later delivery of the same payment. A delivery that pays
//! the price is new, unless its transfer is already recorded for another payment. So a postback
//! that was altered in transit, or arrived too early, does not prevent the credit of the genuine
//! one.
//!
//! Each delivery of a part payment is for review. An application that counts part payments keeps
//! one amount for each payment key and overwrites it, never adds a delivery to a running total, and
//! sums the stored amounts.
//!
//! A callback of CryptAPI verifies forever. Before the first postback is received, import the
//! payments that were credited before, by `import_credited_in`, and their effects, by
//! [`EffectStore::import_effect`].
//!
//! The guarantee covers *the writes in that transaction*: they happen once for each payment that is
//! delivered and committed. A payment whose postback never arrives is not credited. **Acknowledge
//! the postback only after the commit has succeeded.**
//!
//! # Effects
//!
//! A mail, or a request to another service, is not part of the transaction. [`run_effect`] runs
//! such an effect in one worker at a time, on any machine that shares the store, and again if it
//! failed or its process died. A payment can have several effects, each under a name of its own.
//! [`run_effect`] keeps no record of a payment that does not pay its price. In the transaction of
//! the credit, `enqueue_effect_in` enqueues an effect of a payment that pays its price. Records and
//! effects are separate, so that a handler can use both.
//!
//! [`EffectStore::pending_effects`] lists the effects that are not done and that an
//! [`EffectFilter`] selects, by project, provider and name, and [`resume_effect`] runs one of them:
//! call both when your application starts, and regularly after that.
//!
//! A worker holds a [`Lease`], which is extended while its effect runs. **Set a time limit in each
//! effect**, because one that never ends keeps its lease for as long as its process runs. Its
//! fencing token decides whether the effect is completed: an effect that is done after its lease
//! has ended is recorded as done, unless another worker has begun it since.
//!
//! # Limits
//!
//! No operation on a database waits without a limit: five seconds for a connection, for other
//! writers of a SQLite file and for a reply of a server, two seconds for a lock of Postgres, and
//! ten seconds in all for `begin`. Then it returns a [`StoreError`]. A `MemoryStore` waits for the
//! end of another transaction without a limit.
//!
//! A Postgres server ends a transaction that runs no statement for 20 seconds. **On SQLite, a
//! process that stops within a transaction blocks all payments until it continues or ends.**
//!
//! With a pool of the application, its `busy_timeout` applies on SQLite. On Postgres, `begin` still
//! sets both limits of its transaction, unless the session has limits of its own.
//!
//! # Replies
//!
//! Acknowledge each [`Recorded`] and each [`EffectOutcome`]. [`StoreError`] and [`EffectError`]
//! convert into [`Retry`](postback_core::Retry), which asks the provider to send the postback
//! again.
//!
//! # Projects
//!
//! A single project needs no name. If several projects share a database, their names must differ,
//! and a name never changes, because it is part of the key of a payment. When you add a second
//! project, name the new one and leave the first without a name. **If you name the first one, its
//! credited payments can be credited again.** CryptoCloud and Trybit share the namespace
//! `cryptocloud`; CryptAPI and BlockBee share `cryptapi`. The names of their projects must
//! therefore differ, too.
//!
//! # Features
//!
//! All features are off by default.
//!
//! - `sqlite`: `sqlite::SqliteStore`, a file. Compiles SQLite's C code. An application that links
//!   another copy of SQLite, through `rusqlite` for example, needs versions that agree on
//!   `libsqlite3-sys`.
//! - `postgres`: `postgres::PostgresStore`.
//! - `redis`: `redis::RedisStore`, for effects alone.
//! - `redis-cluster`: `redis::RedisStore::with_cluster`, on a Redis cluster.
//! - `memory`: `memory::MemoryStore`, for tests of an application.

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod clock;
mod effect;
mod error;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod key;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod limits;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod recorded;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod review;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod stored;

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
pub use self::review::{Marked, Review, ReviewFilter, ReviewReason};
pub use self::{
    effect::{
        DEFAULT_LEASE, EffectError, EffectFilter, EffectOutcome, EffectStore, Lease, LeaseError,
        PendingEffect, resume_effect, resume_effect_with_lease, run_effect, run_effect_with_lease,
    },
    error::StoreError,
    recorded::Recorded,
    stored::Stored,
};
