//! Effects outside the database: at most once at a time, and again after a crash.

mod lease;
mod outcome;
#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
mod standing;
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

use postback_core::claim::Claim;

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
    standing::Standing,
    time::{held_for, milliseconds},
};
use crate::{Key, StoreError};

/// How long a lease is unless a handler asks for another length: a minute.
pub const LEASE: Duration = Duration::from_secs(60);

/// Runs the effect of a verified payment or a bound callback, unless it is done: under a lease of [a minute](LEASE),
/// so that no other delivery runs it meanwhile, on any machine that shares the store.
///
/// The event is recorded before the effect begins. An effect that fails gives its lease back; one that panics, is
/// dropped or dies with its process keeps it until it ends. Then, and not before, the next delivery runs it again;
/// where none comes, [`resume`] does.
///
/// So an effect is run *at least* once: whoever dies between the effect and its record leaves an event whose effect is
/// run again. Name the event's id to the service that is called, as an idempotency key.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # use postback_core::{MediaType, SecretKey, Verifier, cryptocloud::CryptoCloud, testing};
/// use std::io;
///
/// use postback_core::Rejection;
/// use postback_store::{Once, memory::MemoryStore, once};
///
/// # let secret = SecretKey::new("the project's secret key")?;
/// # let verifier = Verifier::new(CryptoCloud::new(), secret.clone());
/// # let body = testing::sample_json(Some(&testing::token(&secret, "ILRAJE1Q", 1_769_509_700)));
/// # let postback = testing::deliver(&verifier, MediaType::Json, body, 1_769_509_400)?;
/// let store = MemoryStore::new();
/// // In a handler, with the `postback` that it was handed:
/// let failed = once(&store, &postback, || async { Err::<(), _>(io::Error::other("no mail today")) });
/// assert_eq!(Rejection::from(failed.await.unwrap_err()), Rejection::EffectFailed);
/// let mailed = once(&store, &postback, || async { Ok::<_, io::Error>("mailed") });
/// assert_eq!(mailed.await?, Once::Ran("mailed"));
/// let again = once(&store, &postback, || async { Ok::<_, io::Error>("mailed") });
/// assert_eq!(again.await?, Once::AlreadyDone);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`OnceError`]; none of them is acknowledged.
pub async fn once<S, T, E, F>(
    store: &S,
    verified: impl Into<Claim>,
    effect: impl FnOnce() -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    once_leased(store, verified, LEASE, |_| effect()).await
}

/// As [`once`], under a lease of another length, which the effect is shown: to extend it, and to name its fencing
/// token to a service that knows what to do with one. At most a year.
///
/// # Errors
///
/// As [`once`].
pub async fn once_leased<S, T, E, F>(
    store: &S,
    verified: impl Into<Claim>,
    length: Duration,
    effect: impl FnOnce(Lease<S>) -> F,
) -> Result<Once<T>, OnceError<E>>
where
    S: LeaseStore,
    F: Future<Output = Result<T, E>>,
{
    let claim = verified.into();
    let acquired = store.steps(Access::OURS).acquire(&claim, length);
    run(store, Key::of(&claim), length, acquired, effect).await
}

/// Runs the effect of an event that is [unfinished](LeaseStore::unfinished), under a lease of [a minute](LEASE), as
/// [`once`] does. What is [held](Unfinished::held_for) is [in flight](OnceError::InFlight) until its lease ends.
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

/// As [`resume`], under a lease of another length, which the effect is shown.
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
    let key = &unfinished.key;
    let acquired = store.steps(Access::OURS).acquire_recorded(key, length);
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
        Acquired::Superseded => return Ok(Once::Superseded),
        Acquired::Changed { before, now } => return Ok(Once::Changed { before, now }),
        Acquired::PossibleDuplicate { of } => return Ok(Once::PossibleDuplicate { of }),
        Acquired::InFlight { held_for } => return Err(OnceError::InFlight { held_for }),
    };
    let steps = store.steps(Access::OURS);
    // The answer may have come when much of the lease had passed, or all.
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
            false => Err(OnceError::Fenced),
        },
        Err(error) => {
            // Where this fails too, the lease ends by itself.
            let _ = twice(|| steps.release(&key, token)).await;
            Err(OnceError::Effect(error))
        }
    }
}

/// A connection that broke during the effect is only noticed by the first step after it, and made anew for the second.
async fn twice<T, F>(step: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    match step().await {
        // What was busy was waited for.
        Err(StoreError::Failed(_)) => step().await,
        first => first,
    }
}
