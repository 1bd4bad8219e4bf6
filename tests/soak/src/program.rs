use std::{
    error::Error,
    fs,
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, Command},
    sync::{Mutex, mpsc},
    time::timeout,
};

use crate::findings::Findings;

/// A program under test. Its process ends with this value.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
    stdin: Mutex<ChildStdin>,
    /// A value for each time that the process printed that it has replaced its keys.
    replaced: Mutex<mpsc::Receiver<()>>,
    printed: Arc<AtomicU64>,
}

/// Memory and file descriptors of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) at: Duration,
    pub(crate) resident_kib: u64,
    pub(crate) descriptors: u64,
}

/// Longest time that a process takes to start or to replace its keys.
const LONGEST: Duration = Duration::from_secs(60);

impl Program {
    /// Starts the program, which is beside this one, and waits until it listens.
    pub(crate) async fn start(
        name: &'static str,
        environment: &[(&str, &str)],
        findings: &Arc<Findings>,
    ) -> Result<Self, Box<dyn Error>> {
        let folder = std::env::current_exe()?;
        let file = folder.with_file_name(name);
        if !file.exists() {
            return Err(format!("{} does not exist: build it first", file.display()).into());
        }
        let mut child = Command::new(file)
            .envs(environment.iter().copied())
            .env("BIND", "127.0.0.1:0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pipe = || format!("{name} has no pipe");
        let stdin = child.stdin.take().ok_or_else(pipe)?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or_else(pipe)?).lines();
        let mut stderr = BufReader::new(child.stderr.take().ok_or_else(pipe)?).lines();
        let address = timeout(LONGEST, address(&mut stderr)).await?;
        let address = address.ok_or_else(|| format!("{name} ended"))?;
        let (sender, replaced) = mpsc::channel(1);
        let printed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&printed);
        tokio::spawn(async move {
            while let Ok(Some(_)) = stdout.next_line().await {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        let findings = Arc::clone(findings);
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                if line.contains("panicked") || line.starts_with("invalid keys") {
                    findings.fail(format!("{name}: {line}"));
                }
                if line == "keys replaced" && sender.send(()).await.is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            name,
            address,
            child,
            stdin: Mutex::new(stdin),
            replaced: Mutex::new(replaced),
            printed,
        })
    }

    /// Returns the number of lines that the process printed to its standard output.
    pub(crate) fn printed(&self) -> u64 {
        self.printed.load(Ordering::Relaxed)
    }

    /// Writes a line with new keys to the process, and waits until they are in force.
    pub(crate) async fn replace_keys(&self, line: &str) -> Result<(), Box<dyn Error>> {
        let mut stdin = self.stdin.lock().await;
        stdin.write_all(line.as_bytes()).await?;
        stdin.write_all(b"\n").await?;
        stdin.flush().await?;
        let replaced = timeout(LONGEST, async { self.replaced.lock().await.recv().await });
        replaced.await?.ok_or("the process ended")?;
        Ok(())
    }

    /// Reads memory and file descriptors of the process from `/proc`.
    pub(crate) fn sample(&self, begun: Instant) -> Result<Sample, Box<dyn Error>> {
        let id = self.child.id().ok_or("the process ended")?;
        let folder = Path::new("/proc").join(id.to_string());
        let status = fs::read_to_string(folder.join("status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|line| line.split_whitespace().next());
        Ok(Sample {
            at: begun.elapsed(),
            resident_kib: resident.ok_or("the process ended")?.parse()?,
            descriptors: u64::try_from(fs::read_dir(folder.join("fd"))?.count())?,
        })
    }
}

/// Reads lines until one of them ends with an address.
async fn address(lines: &mut Lines<impl AsyncBufRead + Unpin>) -> Option<SocketAddr> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, address)) = line.split_once("listening on http://") {
            return address.trim().parse().ok();
        }
        eprintln!("{line}");
    }
    None
}
