//! Checks of the guide and of the other Markdown: each chapter is in the summary, links and
//! includes resolve, no handler is printed twice, each code has its heading, and the shell lines
//! sign genuine deliveries.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use postback_conformance::{corpus::Request, deliveries};
use postback_core::{PublicKey, SecretKey, Verifier, cryptapi::CryptApi, cryptocloud::CryptoCloud};

/// Lines from which on a function is one that must not be printed twice.
const LONG: usize = 7;

#[test]
fn summary_lists_each_chapter() {
    let pages = root().join("docs/guide/src");
    let summary = read(&pages.join("SUMMARY.md"));
    let listed: BTreeSet<_> = links(&summary)
        .into_iter()
        .map(|link| pages.join(link))
        .collect();
    let mut chapters: BTreeSet<_> = files(&pages, "md").into_iter().collect();
    assert!(chapters.remove(&pages.join("SUMMARY.md")));
    assert_eq!(listed, chapters);
    assert!(chapters.len() > 15, "{chapters:?}");
}

#[test]
fn tests_compile_each_chapter() {
    let library = read(&root().join("tests/src/lib.rs"));
    for file in files(&root().join("docs/guide/src"), "md") {
        let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
        let included = format!("include_str!(\"../../{name}\")");
        assert_eq!(
            library.contains(&included),
            !name.ends_with("SUMMARY.md"),
            "{name}"
        );
    }
}

