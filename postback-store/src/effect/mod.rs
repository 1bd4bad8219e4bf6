//! Effects outside the database: one worker at a time, and again after a crash.

mod backend;
mod filter;
mod key;
mod lease;
mod outcome;
mod pending;
mod renewal;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod state;
mod store;
mod time;

use std::time::{Duration, Instant};

use postback_core::reconcile::Recordable;
use tokio::time::sleep;

pub(crate) use self::{
    backend::{Access, Acquired, Completion, EffectBackend},
    key::EffectKey,
};
pub use self::{
    filter::EffectFilter,
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
    filter::Position,
    state::EffectState,
    time::{held_for, milliseconds},
};
use self::{
    renewal::{LeaseEnd, Renewal},
    time::bounded,
};
use crate::StoreError;

/// Length of a lease if none is given: 60 seconds.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(60);

/// Runs an effect of a payment that pays its price, unless it is done, under a lease of
/// [`DEFAULT_LEASE`]. While the lease is in force, no other worker runs the effect, on any machine
/// that shares the store.
///
/// A payment can have several effects, each under its own `name`: `mail` and `license` for example.
/// The name is part of the key of the effect: **under a new name, an effect that is done runs
/// again.**
///
/// **An effect runs *at least* once**: it runs again if it failed, if its process died, if another
/// worker began it after its lease had ended, or if it could not be
/// [recorded as done](EffectError::NotCompleted). Pass the payment's id to the service that you
/// call, as an idempotency key.
///
/// If the payment does not pay the price, `run_effect` returns
/// [`NotCredited`](EffectOutcome::NotCredited) and writes nothing, so the log is the only trace of
/// money that needs a review. A later delivery that pays runs the effect.
///
/// The payment is recorded before the effect begins. While the effect runs, its lease is extended,
/// so that an effect may take as long as it needs. **Set a time limit within the effect:** one that
/// never ends keeps its lease for as long as its process runs. If it fails, its lease ends. If it
/// panics, is dropped or dies with its process, the lease stays in force until its time ends. Then
/// the next delivery runs the effect again, or [`resume_effect`] does.
///
/// Call it in a runtime of tokio whose timers are enabled.
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
/// let failed = run_effect(&store, &reconciliation, "mail", fail).await;
/// assert_eq!(Retry::from(failed.unwrap_err()).code(), "effect_failed");
///
/// let mail = || async { Ok::<_, io::Error>("mailed") };
/// let ran = run_effect(&store, &reconciliation, "mail", mail).await?;
/// assert_eq!(ran, EffectOutcome::Ran("mailed"));
/// let again = run_effect(&store, &reconciliation, "mail", mail).await?;
/// assert_eq!(again, EffectOutcome::Duplicate);
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
    name: &str,
    effect: impl FnOnce() -> F,
) -> Result<EffectOutcome<T>, EffectError<T, E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    run_effect_with_lease(store, reconciliation, name, DEFAULT_LEASE, |_| effect()).await
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
    name: &str,
    length: Duration,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<EffectOutcome<T>, EffectError<T, E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    let reconciliation = reconciliation.reconciliation();
    if !reconciliation.is_paid() {
        return Ok(EffectOutcome::NotCredited(reconciliation.outcome().clone()));
    }
    let event = reconciliation.event();
    let key = EffectKey::new(event.key(), name);
    let acquired = store.backend(Access::OURS).acquire(event, name, length);
    run(store, key, length, acquired, effect).await
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
) -> Result<EffectOutcome<T>, EffectError<T, E>>
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
) -> Result<EffectOutcome<T>, EffectError<T, E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    let (key, credited) = (&pending.position.key, pending.credited);
    let backend = store.backend(Access::OURS);
    let acquired = backend.acquire_recorded(key, credited, length);
    run(store, key.clone(), length, acquired, effect).await
}

async fn run<S, T, E, F>(
    store: &S,
    key: EffectKey,
    length: Duration,
    acquired: impl Future<Output = Result<Acquired, StoreError>>,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<EffectOutcome<T>, EffectError<T, E>>
where
    S: EffectStore,
    F: Future<Output = Result<T, E>>,
{
    let length = bounded(length);
    let mut asked = Instant::now();
    let token = match acquired.await? {
        Acquired::Lease { token } => token,
        Acquired::Conflict { fields } => return Ok(EffectOutcome::Conflict { fields }),
        Acquired::Duplicate => return Ok(EffectOutcome::Duplicate),
        Acquired::PossibleDuplicate { of } => return Ok(EffectOutcome::PossibleDuplicate { of }),
        Acquired::InFlight { held_for } => return Err(EffectError::InFlight { held_for }),
    };
    let backend = store.backend(Access::OURS);
    // The store may have responded after most of the lease, or later.
    if asked.elapsed().saturating_mul(2) > length {
        asked = Instant::now();
        if !backend.extend(&key, token, length).await? {
            return Err(EffectError::InFlight {
                held_for: Duration::ZERO,
            });
        }
    }
    let end = LeaseEnd::new(asked, length);
    let lease = Lease {
        store: store.clone(),
        key: key.clone(),
        token,
        end: end.clone(),
    };
    let renewal = Renewal { length, end };
    let done = renewal.during(backend, &key, token, effect(lease)).await;
    match done {
        Ok(value) => match with_retry(renewal.end.left().clamp(LEAST_RETRY, LONGEST_RETRY), || {
            backend.complete(&key, token)
        })
        .await
        {
            Ok(Completion::InTime) => Ok(EffectOutcome::Ran(value)),
            Ok(Completion::Late) => Ok(EffectOutcome::CompletedLate(value)),
            Ok(Completion::Superseded) => Err(EffectError::LeaseExpired { value }),
            Err(source) => Err(EffectError::NotCompleted { value, source }),
        },
        Err(error) => {
            // If this fails, the lease ends by its time.
            let _ = with_retry(Duration::ZERO, || backend.release(&key, token)).await;
            Err(EffectError::Effect(error))
        }
    }
}

/// Time for which a completion is repeated at least, also after its lease has ended: longer than a
/// transaction of the store that is idle keeps its locks on Postgres.
const LEAST_RETRY: Duration = Duration::from_secs(30);

/// Time for which a completion is repeated at most, however long its lease is.
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// Repeats a step that failed: at once, because a connection that broke during the effect fails at
/// the first step after it, and then less and less often until `limit` has passed.
async fn with_retry<T, F>(limit: Duration, step: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    const FIRST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);
    let begun = Instant::now();
    let mut pause = Duration::ZERO;
    loop {
        match step().await {
            Err(StoreError::Busy(_) | StoreError::Failed(_))
                if pause.is_zero() || begun.elapsed() < limit =>
            {
                sleep(pause).await;
                pause = pause.saturating_mul(2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            }
            last => return last,
        }
    }
}
