//! Store on a Redis server.

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
use crate::{STORE_TIMEOUT, StoreError};

/// Effects on a Redis server, for several processes that share no database.
///
/// A Redis server has no transactions of the application to record in. The store therefore runs
/// effects, by [`run_effect`](crate::run_effect), and has no `record_in`.
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
/// Each step is one atomic script. Leases end by the server's clock. Keys begin with `postback:`
/// and are kept forever, because without them an old postback would be new. The server's settings
/// decide which failures they survive: [`durability`](Self::durability) reads them.
///
/// The server must be Redis 5 or later, alone or with replicas. A cluster is not supported.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    scripts: Arc<Scripts>,
}

impl RedisStore {
    /// Connects to a server, `redis://:password@host:port/database`, over one connection that is
    /// made again when it breaks. A step fails if the server does not reply within five seconds.
    /// For TLS, enable a feature of the `redis` crate for it in your application.
    ///
    /// # Errors
    ///
    /// As [`with_client`](Self::with_client).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let server = url.into_connection_info().map_err(failed)?;
        // Closes a connection to a server that has disappeared, because it acknowledges no data.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let server =
            server.set_tcp_settings(TcpSettings::default().set_user_timeout(STORE_TIMEOUT));
        Self::with_client(Client::open(server).map_err(failed)?).await
    }

    /// Does the same as [`open`](Self::open) with a client of the application, which has its own
    /// certificates, for example. Set a TCP `user_timeout` for the client: without one, a
    /// connection to a server that has disappeared is used until the system closes it, after a
    /// quarter of an hour on Linux.
    ///
    /// # Errors
    ///
    /// [`StoreError::EvictionEnabled`] unless the server's `maxmemory-policy` is `noeviction`:
    /// another policy may drop the record of an effect that was done, so that it runs again. The
    /// policy is read when the store is opened. [`StoreError::Failed`].
    pub async fn with_client(client: Client) -> Result<Self, StoreError> {
        let configuration = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(STORE_TIMEOUT))
            .set_response_timeout(Some(STORE_TIMEOUT))
            .set_number_of_retries(2)
            .set_max_delay(Duration::from_millis(500));
        let connection = ConnectionManager::new_with_config(client, configuration);
        let store = Self {
            connection: within(connection).await?,
            scripts: Arc::new(Scripts::new()),
        };
        match store.setting("memory", "maxmemory_policy").await? {
            Some(policy) if policy == "noeviction" => Ok(store),
            policy => Err(StoreError::EvictionEnabled {
                policy: policy.unwrap_or_else(|| "unknown".to_owned()),
            }),
        }
    }

    /// Reads from the server which failures its records survive.
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
        // Some servers do not return their configuration.
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

/// Limits the time to wait for a reply, and for a connection that is made again.
async fn within<T>(reply: impl Future<Output = Result<T, RedisError>>) -> Result<T, StoreError> {
    match timeout(STORE_TIMEOUT, reply).await {
        Ok(reply) => reply.map_err(failed),
        Err(late) => Err(StoreError::Failed(late.into())),
    }
}

fn failed(error: RedisError) -> StoreError {
    StoreError::Failed(error.into())
}

/// Shows no address and no password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").finish_non_exhaustive()
    }
}
