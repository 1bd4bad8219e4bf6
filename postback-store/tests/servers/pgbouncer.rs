//! A pgbouncer in front of a database.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

/// Process that does not outlive the test.
pub(crate) struct PgBouncer {
    /// Address of the database behind it.
    pub(crate) url: String,
    process: Child,
    _folder: TempDir,
}

/// Returns true if the program is installed.
pub(crate) fn is_installed() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(PROGRAM).exists())
}

const PROGRAM: &str = "pgbouncer";

#[expect(
    clippy::expect_used,
    reason = "without a server there is nothing to do"
)]
impl PgBouncer {
    /// Starts in front of the database at an address. It does not keep prepared statements apart.
    pub(crate) fn start(pool_mode: &str, database: &str) -> Self {
        let server: PgConnectOptions = database.parse().expect("an address");
        let (host, user) = (server.get_host(), server.get_username());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let folder = tempfile::tempdir().expect("a folder");
        // The program does not run as root, and reads its file as another user.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        let file = folder.path().join("pgbouncer.ini");
        let configuration = format!(
            "[databases]
            * = host={host} port={} user={user}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = {pool_mode}
            ; sqlx sets it when it connects.
            ignore_startup_parameters = extra_float_digits
            ",
            server.get_port(),
        );
        let mut lines: Vec<_> = configuration.lines().map(str::trim_start).collect();
        if knows_prepared_statements() {
            lines.push("max_prepared_statements = 0");
        }
        fs::write(&file, lines.join("\n")).expect("a file");
        let mut command = Command::new(PROGRAM);
        let owner = fs::metadata(&file).expect("a file").uid();
        if owner == 0 {
            command.args(["--user", "postgres"]);
        }
        let process = command
            .arg("--quiet")
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "it does not start"
            );
            thread::sleep(Duration::from_millis(10));
        }
        let database = server.get_database().expect("a database");
        Self {
            url: format!("postgres://{user}@127.0.0.1:{port}/{database}"),
            process,
            _folder: folder,
        }
    }
}

/// Returns true if the program is version 1.21 or later.
#[expect(
    clippy::expect_used,
    reason = "without a server there is nothing to do"
)]
fn knows_prepared_statements() -> bool {
    let shown = Command::new(PROGRAM).arg("--version").output();
    let shown = String::from_utf8(shown.expect("it runs").stdout).expect("a text");
    let mut numbers = shown.split(['.', ' ', '\n']);
    let version = numbers.by_ref().skip(1).take(2).map(str::parse::<u32>);
    let version: Vec<_> = version.collect::<Result<_, _>>().expect("numbers");
    version >= vec![1, 21]
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
