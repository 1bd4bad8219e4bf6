use std::time::Duration;

use sqlx::{
    ColumnIndex, Connection, Database, Decode, Encode, Executor, IntoArguments, Pool, Row,
    Transaction, Type,
};

use super::{Migration, Parameter, Statement, Statements};
use crate::StoreError;

/// Database that a [`SqlStore`](super::SqlStore) can use: `sqlx::Sqlite` or `sqlx::Postgres`.
///
/// No other type can implement it.
pub trait SqlDatabase: Database<Connection: Run<Self>, Row: Columns> {
    /// True if the server has the time that leases are compared with. Otherwise the store's clock
    /// has it, and it is the last parameter of each statement that needs it.
    #[doc(hidden)]
    const HAS_CLOCK: bool;

    /// Scripts, each of which brings the schema to the next version.
    #[doc(hidden)]
    const MIGRATIONS: &'static [Migration];

    /// Time that a store waits for the reply to a statement, if a server sends it.
    #[doc(hidden)]
    const REPLY_TIMEOUT: Option<Duration>;

    #[doc(hidden)]
    const STATEMENTS: Statements;

    /// Returns how many rows a statement changed.
    #[doc(hidden)]
    fn rows_affected(result: &Self::QueryResult) -> u64;

    /// Checks that the database can keep records. Returns true if a statement outside of a
    /// transaction waits for a lock for a limited time only, and fails for no other transaction.
    #[doc(hidden)]
    fn check(
        pool: &Pool<Self>,
        connection: &mut Self::Connection,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Commits a transaction, or returns an error if one of its statements failed.
    #[doc(hidden)]
    fn commit(
        transaction: Transaction<'static, Self>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// Connection that runs statements.
pub trait Run<D: Database> {
    /// Runs a statement that returns no rows.
    fn run(
        &mut self,
        statement: Statement<'_>,
    ) -> impl Future<Output = Result<D::QueryResult, sqlx::Error>> + Send;

    /// Runs a statement and reads all its rows: SQLite commits after the last one.
    fn rows(
        &mut self,
        statement: Statement<'_>,
    ) -> impl Future<Output = Result<Vec<D::Row>, sqlx::Error>> + Send;

    /// Runs several statements without parameters.
    fn script(
        &mut self,
        script: &'static str,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

impl<C, D> Run<D> for C
where
    C: Connection<Database = D>,
    for<'c> &'c mut C: Executor<'c, Database = D>,
    D: Database<Connection = C, Arguments: IntoArguments<D>>,
    for<'v> bool: Encode<'v, D> + Type<D>,
    for<'v> i64: Encode<'v, D> + Type<D>,
    for<'v> Option<&'v [u8]>: Encode<'v, D> + Type<D>,
    for<'v> Option<&'v str>: Encode<'v, D> + Type<D>,
{
    async fn run(&mut self, statement: Statement<'_>) -> Result<D::QueryResult, sqlx::Error> {
        self.execute(query(statement)).await
    }

    async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<D::Row>, sqlx::Error> {
        self.fetch_all(query(statement)).await
    }

    async fn script(&mut self, script: &'static str) -> Result<(), sqlx::Error> {
        self.execute(sqlx::raw_sql(script)).await.map(drop)
    }
}

fn query<D>(statement: Statement<'_>) -> sqlx::query::Query<'_, D, D::Arguments>
where
    D: Database,
    for<'v> bool: Encode<'v, D> + Type<D>,
    for<'v> i64: Encode<'v, D> + Type<D>,
    for<'v> Option<&'v [u8]>: Encode<'v, D> + Type<D>,
    for<'v> Option<&'v str>: Encode<'v, D> + Type<D>,
{
    let parameters = statement.parameters.into_iter();
    parameters.fold(
        sqlx::query(statement.sql),
        |query, parameter| match parameter {
            Parameter::Boolean(value) => query.bind(value),
            Parameter::Bytes(value) => query.bind(value),
            Parameter::Integer(value) => query.bind(value),
            Parameter::Text(value) => query.bind(value),
        },
    )
}

/// Row whose columns are read by their names.
pub trait Columns {
    fn boolean(&self, column: &str) -> Result<bool, sqlx::Error>;

    fn integer(&self, column: &str) -> Result<i64, sqlx::Error>;

    fn text(&self, column: &str) -> Result<String, sqlx::Error>;

    fn optional_text(&self, column: &str) -> Result<Option<String>, sqlx::Error>;

    fn optional_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, sqlx::Error>;
}

impl<R> Columns for R
where
    R: Row,
    for<'c> &'c str: ColumnIndex<R>,
    for<'v> bool: Decode<'v, R::Database> + Type<R::Database>,
    for<'v> i64: Decode<'v, R::Database> + Type<R::Database>,
    for<'v> String: Decode<'v, R::Database> + Type<R::Database>,
    for<'v> Vec<u8>: Decode<'v, R::Database> + Type<R::Database>,
{
    fn boolean(&self, column: &str) -> Result<bool, sqlx::Error> {
        self.try_get(column)
    }

    fn integer(&self, column: &str) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }

    fn text(&self, column: &str) -> Result<String, sqlx::Error> {
        self.try_get(column)
    }

    fn optional_text(&self, column: &str) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }

    fn optional_bytes(&self, column: &str) -> Result<Option<Vec<u8>>, sqlx::Error> {
        self.try_get(column)
    }
}