/// A table of guarantees names its tests in its last column.
#[test]
fn tests_of_guarantees_exist() {
    let folders = ["contract", "faults"].map(|it| root().join("postback-store/tests").join(it));
    let sources = folders.iter().flat_map(|folder| files(folder, "rs"));
    let sources: Vec<_> = sources.map(|file| read(&file)).collect();
    let is_test = |name: &str| {
        let declared = ["fn _(", "fn _<", "\"_\""].map(|it| it.replace('_', name));
        let is_in = |source: &String| declared.iter().any(|it| source.contains(it));
        sources.iter().any(is_in)
    };
    let mut checked = 0_usize;
    for page in ["recording.md", "effects.md"] {
        let text = read(&root().join("docs/guide/src/payments").join(page));
        let mut is_in_table = false;
        for line in text.lines() {
            let last = line.strip_suffix(" |").and_then(|it| it.rsplit_once("| "));
            let Some((_, last)) = last else {
                is_in_table &= line.starts_with('|');
                continue;
            };
            if last == "test" {
                is_in_table = true;
            } else if is_in_table {
                let names: Vec<_> = last.split('`').skip(1).step_by(2).collect();
                assert!(!names.is_empty(), "{page}: {line}");
                for name in names.iter().filter(|name| name.contains('_')) {
                    let (_, function) = name.rsplit_once("::").unwrap_or(("", *name));
                    assert!(is_test(function), "{page}: {name}");
                    checked = checked.saturating_add(1);
                }
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn links_and_includes_resolve() {
    let mut checked = 0_usize;
    for file in files(&root(), "md") {
        let text = read(&file);
        let folder = file.parent().unwrap();
        for link in links(&text) {
            if link.contains("://") {
                continue;
            }
            let (path, fragment) = link.split_once('#').unwrap_or((&*link, ""));
            let target = match path {
                "" => file.clone(),
                path => folder.join(path),
            };
            assert!(target.exists(), "{}: {link}", file.display());
            if !fragment.is_empty() {
                let anchors = anchors(&read(&target));
                assert!(
                    anchors.contains(fragment),
                    "{}: {link}: {anchors:?}",
                    file.display()
                );
            }
            checked = checked.saturating_add(1);
        }
        for include in includes(&text) {
            assert!(
                folder.join(&include).is_file(),
                "{}: {include}",
                file.display()
            );
            checked = checked.saturating_add(1);
        }
    }
    assert!(checked > 50, "{checked}");
}

#[test]
fn each_example_is_included_in_one_chapter() {
    let mut included = Vec::new();
    for file in files(&root(), "md") {
        let folder = file.parent().unwrap();
        let paths = includes(&read(&file)).into_iter();
        included.extend(paths.map(|path| folder.join(path).canonicalize().unwrap()));
    }
    included.sort();
    let examples = ["actix", "axum", "rocket", "tower"];
    let examples = examples.map(|name| root().join(format!("examples/{name}/src/main.rs")));
    let examples = examples.map(|file| file.canonicalize().unwrap());
    assert_eq!(included, examples);
}

/// Compares Markdown, the documentation of the crates, and the examples, which the guide includes.
/// A copy with other names is found, too.
#[test]
fn no_handler_is_printed_twice() {
    let mut printed: BTreeMap<String, String> = BTreeMap::new();
    // The examples are one handler in four frameworks, on purpose: a reader takes the program of
    // one framework as a whole. They are compared with all other texts, but not with each other.
    let is_example = |name: &str| name.starts_with("examples/") && name.ends_with("/src/main.rs");
    let mut add = |place: &str, code: &str| {
        for function in functions(code) {
            let other = printed.insert(anonymous(&function), place.to_owned());
            let other = other.filter(|other| !is_example(other) || !is_example(place));
            assert_eq!(other, None, "printed in {place} too:\n{function}");
        }
    };
    for extension in ["rs", "md"] {
        for file in files(&root(), extension) {
            let name = file.strip_prefix(root()).unwrap().to_str().unwrap();
            if is_example(name) {
                add(name, &read(&file));
            }
            let blocks = blocks(&read(&file), extension == "rs");
            for block in blocks.iter().filter(|block| block.is_rust) {
                add(name, &block.code);
            }
        }
    }
    assert!(printed.len() > 15, "{}", printed.len());
}

#[test]
fn readme_is_short() {
    let readme = read(&root().join("README.md"));
    let rust = blocks(&readme, false)
        .iter()
        .filter(|it| it.is_rust)
        .count();
    assert!(readme.lines().count() <= 170, "{}", readme.lines().count());
    let words = readme.split_whitespace().count();
    assert!(words <= 1_000, "{words}");
    assert_eq!(rust, 2);
}

#[test]
fn each_published_crate_has_readme_and_licences() {
    for name in ["actix", "core", "rocket", "store", "tower"] {
        let package = root().join(format!("postback-{name}"));
        let lines = read(&package.join("README.md")).lines().count();
        assert!((30..=45).contains(&lines), "{name}: {lines}");
        let manifest = read(&package.join("Cargo.toml"));
        assert!(manifest.contains("\nreadme = \"README.md\"\n"), "{name}");
        for file in ["LICENSE-APACHE", "LICENSE-MIT"] {
            assert_eq!(
                read(&package.join(file)),
                read(&root().join(file)),
                "{name}: {file}"
            );
        }
    }
}

/// A code of a rejection or of a `Retry` is the first text of its row in the tables of core.
#[test]
fn each_code_has_one_heading() {
    let errors = read(&root().join("docs/guide/src/errors.md"));
    let mut codes = 0_usize;
    for file in ["rejection.rs", "retry.rs"] {
        let source = read(&root().join("postback-core/src").join(file));
        let (_, table) = source.split_once("const fn row(&self)").unwrap();
        let (table, _) = table.split_once("\n    }\n").unwrap();
        let texts = table.split('"').skip(1).step_by(2);
        let is_code = |text: &&str| {
            text.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        for code in texts.filter(is_code).filter(|text| *text != "allow") {
            assert!(errors.contains(&format!("\n### `{code}`\n")), "{code}");
            codes = codes.saturating_add(1);
        }
    }
    let headings = errors
        .lines()
        .filter(|line| line.starts_with("### `"))
        .count();
    assert_eq!(codes, headings);
    assert!(codes > 18, "{codes}");
}

#[test]
fn postback_signed_in_shell_is_verified() {
    let body = shell("cryptocloud", r#"printf %s "$body""#);
    let request = Request {
        method: "POST".to_owned(),
        target: "/postback".to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.into(),
    };
    let verifier = Verifier::new(CryptoCloud::new(), SecretKey::new("secret").unwrap());
    let payment = request.verify(&verifier).unwrap();
    assert_eq!(payment.invoice_id(), "ILRAJE1Q");
    assert!(request.verify(&deliveries::verifier()).is_err());
}

#[test]
fn callback_signed_in_shell_is_verified() {
    let printed = r#"printf '%s\n%s\n%s' "$target" "$signature" "$(cat callback_key_public.pem)""#;
    let output = shell("cryptapi", printed);
    let mut lines = output.splitn(3, '\n');
    let (target, signature) = (lines.next().unwrap(), lines.next().unwrap());
    let key = PublicKey::from_pem(lines.next().unwrap()).unwrap();
    let request = Request {
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers: vec![("x-ca-signature".to_owned(), signature.to_owned())],
        body: String::new().into(),
    };
    let provider = CryptApi::get(["https://shop.example"]).unwrap();
    let callback = request.verify(&Verifier::new(provider, key)).unwrap();
    assert_eq!(callback.uuid().as_untrusted_str(), "u-1");
}

/// The output of the shell lines that the guide marks with this name, and of one more.
fn shell(name: &str, printed: &str) -> String {
    let testing = read(&root().join("docs/guide/src/testing.md"));
    let (_, script) = testing
        .split_once(&format!("<!-- script: {name} -->"))
        .unwrap();
    let script = blocks(script, false).into_iter().next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command
        .arg("-ec")
        .arg(format!("{}\n{printed}", script.code));
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.unwrap().to_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

/// The files below a folder with this extension, without those that are built.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A block of code.
#[derive(Default)]
struct Block {
    is_rust: bool,
    /// The lines, except those that rustdoc and mdBook hide.
    code: String,
}

/// The blocks of code of a Markdown document, or of the doc comments of a source.
fn blocks(text: &str, is_source: bool) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        let line = match is_source {
            true => {
                let line = line.trim_start();
                let comment = line
                    .strip_prefix("//!")
                    .or_else(|| line.strip_prefix("///"));
                let Some(comment) = comment else {
                    open = None;
                    continue;
                };
                comment.strip_prefix(' ').unwrap_or(comment)
            }
            false => line,
        };
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                open = Some(Block {
                    is_rust: language.starts_with("rust") || (is_source && language != "text"),
                    code: String::new(),
                });
            }
            (None, Some(block)) if line != "#" && !line.starts_with("# ") => {
                block.code.push_str(line);
                block.code.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The targets of the links.
fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let parts = prose.split("](").skip(1);
    let targets = parts.filter_map(|part| part.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// The paths of the files that mdBook includes.
fn includes(text: &str) -> Vec<String> {
    let parts = text.split("{{#include ").skip(1);
    let paths = parts.filter_map(|part| part.split_once("}}"));
    paths.map(|(path, _)| path.to_owned()).collect()
}

/// The anchors of the headings, as mdBook and code hosts make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = prose(text);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// The functions of a text that are long, signature and body, without their indentation.
fn functions(code: &str) -> Vec<String> {
    let lines: Vec<_> = code.lines().collect();
    let is_function = |line: &str| {
        let line = line.trim_start().trim_start_matches("pub ");
        line.starts_with("fn ") || line.starts_with("async fn ")
    };
    let mut functions = Vec::new();
    for (at, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_function(line))
    {
        let indentation = line.len().saturating_sub(line.trim_start().len());
        let end = format!("{}}}", " ".repeat(indentation));
        let body = lines.iter().skip(at).take_while(|line| ***line != end);
        let body: Vec<_> = body.map(|line| line.trim()).collect();
        if body.len() >= LONG {
            functions.push(body.join("\n"));
        }
    }
    functions
}

/// Words of Rust that [`anonymous`] keeps.
const KEYWORDS: [&str; 16] = [
    "as", "async", "await", "else", "false", "fn", "for", "if", "in", "let", "loop", "match",
    "mut", "return", "true", "while",
];

/// Returns code without its comments, white space and texts, and with `_` for each name.
fn anonymous(code: &str) -> String {
    let mut anonymous = String::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => end_of_text(rest),
            '_' | 'a'..='z' | 'A'..='Z' => {
                let is_outside = |c: char| c != '_' && !c.is_alphanumeric();
                let end = rest.find(is_outside).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap();
                anonymous.push_str(match KEYWORDS.contains(&word) {
                    true => word,
                    false => "_",
                });
                end
            }
            // rustfmt adds commas where it breaks a line.
            ',' if is_last(rest) => 1,
            _ => {
                anonymous.extend(Some(first).filter(|c| !c.is_whitespace()));
                first.len_utf8()
            }
        };
        rest = rest.get(end..).unwrap();
    }
    anonymous
}

/// Returns whether a comma at the beginning of `code` is the last one in its brackets.
fn is_last(code: &str) -> bool {
    let after = code.trim_start_matches(',').trim_start();
    after.starts_with([')', ']', '}'])
}

/// Returns the position after the text that begins `code`, with its quotation marks.
fn end_of_text(code: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in code.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return at.saturating_add(1),
            _ => is_escaped = byte == b'\\' && !is_escaped,
        }
    }
    code.len()
}

#[test]
fn renamed_and_reformatted_copy_is_same_handler() {
    let credit = r#"async fn credit(store: &Store, id: &str) -> Result<(), Retry> {
        store.record(id, "a \"text\"").await?; // Once.
        Ok(())
    }"#;
    let renamed = r#"async fn paid(db: &Db, invoice: &str) -> Result<(), Error> {
        db.write(
            invoice,
            "another",
        )
        .await?;
        Ok(())
    }"#;
    assert_eq!(anonymous(credit), anonymous(renamed));
    let without_check = credit.replace(".await?", ".await");
    assert_ne!(anonymous(credit), anonymous(&without_check), "control case");
}
