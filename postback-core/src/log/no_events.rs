//! The same functions without the feature `tracing`: they log nothing, and no hint is searched for.

use super::Findings;
#[cfg(feature = "cryptapi")]
use crate::cryptapi::{BindError, CallbackProvider, Expected};
use crate::{Provider, Rejection, Retry, Verified, Verifier};

pub(crate) const fn is_enabled() -> bool {
    false
}

pub(crate) const fn abandoned<P: Provider>(_: &Verifier<P>) {}

pub(crate) const fn not_acknowledged(_: &Retry) {}

#[cfg(feature = "cryptapi")]
pub(crate) const fn not_bound<P: CallbackProvider>(_: &Verified<P>, _: &Expected, _: BindError) {}

pub(crate) const fn not_configured<P: Provider>(_: &Rejection, _: &str) {}

pub(crate) const fn rejected<P: Provider>(_: &Verifier<P>, _: &Rejection, _: &Findings) {}

pub(crate) const fn verified<P: Provider>(_: &Verified<P>, _: u64) {}
