//! Effects outside the database: one worker at a time, and again after a crash.

mod backend;
mod lease;
mod outcome;
mod pending;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod state;
mod store;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod time;

use std::time::{Duration, Instant};

use postback_core::{event::EventKey, reconcile::Recordable};

pub(crate) use self::backend::{Access, Acquired, EffectBackend};
pub use self::{
    lease::{Lease, LeaseError},
    outcome::{EffectError, EffectOutcome},
    pending::PendingEffect,
    store::EffectStore,
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
use crate::StoreError;

/// Length of a lease if none is given: 60 seconds.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(60);

/// Runs the effect of a payment that pays its price, unless it is done, under a lease of
/// [`DEFAULT_LEASE`]. While the lease is in force, no other worker runs the effect, on any machine
/// that shares the store.
///
/// **An effect runs *at least* once**: it runs again if it failed, if it outlived its lease, or if
/// its process died or the store failed before the effect was recorded as done. Pass the payment's
/// id to the service that you call, as an idempotency key.
///
/// If the payment does not pay the price, `run_effect` returns
/// [`NotCredited`](EffectOutcome::NotCredited) and writes nothing, so the log is the only trace of
/// money that needs a review. A later delivery that pays runs the effect.
///
/// The payment is recorded before the effect begins. If the effect fails, its lease ends. If it
/// panics, is dropped or dies with its process, the lease stays in force until its time ends. Then
/// the next delivery runs the effect again, or [`resume_effect`] does.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
/// use std::io;
///
/// use postback_core::{Retry, reconcile::Price};
/// use postback_store::{EffectOutcome, memory::MemoryStore, run_effect};
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
/// let failed = run_effect(&store, &reconciliation, fail).await;
/// assert_eq!(Retry::from(failed.unwrap_err()).code(), "effect_failed");
///
/// let mail = || async { Ok::<_, io::Error>("mailed") };
/// assert_eq!(run_effect(&store, &reconciliation, mail).await?, EffectOutcome::Ran("mailed"));
/// assert_eq!(run_effect(&store, &reconciliation, mail).await?, EffectOutcome::Duplicate);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns an [`EffectError`]. Do not acknowledge the postback.
pub async fn run_effect<S, T, E, F>(
    store: &S,
    reconciliation: &impl Recordable,
    effect: impl FnOnce() -> F,
) -> Result<EffectOutcome<T>, EffectError<E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    run_effect_with_lease(store, reconciliation, DEFAULT_LEASE, |_| effect()).await
}

/// Does the same as [`run_effect`] under a lease of another length, at most a year, and passes the
/// lease to the effect, which can extend it and pass its fencing token to a service.
///
/// # Errors
///
/// As [`run_effect`].
pub async fn run_effect_with_lease<S, T, E, F>(
    store: &S,
    reconciliation: &impl Recordable,
    length: Duration,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<EffectOutcome<T>, EffectError<E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    let reconciliation = reconciliation.reconciliation();
    if !reconciliation.is_paid() {
        return Ok(EffectOutcome::NotCredited(reconciliation.outcome().clone()));
    }
    let event = reconciliation.event();
    let acquired = store.backend(Access::OURS).acquire(event, length);
    run(store, event.key().clone(), length, acquired, effect).await
}

/// Runs a [pending](EffectStore::pending_effects) effect under a lease of [`DEFAULT_LEASE`], as
/// [`run_effect`] does.
///
/// An effect that a worker [holds](PendingEffect::held_for) returns [`EffectError::InFlight`] until
/// the lease ends. So does an effect that was [replaced](PendingEffect::is_credited) after it was
/// listed: list the effects again.
///
/// # Errors
///
/// As [`run_effect`].
pub async fn resume_effect<S, T, E, F>(
    store: &S,
    pending: &PendingEffect,
    effect: impl FnOnce() -> F,
) -> Result<EffectOutcome<T>, EffectError<E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    resume_effect_with_lease(store, pending, DEFAULT_LEASE, |_| effect()).await
}

/// Does the same as [`resume_effect`] under a lease of another length, and passes the lease to the
/// effect.
///
/// # Errors
///
/// As [`run_effect`].
pub async fn resume_effect_with_lease<S, T, E, F>(
    store: &S,
    pending: &PendingEffect,
    length: Duration,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<EffectOutcome<T>, EffectError<E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    let (key, credited) = (&pending.key, pending.credited);
    let backend = store.backend(Access::OURS);
    let acquired = backend.acquire_recorded(key, credited, length);
    run(store, key.clone(), length, acquired, effect).await
}

async fn run<S, T, E, F>(
    store: &S,
    key: EventKey,
    length: Duration,
    acquired: impl Future<Output = Result<Acquired, StoreError>>,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<EffectOutcome<T>, EffectError<E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    let asked = Instant::now();
    let token = match acquired.await? {
        Acquired::Lease { token } => token,
        Acquired::Conflict { fields } => return Ok(EffectOutcome::Conflict { fields }),
        Acquired::Duplicate => return Ok(EffectOutcome::Duplicate),
        Acquired::PossibleDuplicate { of } => return Ok(EffectOutcome::PossibleDuplicate { of }),
        Acquired::InFlight { held_for } => return Err(EffectError::InFlight { held_for }),
    };
    let backend = store.backend(Access::OURS);
    // The store may have responded after most of the lease, or later.
    if asked.elapsed().saturating_mul(2) > length && !backend.extend(&key, token, length).await? {
        return Err(EffectError::InFlight {
            held_for: Duration::ZERO,
        });
    }
    let lease = Lease {
        store: store.clone(),
        key: key.clone(),
        token,
    };
    match effect(lease).await {
        Ok(done) => match with_retry(|| backend.complete(&key, token)).await? {
            true => Ok(EffectOutcome::Ran(done)),
            false => Err(EffectError::LeaseExpired),
        },
        Err(error) => {
            // If this fails, the lease ends by its time.
            let _ = with_retry(|| backend.release(&key, token)).await;
            Err(EffectError::Effect(error))
        }
    }
}

/// Repeats a step that failed: a connection that broke during the effect fails at the first step
/// after it, and is made again for the second.
async fn with_retry<T, F>(step: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match step().await {
        // A busy store has already waited, and a retry does not correct an inconsistent one.
        Err(StoreError::Failed(_)) => step().await,
        first => first,
    }
}
