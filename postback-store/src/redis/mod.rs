//! Store on a Redis server.

mod builder;
mod connection;
mod durability;
mod effects;
mod keys;
mod scripts;

use std::{collections::BTreeMap, fmt, sync::Arc};

#[cfg(feature = "redis-cluster")]
use redis::cluster::ClusterClient;
use redis::{
    Client, ErrorKind, FromRedisValue, InfoDict, RedisError, RedisResult, ServerErrorKind,
    ToRedisArgs, Value, from_redis_value,
};
use tokio::time::timeout;

pub use self::{builder::RedisStoreBuilder, durability::Durability};
use self::{
    connection::Connection,
    keys::Keys,
    scripts::{Script, Scripts},
};
use crate::{StoreError, limits::STORE_TIMEOUT};

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
/// Each step is one atomic script. Leases end by the server's clock. The server must be Redis 5 or
/// later.
///
/// # Keys
///
/// Keys begin with `{postback}:`, or with [another prefix](RedisStoreBuilder::prefix) in braces.
/// They do not expire and are kept forever, because without them an old postback would be new.
/// [`prune`](Self::prune) drops payloads alone.
///
/// # Memory and disk
///
/// A server whose `maxmemory-policy` is `allkeys-…` is rejected, because it may drop the record of
/// an effect that was done, so that it runs again. With `noeviction` and with `volatile-…`, a
/// server whose memory is full records no effect, and the effect does not run.
///
/// A server that writes nothing to disk is rejected, unless it is
/// [allowed](RedisStoreBuilder::allow_no_persistence). [`durability`](Self::durability) reads which
/// failures the records survive.
///
/// # Replicas and clusters
///
/// After a failover, a server that was the primary may be a replica. It accepts no writes, and does
/// not close its connections. When a step fails for this reason, or while a server loads its data,
/// the store connects to its address again and repeats the step one time. The address must
/// therefore lead to the new primary: it is a name or a proxy that follows it.
///
/// `with_cluster`, of the feature `redis-cluster`, opens a store on a cluster. The braces are a
/// hash tag, so that all keys of a store are in one slot, and one node has them. While the keys of
/// that slot move to another node one by one, steps may fail until all of them have moved.
#[derive(Clone)]
pub struct RedisStore {
    connection: Connection,
    keys: Arc<Keys>,
    scripts: Arc<Scripts>,
}

impl RedisStore {
    /// Returns a builder, to open a store with other settings.
    pub fn builder() -> RedisStoreBuilder {
        RedisStoreBuilder::new()
    }

    /// Connects to a server, `redis://:password@host:port/database`, over one connection that is
    /// made again when it breaks. A step fails if the server does not reply within five seconds.
    /// For TLS, enable a feature of the `redis` crate for it in your application.
    ///
    /// # Errors
    ///
    /// As [`RedisStoreBuilder::with_client`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::builder().open(url).await
    }

    /// Does the same as [`open`](Self::open) with a client of the application, which has its own
    /// certificates, for example. Set a TCP `user_timeout` for the client: without one, a
    /// connection to a server that has disappeared is used until the system closes it, after a
    /// quarter of an hour on Linux.
    ///
    /// # Errors
    ///
    /// As [`RedisStoreBuilder::with_client`].
    pub async fn with_client(client: Client) -> Result<Self, StoreError> {
        Self::builder().with_client(client).await
    }

    /// Connects to a cluster, whose nodes the client finds. A step fails if there is no reply
    /// within five seconds. Set a TCP `user_timeout` for the client, as for
    /// [`with_client`](Self::with_client).
    ///
    /// # Errors
    ///
    /// As [`RedisStoreBuilder::with_cluster`].
    #[cfg(feature = "redis-cluster")]
    pub async fn with_cluster(client: ClusterClient) -> Result<Self, StoreError> {
        Self::builder().with_cluster(client).await
    }

    /// Reads from the server which failures its records survive. In a cluster, this is the node
    /// that has the keys.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    pub async fn durability(&self) -> Result<Durability, StoreError> {
        let appends = self.information("persistence", "aof_enabled").await?;
        if appends.as_deref() != Some("1") {
            return Ok(match self.configured("save").await?.as_deref() {
                Some("") => Durability::NotPersistent,
                Some(_) => Durability::Snapshots,
                None => Durability::Unknown,
            });
        }
        Ok(match self.configured("appendfsync").await?.as_deref() {
            Some("always") => Durability::Always,
            Some("everysec") => Durability::EverySecond,
            Some("no") => Durability::SystemDecides,
            _ => Durability::Unknown,
        })
    }

    /// Returns a field of the server's information about itself.
    async fn information(&self, section: &str, name: &str) -> Result<Option<String>, StoreError> {
        let information = self.send(redis::cmd("INFO").arg(section)).await?;
        let information: InfoDict = parsed(information.map_err(failed)?)?;
        Ok(information.get(name))
    }

    /// Returns a setting of the server, or `None` if the server does not return its configuration.
    async fn configured(&self, name: &str) -> Result<Option<String>, StoreError> {
        match self.send(redis::cmd("CONFIG").arg("GET").arg(name)).await? {
            Ok(settings) => {
                let mut settings: BTreeMap<String, String> = parsed(settings)?;
                Ok(settings.remove(name))
            }
            // The command has another name, or the user may not call it.
            Err(error) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
                Ok(None)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Runs a script, which a server that has not run it before has to be sent.
    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: impl ToRedisArgs,
    ) -> Result<T, StoreError> {
        let call = |command, script: &str| {
            let mut call = redis::cmd(command);
            call.arg(script).arg(keys.len()).arg(keys).arg(&arguments);
            call
        };
        let reply = within(async {
            match self.connection.send(&call("EVALSHA", &script.hash)).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    self.connection.send(&call("EVAL", script.text)).await
                }
                reply => reply,
            }
        });
        parsed(reply.await?.map_err(failed)?)
    }

    async fn send(&self, command: &redis::Cmd) -> Result<RedisResult<Value>, StoreError> {
        within(self.connection.send(command)).await
    }
}

/// Limits the time to wait for a reply, and for a connection that is made again.
async fn within<T>(reply: impl Future<Output = T>) -> Result<T, StoreError> {
    let reply = timeout(STORE_TIMEOUT, reply).await;
    reply.map_err(|late| StoreError::Failed(late.into()))
}

fn parsed<T: FromRedisValue>(reply: Value) -> Result<T, StoreError> {
    // The reply is not shown: a payload may be in it.
    from_redis_value(reply).map_err(|_| StoreError::Inconsistent {
        found: "a reply of the server that cannot be parsed".to_owned(),
    })
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
