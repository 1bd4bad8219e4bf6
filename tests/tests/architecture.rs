//! Core decides, adapters translate: words that the code of each does not contain, and the paths
//! that the description names.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test panics when it fails"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words of statuses, headers, limits, encodings and cryptography, which only core contains.
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

/// Rejections that an adapter makes itself: its framework could not read the body, or there is no
/// verifier.
const REJECTIONS_OF_ADAPTERS: [&str; 4] = [
    "body_too_large",
    "BodyUnreadable",
    "not_configured",
    "new::<",
];

/// Words of frameworks, I/O, the environment, global state and runtimes, which core does not
/// contain.
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
fn adapter_code_contains_no_rule_of_core() {
    let adapters = [
        "postback-actix/src",
        "postback-rocket/src",
        "postback-tower/src",
    ];
    let lines = adapters
        .iter()
        .flat_map(|folder| lines_without(folder, &NOT_IN_ADAPTERS));
    for (place, line) in lines {
        // Rocket's type, which is made from a number of core's.
        for status in line.split("Status::").skip(1) {
            let number = status.strip_prefix("new(");
            let is_cores = number.is_some_and(|it| !it.starts_with(|it: char| it.is_ascii_digit()));
            assert!(is_cores, "{place}: Status::{status}");
        }
        for rejection in line.split("Rejection::").skip(1) {
            let is_allowed = REJECTIONS_OF_ADAPTERS
                .iter()
                .any(|it| rejection.starts_with(it));
            assert!(is_allowed, "{place}: Rejection::{rejection}");
        }
    }
}

#[test]
fn core_code_contains_no_framework_and_no_io() {
    lines_without("postback-core/src", &NOT_IN_CORE);
}

#[test]
fn dependencies_of_core_are_those_listed() {
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

#[test]
fn paths_in_architecture_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let is_path = |it: &&str| {
        let names_folder = it.contains('/') || it.starts_with("postback-");
        let is_word = !it.contains(|it: char| it.is_whitespace() || "(<:".contains(it));
        is_word && (names_folder || it.ends_with(".rs") || it.ends_with(".md"))
    };
    // Text between two backticks is every second piece of a line.
    let quoted = text
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths: Vec<_> = quoted.filter(is_path).collect();
    assert!(paths.len() > 20, "{paths:?}");
    for path in paths {
        assert!(root().join(path).exists(), "{path}");
    }
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("a folder of the project").to_owned()
}

/// Returns the lines of code in a folder with their places. Panics if one contains one of `words`.
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

/// Returns the lines that are neither blank, nor comments, nor in a module of tests, with their
/// numbers.
fn code(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    (1..)
        .zip(text.lines())
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number, line.to_owned()))
        .collect()
}
