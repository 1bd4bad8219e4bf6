//! Takes the handlers out of the documentation and the examples, as they are printed there, so that
//! `tests/printed_handlers.rs` can send deliveries to them.

use std::{env, error::Error, fs, io, path::Path};

/// The examples: whole files.
const EXAMPLES: [(&str, &str); 4] = [
    ("example_actix", "examples/actix/src/main.rs"),
    ("example_axum", "examples/axum/src/main.rs"),
    ("example_rocket", "examples/rocket/src/main.rs"),
    ("example_tower", "examples/tower/src/main.rs"),
];

/// The documents, in Markdown or in doc comments: a handler is the block of code after
/// `<!-- handler: NAME -->`. rustdoc and mdBook do not show lines after `# `: [`Hidden`] says what
/// becomes of them.
const DOCUMENTS: [(&str, Hidden); 10] = [
    ("README.md", Hidden::Kept),
    ("docs/guide/src/adding-a-provider.md", Hidden::Kept),
    ("docs/guide/src/payments/effects.md", Hidden::Kept),
    ("docs/guide/src/payments/recording.md", Hidden::Kept),
    ("docs/guide/src/providers/cryptapi.md", Hidden::Kept),
    ("postback-actix/src/lib.rs", Hidden::Kept),
    ("postback-rocket/src/lib.rs", Hidden::Kept),
    ("postback-store/src/sqlite/mod.rs", Hidden::Dropped),
    ("postback-tower/src/axum/mod.rs", Hidden::Kept),
    ("postback-tower/src/lib.rs", Hidden::Kept),
];

#[derive(PartialEq)]
enum Hidden {
    /// A test of their own.
    Dropped,
    /// Items.
    Kept,
}

/// Writes `printed/NAME.rs` for each handler, and their names as an array into `printed.rs`.
fn main() -> Result<(), Box<dyn Error>> {
    // Cargo runs it in the folder of the package.
    let root = Path::new("..");
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    let out = Path::new(&out);
    let printed = out.join("printed");
    // A handler whose block is gone must not be tested any more.
    match fs::remove_dir_all(&printed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir(&printed)?,
    }
    let mut names = Vec::new();
    let mut write = |name: &str, code: String| -> Result<(), Box<dyn Error>> {
        if names.iter().any(|other| other == name) {
            return Err(format!("two handlers are called {name}").into());
        }
        names.push(name.to_owned());
        Ok(fs::write(printed.join(name).with_extension("rs"), code)?)
    };
    for (name, file) in EXAMPLES {
        let text = read(root, file)?;
        let code = text.lines().filter(|line| !line.starts_with("//!"));
        write(name, joined(code))?;
    }
    for (file, hidden) in DOCUMENTS {
        let text = read(root, file)?;
        let mut lines = text.lines().map(|line| match file.ends_with(".rs") {
            true => without_comment(line),
            false => line,
        });
        while let Some(line) = lines.next() {
            let marker = line.strip_prefix("<!-- handler: ");
            let Some(name) = marker.and_then(|marker| marker.strip_suffix(" -->")) else {
                continue;
            };
            let code = lines.by_ref().skip_while(|line| !line.starts_with("```"));
            let code = code.skip(1).take_while(|line| !line.starts_with("```"));
            let code = code.filter_map(|line| match line.strip_prefix('#') {
                Some(item) if item.is_empty() || item.starts_with(' ') => {
                    (hidden == Hidden::Kept).then_some(item)
                }
                _ => Some(line),
            });
            write(name, joined(code))?;
        }
    }
    fs::write(out.join("printed.rs"), format!("{names:?}"))?;
    Ok(())
}

/// The line without the marks of a doc comment.
fn without_comment(line: &str) -> &str {
    let marked = line.trim_start();
    let comment = marked
        .strip_prefix("//!")
        .or_else(|| marked.strip_prefix("///"));
    comment.map_or(line, |it| it.strip_prefix(' ').unwrap_or(it))
}

fn read(root: &Path, file: &str) -> Result<String, Box<dyn Error>> {
    let path = root.join(file);
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(&path).map_err(|error| format!("{file}: {error}").into())
}

fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.flat_map(|line| [line, "\n"]).collect()
}
