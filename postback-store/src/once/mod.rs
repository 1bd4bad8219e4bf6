//! Effects outside the database: one worker at a time, and again after a crash.

mod lease;
mod outcome;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod state;
mod steps;
mod store;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod time;
mod unfinished;

use std::time::{Duration, Instant};

use postback_core::reconcile::Recordable;

pub(crate) use self::steps::{Access, Acquired, Steps};
pub use self::{
    lease::{Lease, LeaseError},
    outcome::{Once, OnceError},
    store::LeaseStore,
    unfinished::Unfinished,
};
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
pub(crate) use self::{
    state::EffectState,
    time::{held_for, milliseconds},
};
use crate::{Key, StoreError};

/// Length of a lease, unless a handler asks for another. Defaults to 60 seconds.
pub const LEASE: Duration = Duration::from_secs(60);

/// Runs the effect of a payment that pays its price, unless it is done: under a lease of [60 seconds](LEASE), so that
/// no other delivery runs it meanwhile, on any machine that shares the store.
///
/// A payment that does not pay the price is [`NotCredited`](Once::NotCredited): the store is not asked, and the
/// delivery that does pay runs the effect.
///
/// The payment is recorded before the effect begins. An effect that fails gives its lease back. One that panics, is
/// dropped or dies with its process keeps its lease until that ends, and the next delivery runs it again after that. If
/// no delivery comes, [`resume`] runs it.
///
/// **So an effect runs *at least* once**: if a process dies between the effect and its record, the effect runs again.
/// Pass the payment's id to the service that you call, as an idempotency key.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
/// use std::io;
///
/// use postback_core::{Retry, reconcile::Price};
/// use postback_store::{Once, memory::MemoryStore, once};
///
/// # let secret = SecretKey::new("the project's secret key")?;
/// # let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
/// # let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", 1_769_509_700)));
/// # let payment = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
/// let store = MemoryStore::new();
/// // In a handler, with a verified `payment` and the price of its order:
/// let price = Price::new("0.000113".parse()?, "BNB")?;
/// let reconciliation = payment.reconcile(&price)?;
/// let fail = || async { Err::<(), _>(io::Error::other("the mail server is down")) };
/// let failed = once(&store, &reconciliation, fail).await;
/// assert_eq!(Retry::from(failed.unwrap_err()).code(), "effect_failed");
///
/// let mail = || async { Ok::<_, io::Error>("mailed") };
/// assert_eq!(once(&store, &reconciliation, mail).await?, Once::Ran("mailed"));
/// assert_eq!(once(&store, &reconciliation, mail).await?, Once::AlreadyDone);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`OnceError`]; do not acknowledge any of them.
pub async fn once<S, T, E, F>(
    store: &S,
    reconciliation: &impl Recordable,
    effect: impl FnOnce() -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    once_leased(store, reconciliation, LEASE, |_| effect()).await
}

/// Does the same as [`once`] under a lease of another length, at most a year, and passes the lease to the effect: to
/// extend it, and to pass its fencing token to a service that checks it.
///
/// # Errors
///
/// As [`once`].
pub async fn once_leased<S, T, E, F>(
    store: &S,
    reconciliation: &impl Recordable,
    length: Duration,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    let reconciliation = reconciliation.reconciliation();
    if !reconciliation.is_paid() {
        return Ok(Once::NotCredited(reconciliation.outcome().clone()));
    }
    let event = reconciliation.event();
    let acquired = store.steps(Access::OURS).acquire(event, length);
    run(store, Key::of(event), length, acquired, effect).await
}

/// Runs an [unfinished](LeaseStore::unfinished) effect under a lease of [60 seconds](LEASE), as [`once`] does. One that
/// is [held](Unfinished::held_for) is [in flight](OnceError::InFlight) until its lease ends. So is one that was
/// [replaced](Unfinished::is_credited) after it was listed: list again.
///
/// # Errors
///
/// As [`once`].
pub async fn resume<S, T, E, F>(
    store: &S,
    unfinished: &Unfinished,
    effect: impl FnOnce() -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    resume_leased(store, unfinished, LEASE, |_| effect()).await
}

/// Does the same as [`resume`] under a lease of another length, and passes the lease to the effect.
///
/// # Errors
///
/// As [`once`].
pub async fn resume_leased<S, T, E, F>(
    store: &S,
    unfinished: &Unfinished,
    length: Duration,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    let (key, credited) = (&unfinished.key, unfinished.credited);
    let steps = store.steps(Access::OURS);
    let acquired = steps.acquire_recorded(key, credited, length);
    run(store, key.clone(), length, acquired, effect).await
}

async fn run<S, T, E, F>(
    store: &S,
    key: Key,
    length: Duration,
    acquired: impl Future<Output = Result<Acquired, StoreError>>,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    let asked = Instant::now();
    let token = match acquired.await? {
        Acquired::Lease { token } => token,
        Acquired::AlreadyDone => return Ok(Once::AlreadyDone),
        Acquired::Changed { fields } => return Ok(Once::Changed { fields }),
        Acquired::PossibleDuplicate { of } => return Ok(Once::PossibleDuplicate { of }),
        Acquired::InFlight { held_for } => return Err(OnceError::InFlight { held_for }),
    };
    let steps = store.steps(Access::OURS);
    // Much of the lease may have passed before the store responded, or all.
    if asked.elapsed().saturating_mul(2) > length && !steps.extend(&key, token, length).await? {
        return Err(OnceError::InFlight {
            held_for: Duration::ZERO,
        });
    }
    let lease = Lease {
        store: store.clone(),
        key: key.clone(),
        token,
    };
    match effect(lease).await {
        Ok(done) => match twice(|| steps.complete(&key, token)).await? {
            true => Ok(Once::Ran(done)),
            false => Err(OnceError::LeaseExpired),
        },
        Err(error) => {
            // Where this fails too, the lease ends by itself.
            let _ = twice(|| steps.release(&key, token)).await;
            Err(OnceError::Effect(error))
        }
    }
}

/// Takes a step again if it failed: a connection that broke during the effect is noticed by the first step after it,
/// and connected again for the second.
async fn twice<T, F>(step: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match step().await {
        // A busy store has waited already.
        Err(StoreError::Failed(_)) => step().await,
        first => first,
    }
}
