//! Facts about the workspace that cargo prints.

use std::{path::Path, process::Command};

/// Runs cargo in the workspace, without the network and with the versions of the lock file, and
/// returns its output.
#[must_use]
pub fn output(arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO"))
        .current_dir(root.parent().expect("the tests are in the workspace"))
        .args(arguments)
        .args(["--locked", "--offline"])
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}
