//! What both databases share: the schema's version, and how a row is told.

use postback_core::claim::{Claim, Digest};

use crate::{Claimed, StoreError};

/// The latest schema known here: how many migrations there are.
pub(crate) fn known(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// The migrations that a database of version `found` lacks.
pub(crate) fn missing<'a>(
    migrations: &'a [&'static str],
    found: i64,
) -> Result<&'a [&'static str], StoreError> {
    let applied = usize::try_from(found).ok();
    applied
        .and_then(|applied| migrations.get(applied..))
        .ok_or(StoreError::NewerSchema {
            found,
            known: known(migrations),
        })
}

/// What a claim is that could not be inserted, by the digest under its key, if there is one.
pub(crate) fn existing(claim: &Claim, before: Option<&[u8]>) -> Result<Claimed, StoreError> {
    let Some(before) = before else {
        return Ok(Claimed::Superseded);
    };
    let before = digest(before)?;
    let now = *claim.digest();
    match before == now {
        true => Ok(Claimed::AlreadyDone),
        false => Ok(Claimed::Changed { before, now }),
    }
}

pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_bytes(bytes).ok_or_else(|| StoreError::Failed("a digest is not 32 bytes".into()))
}

/// What a claim is that was inserted, by another claim of its transfer, if there is one.
pub(crate) fn inserted(other: Option<String>) -> Claimed {
    match other {
        Some(of) => Claimed::PossibleDuplicate { of },
        None => Claimed::New,
    }
}
