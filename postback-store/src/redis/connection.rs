use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{
    Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
#[cfg(feature = "redis-cluster")]
use redis::{
    cluster::{ClusterClient, ClusterConfig},
    cluster_async::ClusterConnection,
    cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr},
};

use crate::limits::STORE_TIMEOUT;

/// Connection to a server, or to the nodes of a cluster.
#[derive(Clone)]
pub(super) enum Connection {
    #[cfg(feature = "redis-cluster")]
    Cluster {
        connection: ClusterConnection,
        /// Leads to the primary node of the keys.
        route: Route,
    },
    Server(Arc<Server>),
}

/// Connection to a server, which is made again when it breaks, or when the server is not the
/// primary anymore.
pub(super) struct Server {
    client: Client,
    current: Mutex<Numbered>,
}

#[derive(Clone)]
struct Numbered {
    /// Rises with each connection that replaces another one.
    number: u64,
    connection: ConnectionManager,
}

impl Connection {
    pub(super) async fn to_server(client: Client) -> RedisResult<Self> {
        let connection = ConnectionManager::new_with_config(client.clone(), configuration());
        let current = Numbered {
            number: 0,
            connection: connection.await?,
        };
        Ok(Self::Server(Arc::new(Server {
            client,
            current: Mutex::new(current),
        })))
    }

    /// Connects to a cluster. All commands go to the primary node of `key`.
    #[cfg(feature = "redis-cluster")]
    pub(super) async fn to_cluster(client: &ClusterClient, key: &str) -> RedisResult<Self> {
        let configuration = ClusterConfig::new()
            .set_connection_timeout(STORE_TIMEOUT)
            .set_response_timeout(STORE_TIMEOUT);
        let connection = client.get_async_connection_with_config(configuration);
        Ok(Self::Cluster {
            connection: connection.await?,
            route: Route::with_key(key, SlotAddr::Master),
        })
    }

    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        match self {
            #[cfg(feature = "redis-cluster")]
            Self::Cluster { connection, route } => {
                let route = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(*route));
                let mut connection = connection.clone();
                let reply = connection.route_command(command.clone(), route).await?;
                reply.extract_error()
            }
            Self::Server(server) => server.send(command).await,
        }
    }
}

impl Server {
    async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let mut current = self.current().clone();
        match command.query_async(&mut current.connection).await {
            Err(error) if is_demoted(&error) => {
                let mut connection = self.reconnect(current.number)?;
                command.query_async(&mut connection).await
            }
            reply => reply,
        }
    }

    /// Replaces the connection with this number, unless another task has replaced it.
    fn reconnect(&self, number: u64) -> RedisResult<ConnectionManager> {
        let mut current = self.current();
        if current.number == number {
            let client = self.client.clone();
            *current = Numbered {
                number: number.wrapping_add(1),
                connection: ConnectionManager::new_lazy_with_config(client, configuration())?,
            };
        }
        Ok(current.connection.clone())
    }

    /// Locks the connection to copy or to replace it, without waiting for a server.
    fn current(&self) -> MutexGuard<'_, Numbered> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn configuration() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(STORE_TIMEOUT))
        .set_response_timeout(Some(STORE_TIMEOUT))
        .set_number_of_retries(2)
        .set_max_delay(Duration::from_millis(500))
}

/// Returns true if a server executed nothing because it is a replica, or may be about to be one:
/// the address may lead to another server by now. The connection itself is not broken, and would be
/// used forever.
fn is_demoted(error: &RedisError) -> bool {
    let ErrorKind::Server(kind) = error.kind() else {
        return false;
    };
    match kind {
        // A replica reads the data of its primary before anything else.
        ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::ReadOnly => {
            true
        }
        // Before Redis 7, the error of a command in a script is only a part of the text.
        ServerErrorKind::ResponseError => error
            .detail()
            .is_some_and(|detail| detail.contains("-READONLY ")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use redis::{RedisError, parse_redis_value};

    use super::is_demoted;

    fn error(line: &str) -> RedisError {
        let value = parse_redis_value(line.as_bytes()).unwrap();
        value.extract_error().unwrap_err()
    }

    #[test]
    fn replica_is_demoted() {
        for line in [
            "-READONLY You can't write against a read only replica.\r\n",
            "-READONLY You can't write against a read only replica. script: 5f, on @user_script:9.\r\n",
            "-ERR Error running script (call to f_5f): @user_script:9: @user_script: 9: -READONLY You \
             can't write against a read only replica.\r\n",
            "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
            "-LOADING Redis is loading the dataset in memory\r\n",
        ] {
            assert!(is_demoted(&error(line)), "{line}");
        }
    }

    #[test]
    fn full_server_is_not_demoted() {
        for line in [
            "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
            "-ERR Error running script (call to f_5f): @user_script:9: @user_script: 9: -OOM command \
             not allowed when used memory > 'maxmemory'.\r\n",
            "-NOSCRIPT No matching script.\r\n",
        ] {
            assert!(!is_demoted(&error(line)), "{line}");
        }
    }
}
