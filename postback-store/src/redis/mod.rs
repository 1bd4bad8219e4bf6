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
use crate::{STORE_TIMEOUT, StoreError};

/// Effects in a Redis server, for several processes that share no database. There are no
/// transactions of the application's to record in, so that it offers
/// [`run_effect`](crate::run_effect) alone.
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
/// Each step is one atomic script; leases end by the server's clock. Keys begin with `postback:`
/// and are kept forever, because without them an old postback would be new. The server's settings
/// decide what they survive: [`durability`](Self::durability) reads them. It needs Redis 5 or
/// later, alone or with replicas. A cluster is not supported.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    scripts: Arc<Scripts>,
}

impl RedisStore {
    /// Connects to a server, `redis://:password@host:port/database`, over one connection that is
    /// made again when it breaks. A step fails if the server does not reply within five seconds.
    /// For TLS, enable one of redis's features for it in your application.
    ///
    /// # Errors
    ///
    /// As [`with_client`](Self::with_client).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let server = url.into_connection_info().map_err(failed)?;
        // A server that disappears is noticed by what it does not acknowledge.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let server =
            server.set_tcp_settings(TcpSettings::default().set_user_timeout(STORE_TIMEOUT));
        Self::with_client(Client::open(server).map_err(failed)?).await
    }

    /// Does the same as [`open`](Self::open) with a client that the application has set up: with
    /// its own certificates, for example. Give it a `user_timeout` of TCP: without one, a
    /// connection to a server that disappears is used until the system gives it up, after a quarter
    /// of an hour on Linux.
    ///
    /// # Errors
    ///
    /// [`StoreError::EvictionEnabled`] unless the server's `maxmemory-policy` is `noeviction`:
    /// under another one it may drop what was done, and another delivery would do it again. The
    /// policy is read here, and not again. [`StoreError::Failed`].
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

    /// Reads from the server what its records survive.
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
        // Some servers do not show their configuration.
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

/// Limits how long a reply is waited for, and a connection that is made again.
async fn within<T>(reply: impl Future<Output = Result<T, RedisError>>) -> Result<T, StoreError> {
    match timeout(STORE_TIMEOUT, reply).await {
        Ok(reply) => reply.map_err(failed),
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
