//! The shop's own table: credits. It does not forbid that one is credited twice.

pub(crate) const CREDITS: &str = "CREATE TABLE credits (id TEXT NOT NULL)";

/// `SQLite` reads `$1` as Postgres does.
pub(crate) const CREDIT: &str = "INSERT INTO credits (id) VALUES ($1)";
