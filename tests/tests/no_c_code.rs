//! The dependency tree needs a C compiler only for CryptAPI and SQLite.

use postback_conformance::cargo;

/// Returns the packages that a build of `package` needs on this platform.
fn tree(package: &str, features: &str) -> Vec<String> {
    let packages = cargo::output(&[
        "tree",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--no-default-features",
        "--features",
        features,
    ]);
    let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    packages.lines().map(name).collect()
}

/// Returns the packages that compile or contain C code.
fn c_code(packages: &[String]) -> Vec<&String> {
    let is_c = |name: &&String| {
        match &***name {
            "bindgen" | "cc" | "cmake" | "ring" => true,
            // Declarations of the kernel's interface, in Rust.
            "linux-raw-sys" => false,
            _ => name.ends_with("-sys"),
        }
    };
    packages.iter().filter(is_c).collect()
}

#[test]
fn c_code_is_built_for_cryptapi_and_sqlite_only() {
    for (package, pure, with_c_code) in [
        ("postback-core", "", "cryptapi"),
        (
            "postback-core",
            "bigdecimal,cryptocloud,rust_decimal,testing,tracing",
            "cryptapi",
        ),
        ("postback-actix", "cryptocloud,tracing", "cryptapi"),
        ("postback-rocket", "cryptocloud,tracing", "cryptapi"),
        ("postback-tower", "axum,cryptocloud,tracing", "cryptapi"),
        (
            "postback-store",
            "memory,postgres,redis,redis-cluster",
            "sqlite",
        ),
    ] {
        let packages = tree(package, pure);
        assert!(packages.len() > 10, "{packages:?}");
        assert_eq!(c_code(&packages), Vec::<&String>::new(), "{package}");

        let packages = tree(package, with_c_code);
        assert!(!c_code(&packages).is_empty(), "control case: {package}");
    }
}
