//! A service outside of any database: files, each created or appended to atomically.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

#[derive(Clone)]
pub(crate) struct FileEffects {
    folder: PathBuf,
}

impl FileEffects {
    pub(crate) fn at(folder: OsString) -> Self {
        let outside = Self {
            folder: folder.into(),
        };
        for part in ["at_work", "effects", "acknowledged"] {
            fs::create_dir_all(outside.folder.join(part)).expect("a folder");
        }
        outside
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins an effect, which must not be running.
    pub(crate) fn begin(&self, id: &str) {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.path("at_work", id));
        made.expect("no other worker runs it");
    }

    /// Runs the effect.
    pub(crate) fn act(&self, id: &str) {
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.path("effects", id));
        file.expect("a file")
            .write_all(b"x")
            .expect("it is written");
    }

    pub(crate) fn end(&self, id: &str) {
        fs::remove_file(self.path("at_work", id)).expect("it was begun");
    }

    /// Notes that the provider received an acknowledgement.
    pub(crate) fn acknowledged(&self, id: &str) {
        fs::write(self.path("acknowledged", id), "").expect("a file");
    }

    /// Ends the effects of a process that was killed.
    pub(crate) fn end_all(&self) {
        for id in self.all("at_work") {
            self.end(&id);
        }
    }

    /// Returns how often each effect was run. A process that was killed before it wrote may have
    /// created an empty file.
    pub(crate) fn effects(&self) -> BTreeMap<String, u64> {
        let runs = |id: String| {
            let file = fs::metadata(self.path("effects", &id));
            let times = file.expect("a file").len();
            (id, times)
        };
        let effects = self.all("effects").into_iter().map(runs);
        effects.filter(|(_, times)| *times > 0).collect()
    }

    pub(crate) fn all(&self, part: &str) -> BTreeSet<String> {
        let files = fs::read_dir(self.folder.join(part)).expect("a folder");
        let name = |file: std::io::Result<fs::DirEntry>| {
            let name = file.expect("a file").file_name();
            name.into_string().expect("a text")
        };
        files.map(name).collect()
    }

    fn path(&self, part: &str, id: &str) -> PathBuf {
        self.folder.join(part).join(id)
    }
}
