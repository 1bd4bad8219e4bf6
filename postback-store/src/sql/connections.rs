//! Connections, and the time that a store waits for them and for their replies.

use sqlx::{Connection, Database, pool::PoolConnection, pool::PoolOptions};
use tokio::time::timeout;

use super::{SqlDatabase, SqlStore, Statement, rows, run, silence::Wait};
use crate::{
    StoreError,
    limits::{STORE_TIMEOUT, UNTESTED},
};

/// Returns the options of a store's own pool.
///
/// A connection is tested only if it was idle for a second, because a test takes as long as a
/// statement: connections under load are not tested, and those from before a restart of the server
/// are.
pub(crate) fn pool_options<D: Database>() -> PoolOptions<D> {
    PoolOptions::new()
        .acquire_timeout(STORE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection: &mut D::Connection, of| {
            Box::pin(async move {
                if of.idle_for >= UNTESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

/// Limits the time to wait for the reply of a server.
pub(crate) async fn reply<D: SqlDatabase, T>(
    reply: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    let Some(limit) = D::REPLY_TIMEOUT else {
        return Ok(reply.await?);
    };
    let wait = Wait::begin();
    let reply = timeout(limit, reply).await.map_err(failed)?;
    wait.end();
    Ok(reply?)
}

/// Runs an operation to its end on a task of its own, and limits the time to wait for it.
///
/// A transaction that is being begun must not be dropped: its connection would return to the pool
/// while the server has the transaction open, and what runs on it next would not be committed.
pub(super) async fn uncancelled<T: Send + 'static>(
    operation: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, StoreError> {
    // The operation waits for a connection, and for the reply to a statement.
    let limit = STORE_TIMEOUT.saturating_mul(2);
    let ended = timeout(limit, tokio::spawn(operation)).await;
    Ok(ended.map_err(failed)?.map_err(failed)??)
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Failed(error.into())
}

impl<D: SqlDatabase> SqlStore<D> {
    /// Takes a connection for statements outside of a transaction.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<D>, StoreError> {
        let connection = timeout(STORE_TIMEOUT, self.pool.acquire()).await;
        Ok(connection.map_err(failed)??)
    }

    /// Runs a statement in a transaction of its own, and returns how many rows it changed.
    pub(super) async fn run(&self, statement: Statement<'_>) -> Result<u64, StoreError> {
        if !self.session_is_limited {
            let mut transaction = self.begin().await?;
            let changed = run::<D>(&mut transaction, statement).await?;
            self.commit(transaction).await?;
            return Ok(changed);
        }
        let mut connection = self.acquire().await?;
        let changed = run::<D>(&mut connection, statement).await;
        close_if_failed(&mut connection, changed)
    }

    /// Runs a statement in a transaction of its own, and returns its rows.
    pub(super) async fn rows(&self, statement: Statement<'_>) -> Result<Vec<D::Row>, StoreError> {
        if !self.session_is_limited {
            let mut transaction = self.begin().await?;
            let rows = rows::<D>(&mut transaction, statement).await?;
            self.commit(transaction).await?;
            return Ok(rows);
        }
        let mut connection = self.acquire().await?;
        let rows = rows::<D>(&mut connection, statement).await;
        close_if_failed(&mut connection, rows)
    }
}

/// Closes a connection whose statement failed: it may still wait for the reply.
fn close_if_failed<D: Database, T>(
    connection: &mut PoolConnection<D>,
    result: Result<T, StoreError>,
) -> Result<T, StoreError> {
    if matches!(result, Err(StoreError::Failed(_))) {
        connection.close_on_drop();
    }
    result
}
