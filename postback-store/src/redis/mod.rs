//! A Redis server.

mod durability;
mod effects;
mod scripts;

use std::{fmt, sync::Arc, time::Duration};

#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
use redis::io::tcp::TcpSettings;
use redis::{
    Client, FromRedisValue, InfoDict, IntoConnectionInfo, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;

pub use self::durability::Durability;
use self::scripts::Scripts;
use crate::{StoreError, WAIT};

/// Effects in a Redis server, for a fleet that shares nothing else. There are no transactions of the application's to
/// claim in: [`once`](crate::once) is all.
///
/// ```no_run
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// use postback_store::redis::RedisStore;
///
/// let store = RedisStore::open("redis://127.0.0.1/").await?;
/// println!("{}", store.durability().await?);
/// # Ok(())
/// # }
/// ```
///
/// Each step is one script, which the server runs whole; leases end by the server's clock. Keys begin with `postback:`
/// and are kept for ever, for without them an old postback would be new. What they survive is for the server's settings
/// to see to: [`durability`](Self::durability) reads them. Redis 5 or later, alone or with replicas; a cluster is none.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    scripts: Arc<Scripts>,
}

impl RedisStore {
    /// Connects to a server, `redis://:password@host:port/database`, over one connection that is made anew when it
    /// breaks; a step fails after five seconds without an answer. TLS takes one of redis's features for it, in the
    /// application.
    ///
    /// # Errors
    ///
    /// As [`with_client`](Self::with_client).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let server = url.into_connection_info().map_err(failed)?;
        // A server that is gone without a word is noticed by what it does not acknowledge.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let server = server.set_tcp_settings(TcpSettings::default().set_user_timeout(WAIT));
        Self::with_client(Client::open(server).map_err(failed)?).await
    }

    /// As [`open`](Self::open), for a client that the application has set up: with certificates of its own, for
    /// example. Give it a `user_timeout` of TCP: without one a server that is gone without a word is asked in vain until the
    /// system gives the connection up, a quarter of an hour on Linux.
    ///
    /// # Errors
    ///
    /// [`StoreError::Evicts`] unless the server's `maxmemory-policy` is `noeviction`: under another one it forgets at
    /// need what was done, and another delivery would do it again. It is looked at here, and not again.
    /// [`StoreError::Failed`].
    pub async fn with_client(client: Client) -> Result<Self, StoreError> {
        let configuration = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(WAIT))
            .set_response_timeout(Some(WAIT))
            .set_number_of_retries(2)
            .set_max_delay(Duration::from_millis(500));
        let connection = ConnectionManager::new_with_config(client, configuration);
        let store = Self {
            connection: within(connection).await?,
            scripts: Arc::new(Scripts::new()),
        };
        match store.setting("memory", "maxmemory_policy").await? {
            Some(policy) if policy == "noeviction" => Ok(store),
            policy => Err(StoreError::Evicts {
                policy: policy.unwrap_or_else(|| "unknown".to_owned()),
            }),
        }
    }

    /// What the server's records survive, as it is set now.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        let appends = self.setting("persistence", "aof_enabled").await?;
        if appends.as_deref() != Some("1") {
            return Ok(Durability::Snapshots);
        }
        let sync = redis::cmd("CONFIG").arg(&["GET", "appendfsync"]).take();
        // Some servers keep their configuration to themselves.
        let sync: Result<(String, String), _> = self.ask(&sync).await;
        Ok(match sync.as_ref().map(|(_, sync)| &**sync) {
            Ok("always") => Durability::Always,
            Ok("everysec") => Durability::EverySecond,
            Ok("no") => Durability::SystemDecides,
            _ => Durability::Unknown,
        })
    }

    async fn setting(&self, section: &str, name: &str) -> Result<Option<String>, StoreError> {
        let information: InfoDict = self.ask(redis::cmd("INFO").arg(section)).await?;
        Ok(information.get(name))
    }

    async fn ask<T: FromRedisValue>(&self, command: &redis::Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        within(command.query_async(&mut connection)).await
    }
}

/// A server that says nothing is not waited for, nor is a connection that is made anew.
async fn within<T>(answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, StoreError> {
    match timeout(WAIT, answer).await {
        Ok(answer) => answer.map_err(failed),
        Err(late) => Err(StoreError::Failed(late.into())),
    }
}

fn failed(error: RedisError) -> StoreError {
    StoreError::Failed(error.into())
}

/// Shows nothing of the connection.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}
