//! Table of the shop's credits. It allows the same payment twice.

pub(crate) const CREDITS: &str = "CREATE TABLE credits (id TEXT NOT NULL)";

/// `SQLite` reads `$1` as Postgres does.
pub(crate) const CREDIT: &str = "INSERT INTO credits (id) VALUES ($1)";
