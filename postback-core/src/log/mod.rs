//! What the log says of each delivery, with the feature `tracing`; nothing without it.

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
    abandoned, is_read, not_acknowledged, not_configured, rejected, verified,
};
#[cfg(all(feature = "tracing", feature = "cryptapi"))]
pub(crate) use self::findings::without_query;
#[cfg(all(not(feature = "tracing"), feature = "cryptapi"))]
pub(crate) use self::no_events::not_bound;
#[cfg(not(feature = "tracing"))]
pub(crate) use self::no_events::{
    abandoned, is_read, not_acknowledged, not_configured, rejected, verified,
};
pub(crate) use self::{
    findings::{BodyFindings, Findings},
    hint::Hint,
};
