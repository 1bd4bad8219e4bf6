use postback_core::event::{Digest, EventKey};

use crate::{StoreError, effect::EffectKey, key::project};

/// Names of the keys of a store. Each begins with the prefix in braces, the hash tag of a cluster,
/// so that all of them are in one slot.
pub(super) struct Keys {
    prefix: Box<str>,
    /// Sorted set of the effects that are not done, by the time of their last attempt.
    pub(super) pending: String,
    /// Sorted set of the possible duplicates that wait for a person, by the time when they were
    /// recorded.
    pub(super) possible_duplicates: String,
    /// Sorted set of the effects that are done and not pruned, by the time when they were recorded.
    pub(super) done: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Result<Self, StoreError> {
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(StoreError::InvalidPrefix {
                prefix: prefix.to_owned(),
            });
        }
        Ok(Self {
            prefix: prefix.into(),
            pending: format!("{{{prefix}}}:pending"),
            possible_duplicates: format!("{{{prefix}}}:possible_duplicates"),
            done: format!("{{{prefix}}}:done"),
        })
    }

    /// Returns the name of an effect's hash.
    pub(super) fn effect(&self, key: &EffectKey) -> String {
        let owner = self.owner("effect", &key.event);
        let (name, id) = (&key.name, key.event.id());
        format!("{owner}:{}:{name}:{id}", name.len())
    }

    /// Returns the name of the id that a transfer on the chain is counted under.
    pub(super) fn transfer(&self, key: &EventKey, transfer: &Digest) -> String {
        format!("{}:{transfer}", self.owner("transfer", key))
    }

    /// Returns the beginning of a name. The lengths keep a colon in a text from being taken for its
    /// end.
    fn owner(&self, kind: &str, key: &EventKey) -> String {
        let (prefix, namespace, project) = (&self.prefix, key.namespace(), project(key));
        format!(
            "{{{prefix}}}:{kind}:{}:{namespace}:{}:{project}",
            namespace.len(),
            project.len()
        )
    }
}
