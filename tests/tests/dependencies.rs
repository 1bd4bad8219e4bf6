//! The table of direct dependencies lists those of the manifests.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use postback_conformance::cargo;
use serde_json::Value;

/// The users of a crate, and its licence.
type Row = (BTreeSet<String>, String);

/// Returns the packages of the workspace and of its tree.
fn packages() -> Vec<Value> {
    let metadata = cargo::output(&["metadata", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns the direct dependencies of the published crates, without those of tests.
fn declared() -> BTreeMap<String, Row> {
    let packages = packages();
    let licence = |dependency: &Value| {
        let mut found = packages.iter().filter(|package| {
            let requirement = text(&dependency["req"]);
            let version = text(&package["version"]);
            package["name"] == dependency["name"] && is_caret(&requirement, &version)
        });
        text(&found.next().unwrap()["license"])
    };
    let mut rows = BTreeMap::<String, Row>::new();
    for package in &packages {
        let name = text(&package["name"]);
        let is_published = package["source"].is_null() && package["publish"].is_null();
        let Some(user) = name.strip_prefix("postback-").filter(|_| is_published) else {
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["kind"] == "dev" {
                continue;
            }
            let row = rows
                .entry(text(&dependency["name"]))
                .or_insert_with(|| (BTreeSet::new(), licence(dependency)));
            row.0.insert(user.to_owned());
        }
    }
    rows
}

/// Returns whether a version may satisfy a caret requirement: it begins with the same number, and
/// with the same two if the first is zero.
fn is_caret(requirement: &str, version: &str) -> bool {
    let requirement = requirement.trim_start_matches('^');
    let significant = |text: &str| {
        let numbers: Vec<_> = text.split('.').map(str::to_owned).collect();
        let count = if text.starts_with("0.") { 2 } else { 1 };
        numbers.into_iter().take(count).collect::<Vec<_>>()
    };
    significant(requirement) == significant(version)
}

/// Returns the rows of the table.
fn listed() -> Vec<(String, Row)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dependencies.md");
    let text = fs::read_to_string(file).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, name, users, reason, licence, health, loss, _] = cells[..] else {
            unreachable!("{row}");
        };
        let is_own = name.contains("postback-");
        assert!(
            !reason.is_empty() && !health.is_empty() && (is_own || !loss.is_empty()),
            "{row}"
        );
        let users = users.split(", ").map(str::to_owned).collect();
        (
            name.trim_matches('`').to_owned(),
            (users, licence.to_owned()),
        )
    })
    .collect()
}

#[test]
fn each_dependency_of_workspace_is_used() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let manifest = fs::read_to_string(file).unwrap();
    let (_, rest) = manifest.split_once("\n[workspace.dependencies]\n").unwrap();
    let (declared, _) = rest.split_once("\n[").unwrap();
    let lines = declared.lines().filter(|line| !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split_once(" = "));
    let declared: BTreeSet<_> = names.map(|(name, _)| name.to_owned()).collect();
    assert!(declared.len() > 50, "{declared:?}");

    let packages = packages();
    let members = packages.iter().filter(|it| it["source"].is_null());
    let used = members.flat_map(|member| member["dependencies"].as_array().unwrap());
    let used: BTreeSet<_> = used.map(|dependency| text(&dependency["name"])).collect();
    let unused: Vec<_> = declared.difference(&used).collect();
    assert_eq!(unused, Vec::<&String>::new());
}

#[test]
fn table_lists_direct_dependencies_with_their_users_and_licences() {
    let listed = listed();
    let names: Vec<_> = listed.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted(), "{names:?}");
    let table: BTreeMap<_, _> = listed.iter().cloned().collect();
    assert_eq!(table.len(), names.len(), "repeated name");
    assert_eq!(table, declared());
}
