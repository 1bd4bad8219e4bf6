//! Log events, which are emitted only with the feature `tracing`.

#[cfg(feature = "tracing")]
mod events;
mod findings;
mod hint;
#[cfg(not(feature = "tracing"))]
mod no_events;

#[cfg(all(feature = "tracing", feature = "cryptapi"))]
pub(crate) use self::events::not_bound;
#[cfg(feature = "tracing")]
pub(crate) use self::events::{
    abandoned, is_enabled, not_acknowledged, not_configured, rejected, verified,
};
#[cfg(all(feature = "tracing", feature = "cryptapi"))]
pub(crate) use self::findings::without_query;
#[cfg(all(not(feature = "tracing"), feature = "cryptapi"))]
pub(crate) use self::no_events::not_bound;
#[cfg(not(feature = "tracing"))]
pub(crate) use self::no_events::{
    abandoned, is_enabled, not_acknowledged, not_configured, rejected, verified,
};
pub(crate) use self::{
    findings::{BodyFindings, Findings},
    hint::Hint,
};
