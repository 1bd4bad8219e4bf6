use std::fmt;

use postback_core::event::EventKey;

use crate::{effect::EffectKey, key::project};

/// Statements of a database: each field is the file of the same name in the folder of the database.
/// A comment in the file describes the statement and its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Statements {
    pub(crate) effect_approve: &'static str,
    pub(crate) effect_complete: &'static str,
    pub(crate) effect_dismiss: &'static str,
    pub(crate) effect_enqueue: &'static str,
    pub(crate) effect_enqueue_and_lease: &'static str,
    pub(crate) effect_extend: &'static str,
    pub(crate) effect_import: &'static str,
    pub(crate) effect_lease: &'static str,
    pub(crate) effect_read: &'static str,
    pub(crate) effect_release: &'static str,
    pub(crate) effect_restart_lease: &'static str,
    /// Absent if the statements that enqueue an effect count its transfer.
    pub(crate) effect_transfer_count: Option<&'static str>,
    pub(crate) effects_pending: &'static str,
    pub(crate) effects_prune: &'static str,
    pub(crate) record_credit: &'static str,
    pub(crate) record_credit_transfer: &'static str,
    pub(crate) record_import: &'static str,
    pub(crate) record_read: &'static str,
    /// Absent if the statement that writes a record counts its transfer.
    pub(crate) record_transfer_count: Option<&'static str>,
    pub(crate) record_write: &'static str,
    pub(crate) records_prune: &'static str,
    pub(crate) review_resolve: &'static str,
    pub(crate) review_write: &'static str,
    pub(crate) reviews_open: &'static str,
    pub(crate) reviews_other: &'static str,
    pub(crate) reviews_prune: &'static str,
    pub(crate) schema_check: &'static str,
    /// Absent if a transaction that writes excludes all others.
    pub(crate) schema_lock: Option<&'static str>,
    pub(crate) schema_version_create: &'static str,
    pub(crate) schema_version_insert: &'static str,
    pub(crate) schema_version_read: &'static str,
    pub(crate) schema_version_write: &'static str,
    pub(crate) transaction_begin: &'static str,
    pub(crate) transfer_move: &'static str,
}

/// Statement with its parameters, in their order.
pub struct Statement<'a> {
    pub(super) sql: &'static str,
    pub(super) parameters: Vec<Parameter<'a>>,
}

pub(crate) enum Parameter<'a> {
    Boolean(bool),
    Bytes(Option<&'a [u8]>),
    Integer(i64),
    Text(Option<&'a str>),
}

impl<'a> Statement<'a> {
    pub(crate) const fn new(sql: &'static str) -> Self {
        Self {
            sql,
            parameters: Vec::new(),
        }
    }

    /// Makes a statement about one payment, whose key is `$1` to `$3`.
    pub(crate) fn about(key: &'a EventKey, sql: &'static str) -> Self {
        Self::new(sql)
            .bind(key.namespace())
            .bind(project(key))
            .bind(key.id())
    }

    /// Makes a statement about one effect, whose key is `$1` to `$4`.
    pub(crate) fn about_effect(key: &'a EffectKey, sql: &'static str) -> Self {
        Self::about(&key.event, sql).bind(&*key.name)
    }

    #[must_use]
    pub(crate) fn bind(mut self, parameter: impl Into<Parameter<'a>>) -> Self {
        self.parameters.push(parameter.into());
        self
    }
}

impl From<bool> for Parameter<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<'a> From<Option<&'a [u8]>> for Parameter<'a> {
    fn from(value: Option<&'a [u8]>) -> Self {
        Self::Bytes(value)
    }
}

impl From<i64> for Parameter<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl<'a> From<&'a str> for Parameter<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Parameter<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

/// Shows the statement, and no parameter: some are payloads.
impl fmt::Debug for Statement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("sql", &self.sql)
            .finish_non_exhaustive()
    }
}
