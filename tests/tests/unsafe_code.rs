//! Unsafe code in the sources of the dependencies, by the features that need them.
//!
//! Every word `unsafe` of a package's library is counted, also in macros, in unit tests and in
//! modules that a feature leaves out, so that the figures are upper bounds. Files and folders that
//! are named after another platform than Linux on x86-64 are left out, and so are procedural macros
//! and build scripts, because their code is in no program.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the counts are small, and a test stops where something is wrong"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use postback_conformance::cargo;
use proc_macro2::{TokenStream, TokenTree};
use serde_json::Value;

const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Packages of the project, and their features.
const FEATURE_SETS: [(&str, &str); 13] = [
    ("postback-core", ""),
    ("postback-core", "cryptocloud"),
    ("postback-core", "cryptapi"),
    ("postback-core", "cryptapi,cryptocloud"),
    ("postback-tower", "cryptocloud,tracing"),
    ("postback-tower", "axum,cryptocloud,tracing"),
    ("postback-actix", "cryptocloud,tracing"),
    ("postback-rocket", "cryptocloud,tracing"),
    ("postback-store", "memory"),
    ("postback-store", "sqlite"),
    ("postback-store", "postgres"),
    ("postback-store", "redis"),
    ("postback-store", "redis-cluster"),
];

/// Words in the names of files and folders for other platforms.
const OTHER_PLATFORMS: &str = "aarch64 android apple arm bsd csky darwin emscripten freebsd hermit \
    hexagon hurd i686 illumos ios kqueue loongarch32 loongarch64 m68k macos mips mips32r6 mips64 \
    mips64r6 msvc musl netbsd newlib openbsd powerpc powerpc64 ppc riscv riscv32 riscv64 riscv64gc \
    s390x solarish sparc sparc64 uclibc vxworks wasi wasm wasm32 windows x32 x86 xtensa";

/// Unsafe code of a package, or of several.
#[derive(Clone, Copy, Default)]
struct Count {
    blocks: usize,
    functions: usize,
    /// `unsafe impl` and `unsafe trait`.
    impls: usize,
}

impl Count {
    fn total(self) -> usize {
        self.blocks + self.functions + self.impls
    }

    fn add(&mut self, other: Self) {
        self.blocks += other.blocks;
        self.functions += other.functions;
        self.impls += other.impls;
    }

    /// Adds the unsafe code of a file.
    fn read(&mut self, file: &Path) {
        let text = fs::read_to_string(file).unwrap();
        if !text.contains("unsafe") {
            return;
        }
        let tokens = text
            .parse()
            .unwrap_or_else(|error| panic!("{file:?}: {error}"));
        self.read_tokens(tokens);
    }

    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.read_tokens(group.stream()),
                TokenTree::Ident(word) if word == "unsafe" => match tokens.peek() {
                    Some(TokenTree::Ident(next)) if next == "impl" || next == "trait" => {
                        self.impls += 1;
                    }
                    // Also the type of a function, and a block of foreign functions.
                    Some(TokenTree::Ident(_)) => self.functions += 1,
                    // Also an attribute, and the pattern of a macro.
                    _ => self.blocks += 1,
                },
                _ => {}
            }
        }
    }
}

/// Returns the folder of the sources of each package, by name and version.
fn folders() -> BTreeMap<String, PathBuf> {
    let metadata = cargo::output(&[
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        TARGET,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let mut folders = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let library = package["targets"]
            .as_array()
            .unwrap()
            .iter()
            .find(|target| {
                let kind = target["kind"][0].as_str().unwrap();
                kind.ends_with("lib")
            });
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let id = format!("{} v{}", text(&package["name"]), text(&package["version"]));
        if let Some(library) = library {
            let root = PathBuf::from(text(&library["src_path"]));
            folders.insert(id, root.parent().unwrap().to_owned());
        }
    }
    folders
}

/// Returns the packages whose code a program contains, by name and version.
fn tree(package: &str, features: &str) -> BTreeSet<String> {
    let lines = cargo::output(&[
        "tree",
        "--package",
        package,
        "--no-default-features",
        "--features",
        features,
        "--target",
        TARGET,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let id = |line: &str| {
        let words: Vec<_> = line.split(' ').take(2).collect();
        words.join(" ")
    };
    lines.lines().map(id).collect()
}

fn count(folder: &Path) -> Count {
    let mut count = Count::default();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let mut others = OTHER_PLATFORMS.split(' ');
        if others.any(|other| stem != "x86_64" && stem.split('_').any(|word| word == other)) {
            continue;
        }
        if path.is_dir() {
            count.add(self::count(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            count.read(&path);
        }
    }
    count
}

#[test]
fn table_in_security_has_unsafe_code_of_each_feature_set() {
    let folders = folders();
    let mut counts = BTreeMap::new();
    let mut rows = Vec::new();
    for (package, features) in FEATURE_SETS {
        let packages = tree(package, features);
        assert!(packages.len() > 5, "{packages:?}");
        let (mut sum, mut safe) = (Count::default(), 0);
        for id in &packages {
            let one = *counts
                .entry(id.clone())
                .or_insert_with(|| count(&folders[id]));
            assert!(
                !id.starts_with("postback-") || one.total() == 0,
                "{id} has unsafe code"
            );
            safe += usize::from(one.total() == 0);
            sum.add(one);
        }
        let features = match features {
            "" => "none".to_owned(),
            features => format!("`{}`", features.replace(',', "`, `")),
        };
        let Count {
            blocks,
            functions,
            impls,
        } = sum;
        rows.push(format!(
            "| `{package}` | {features} | {} | {safe} | {blocks} | {functions} | {impls} |",
            packages.len(),
        ));
    }
    let table = rows.join("\n");
    let security = include_str!("../../SECURITY.md");
    assert!(security.contains(&table), "the table is now\n{table}");
}

#[test]
fn unsafe_code_is_counted_by_its_kind() {
    let mut count = Count::default();
    let code = r#"
        // unsafe { in a comment }
        unsafe impl Send for A {}
        unsafe trait T { unsafe fn f(); }
        macro_rules! m { () => { unsafe { "unsafe" } } }
        fn g(f: unsafe extern "C" fn()) { let r#unsafe = unsafe { f() }; }
    "#;
    count.read_tokens(code.parse().unwrap());
    assert_eq!((count.blocks, count.functions, count.impls), (2, 2, 2));
}
