//! Inputs that a target begins with.

use std::{env, fs, path::PathBuf};

use aws_lc_rs::digest::{SHA256, digest};

/// Writes the seeds of a target into the folder of its corpus, which is the first folder among the
/// arguments. Does nothing without one, or while libFuzzer merges folders.
///
/// # Panics
///
/// If the folder cannot be written to.
pub fn write(seeds: impl IntoIterator<Item = Vec<u8>>) {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let is_merging = |argument: &String| argument.starts_with("-merge");
    let folder = arguments.iter().map(PathBuf::from).find(|it| it.is_dir());
    let Some(folder) = folder.filter(|_| !arguments.iter().any(is_merging)) else {
        return;
    };
    for seed in seeds {
        let hash = digest(&SHA256, &seed);
        let name: String = hash
            .as_ref()
            .iter()
            .take(20)
            .map(|it| format!("{it:02x}"))
            .collect();
        let path = folder.join(name);
        if !path.exists() {
            fs::write(path, seed).expect("a folder that can be written to");
        }
    }
}
