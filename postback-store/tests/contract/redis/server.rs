//! Server processes of a test, which changes their settings or ends them.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redis::{Connection, FromRedisValue, InfoDict, RedisResult, ToRedisArgs};
use tempfile::TempDir;

/// Server of its own for a test.
pub(super) struct Server {
    process: Child,
    folder: TempDir,
    /// Port on the loopback interface, or zero.
    pub(super) port: u16,
}

impl Server {
    /// Starts a server with an append-only file.
    pub(super) fn start() -> Self {
        Self::with(&["--appendonly", "yes"])
    }

    /// Starts a server that has neither an append-only file nor save points, unless the arguments
    /// set them.
    pub(super) fn with(arguments: &[&str]) -> Self {
        Self::on_port(0, arguments)
    }

    /// Starts a server that other servers can connect to.
    pub(super) fn on_free_port(arguments: &[&str]) -> Self {
        Self::on_port(free_port(), arguments)
    }

    fn on_port(port: u16, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--unixsocket"])
            .arg(folder.path().join("redis.sock"))
            .arg("--dir")
            .arg(folder.path())
            .args(arguments)
            .stdout(Stdio::null())
            .spawn();
        let server = Self {
            process: process.unwrap(),
            folder,
            port,
        };
        until(|| server.try_connect().is_ok());
        server
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Returns the address of its Unix socket.
    pub(super) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    fn try_connect(&self) -> RedisResult<Connection> {
        redis::Client::open(self.url())?.get_connection()
    }

    pub(super) fn set(&self, name: &str, value: &str) {
        self.ask::<()>("CONFIG", &["SET", name, value]);
    }

    /// Sends a command.
    pub(super) fn ask<T: FromRedisValue>(&self, command: &str, arguments: impl ToRedisArgs) -> T {
        self.try_ask(command, arguments).unwrap()
    }

    pub(super) fn try_ask<T: FromRedisValue>(
        &self,
        command: &str,
        arguments: impl ToRedisArgs,
    ) -> RedisResult<T> {
        let command = redis::cmd(command).arg(arguments).take();
        command.query(&mut self.try_connect()?)
    }

    /// Waits until a replica has received all writes.
    pub(super) fn wait_until_replicated(&self, replica: &Self) {
        let information = |server: &Self, name: &str| -> Option<String> {
            server.ask::<InfoDict>("INFO", "replication").get(name)
        };
        until(|| {
            let link = information(replica, "master_link_status");
            let received = information(replica, "slave_repl_offset");
            link.as_deref() == Some("up") && received == information(self, "master_repl_offset")
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a port that no process has.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Waits until something is true.
pub(super) fn until(mut is_true: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_true() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it stays false");
        thread::sleep(Duration::from_millis(10));
    }
}
