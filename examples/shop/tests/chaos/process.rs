//! The shop as a process, and the requests that it receives.

use std::{
    collections::HashSet,
    fs,
    future::Future,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use postback_conformance::{
    client::Client,
    corpus::Request,
    fixtures::{ORIGIN, SIGNING_KEY},
    raw::Connection,
    receiver::{Running, receiver},
    shop::Senders,
};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::{invoices::secret, scenario::UNREAD};

/// Process of the shop, with its folder.
pub(crate) struct Process {
    pub(crate) senders: Senders,
    folder: TempDir,
    running: Running,
    client: Arc<Client>,
    /// Each request that was sent.
    sent: Mutex<Vec<Vec<u8>>>,
}

impl Process {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let key = SIGNING_KEY.public_key_pem().expect("a public half");
        fs::write(folder.path().join(KEY), key).expect("a file");
        let running = run(folder.path());
        Self {
            senders: Senders::with_new_key().to(running.base()),
            folder,
            running,
            client: Arc::default(),
            sent: Mutex::default(),
        }
    }

    /// Kills the process, and starts another one in its folder.
    pub(crate) fn restart(self) -> Self {
        drop(self.running);
        let running = run(self.folder.path());
        Self {
            senders: self.senders.to(running.base()),
            running,
            ..self
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the number of requests that were sent, and of those that differ from all others.
    pub(crate) fn sent(&self) -> (usize, usize) {
        let sent = self.sent.lock().expect("no panic");
        (sent.len(), sent.iter().collect::<HashSet<_>>().len())
    }

    /// Sends a request, and returns the status of the response, or [`UNREAD`].
    pub(crate) fn send(
        &self,
        request: Request,
        is_read: bool,
    ) -> impl Future<Output = u16> + use<> {
        let bytes = request.raw(&request.target);
        self.sent.lock().expect("no panic").push(bytes.clone());
        let (client, base) = (Arc::clone(&self.client), self.running.base().to_owned());
        async move {
            if is_read {
                let response = client.send(request.to(&base)).await;
                return response.expect("a response").0.as_u16();
            }
            let address: SocketAddr = base.trim_start_matches("http://").parse().expect("a host");
            let mut connection = Connection::open(address).await;
            assert!(connection.send(bytes).await);
            // The shop is at work on it.
            sleep(Duration::from_millis(2)).await;
            connection.reset();
            UNREAD
        }
    }
}

const KEY: &str = "key.pem";

/// Folder of the messages.
pub(crate) const MAIL: &str = "mail";

/// Database.
pub(crate) const DATABASE: &str = "shop.db";

fn run(folder: &Path) -> Running {
    let mut shop = receiver(env!("CARGO_BIN_EXE_shop"));
    shop.env("CRYPTAPI_PUBLIC_KEY_FILE", folder.join(KEY))
        .env("CRYPTOCLOUD_SECRET", secret("cryptocloud"))
        .env("DATABASE_FILE", folder.join(DATABASE))
        .env("MAIL_FOLDER", folder.join(MAIL))
        .env("PUBLIC_ORIGIN", ORIGIN)
        .env("TRYBIT_SECRET", secret("trybit"));
    Running::start(&mut shop)
}
