use std::sync::Arc;

#[cfg(feature = "redis-cluster")]
use redis::cluster::ClusterClient;
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo};

use super::{
    Durability, RedisStore, connection::Connection, failed, keys::Keys, scripts::Scripts, within,
};
use crate::StoreError;
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
use crate::limits::STORE_TIMEOUT;

/// Settings of a [`RedisStore`], made by [`RedisStore::builder`].
///
/// ```no_run
/// # async fn open() -> Result<(), Box<dyn std::error::Error>> {
/// use postback_store::redis::RedisStore;
///
/// // Keys are `{shop}:effect:…`.
/// let store = RedisStore::builder().prefix("shop").open("redis://127.0.0.1/").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder opens no store by itself"]
pub struct RedisStoreBuilder {
    prefix: Box<str>,
    allows_no_persistence: bool,
}

impl RedisStoreBuilder {
    pub(super) fn new() -> Self {
        Self {
            prefix: "postback".into(),
            allows_no_persistence: false,
        }
    }

    /// Sets the beginning of all keys, without the braces around it. Two applications that share a
    /// server and have different prefixes share no effects. Defaults to `postback`.
    ///
    /// A prefix is not empty and contains no `{` and no `}`. It never changes: **under a new
    /// prefix, every effect that is done runs again.**
    pub fn prefix(self, prefix: &str) -> Self {
        Self {
            prefix: prefix.into(),
            ..self
        }
    }

    /// Accepts a server that writes nothing to disk. **When it restarts, all records are lost**:
    /// pending effects are forgotten, an effect that was done runs again when its payment is
    /// delivered again, and fencing tokens start again.
    ///
    /// Call it for tests, or if a loss is acceptable.
    pub fn allow_no_persistence(self) -> Self {
        Self {
            allows_no_persistence: true,
            ..self
        }
    }

    /// Opens the store on a server, as [`RedisStore::open`] does.
    ///
    /// # Errors
    ///
    /// As [`with_client`](Self::with_client).
    pub async fn open(self, url: &str) -> Result<RedisStore, StoreError> {
        let server = url.into_connection_info().map_err(failed)?;
        // Closes a connection to a server that has disappeared, because it acknowledges no data.
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let server =
            server.set_tcp_settings(TcpSettings::default().set_user_timeout(STORE_TIMEOUT));
        self.with_client(Client::open(server).map_err(failed)?)
            .await
    }

    /// Opens the store on a server, as [`RedisStore::with_client`] does.
    ///
    /// # Errors
    ///
    /// - [`StoreError::InvalidPrefix`] if the [prefix](Self::prefix) is empty or contains a brace.
    /// - [`StoreError::EvictionEnabled`] if the server's `maxmemory-policy` is neither `noeviction`
    ///   nor `volatile-…`: another policy may drop the record of an effect that was done, so that
    ///   it runs again. A `volatile-…` policy drops no record, because records do not expire.
    /// - [`StoreError::NotPersistent`] if the server has neither an append-only file nor save
    ///   points, unless it is [allowed](Self::allow_no_persistence). A server that does not return
    ///   its configuration is accepted.
    /// - [`StoreError::Failed`].
    ///
    /// The settings of the server are checked when the store is opened, and not again.
    pub async fn with_client(self, client: Client) -> Result<RedisStore, StoreError> {
        let keys = Keys::new(&self.prefix)?;
        let connection = within(Connection::to_server(client)).await?;
        self.on(connection.map_err(failed)?, keys).await
    }

    /// Opens the store on a cluster, as [`RedisStore::with_cluster`] does.
    ///
    /// # Errors
    ///
    /// As [`with_client`](Self::with_client). The settings are those of the node that has the keys.
    #[cfg(feature = "redis-cluster")]
    pub async fn with_cluster(self, client: ClusterClient) -> Result<RedisStore, StoreError> {
        let keys = Keys::new(&self.prefix)?;
        let connection = within(Connection::to_cluster(&client, &keys.pending)).await?;
        self.on(connection.map_err(failed)?, keys).await
    }

    async fn on(self, connection: Connection, keys: Keys) -> Result<RedisStore, StoreError> {
        let store = RedisStore {
            connection,
            keys: Arc::new(keys),
            scripts: Arc::new(Scripts::new()),
        };
        let policy = store.information("memory", "maxmemory_policy").await?;
        let policy = policy.unwrap_or_else(|| "unknown".to_owned());
        // Records do not expire, so that a policy for keys that do drops none.
        if policy != "noeviction" && !policy.starts_with("volatile-") {
            return Err(StoreError::EvictionEnabled { policy });
        }
        let is_allowed = self.allows_no_persistence;
        if !is_allowed && store.durability().await? == Durability::NotPersistent {
            return Err(StoreError::NotPersistent);
        }
        Ok(store)
    }
}
