//! Core decides, adapters translate: what each may not name, and how small adapters stay.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What only core may know: statuses, headers, limits, encodings, cryptography.
const NOT_IN_ADAPTERS: [&str; 22] = [
    "1024",
    "65536",
    "65_536",
    "application/",
    "authenticate",
    "base64",
    "cache-control",
    "CONTENT_ENCODING",
    "CONTENT_TYPE",
    "content-",
    "error\"",
    "hmac",
    "json",
    "KiB",
    "match rejection",
    "match self.0",
    "sha2",
    "Status { ",
    "status(4",
    "status(5",
    "StatusCode::",
    "token",
];

/// What an adapter may say of a refusal: that its framework could not read the body, or that it finds
/// no verifier.
const REFUSALS_OF_ADAPTERS: [&str; 4] = [
    "body_too_large",
    "BodyUnreadable",
    "not_configured",
    "new::<",
];

/// What core may not know: frameworks, I/O, the environment, global state, a runtime.
const NOT_IN_CORE: [&str; 19] = [
    "actix",
    "async ",
    "axum",
    "env::",
    "eprint",
    "fs::",
    "http::",
    "hyper",
    "io::",
    "LazyLock",
    "net::",
    "OnceLock",
    "println!",
    "process::",
    "rocket",
    "static mut",
    "thread",
    "tokio",
    "tower",
];

#[test]
fn adapters_translate_and_decide_nothing() {
    let adapters = [
        "postback-actix/src",
        "postback-rocket/src",
        "postback-tower/src",
    ];
    let lines = adapters
        .iter()
        .flat_map(|folder| lines_without(folder, &NOT_IN_ADAPTERS));
    for (place, line) in lines {
        // Rocket's type: made of core's number, or handed on.
        for status in line.split("Status::").skip(1) {
            let made = status.strip_prefix("new(");
            let of_ours = made.is_some_and(|it| !it.starts_with(|it: char| it.is_ascii_digit()));
            assert!(of_ours, "{place}: Status::{status}");
        }
        for refusal in line.split("Rejection::").skip(1) {
            let allowed = REFUSALS_OF_ADAPTERS
                .iter()
                .any(|it| refusal.starts_with(it));
            assert!(allowed, "{place}: Rejection::{refusal}");
        }
    }
}

#[test]
fn core_knows_no_framework_and_does_no_io() {
    lines_without("postback-core/src", &NOT_IN_CORE);
}

#[test]
fn core_depends_on_what_was_decided_and_nothing_else() {
    let manifest = fs::read_to_string(root().join("postback-core/Cargo.toml")).unwrap();
    let tables: Vec<_> = manifest
        .lines()
        .filter(|line| line.starts_with('[') && line.contains("dependencies"))
        .collect();
    assert_eq!(tables, ["[dependencies]", "[dev-dependencies]"]);
    let (_, rest) = manifest.split_once("\n[dependencies]\n").unwrap();
    let (dependencies, _) = rest.split_once("\n[").unwrap();
    let names: Vec<_> = dependencies
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    let decided = [
        "aws-lc-rs",
        "base64",
        "bigdecimal",
        "bytes",
        "form_urlencoded",
        "hmac",
        "jsonwebtoken",
        "memchr",
        "percent-encoding",
        "rust_decimal",
        "rustls-pki-types",
        "serde",
        "serde_json",
        "serde_path_to_error",
        "serde_urlencoded",
        "sha1",
        "sha2",
        "smol_str",
        "thiserror",
        "time",
        "tracing",
    ];
    assert_eq!(names, decided);
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("a folder of the project").to_owned()
}

/// The code lines of a folder with their places, none of which may hold one of `words`.
fn lines_without(folder: &str, words: &[&str]) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for file in sources(folder) {
        for (number, line) in code(&file) {
            let place = format!("{}:{number}", file.display());
            for word in words {
                assert!(!line.contains(word), "{place}: {word}");
            }
            lines.push((place, line));
        }
    }
    lines
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// Lines that are neither blank, nor comments, nor a module of tests, with their numbers.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    (1..)
        .zip(text.lines())
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number, line.to_owned()))
        .collect()
}
