//! Checks the words of the project: those of `words.txt` occur in no Markdown, comment, string
//! literal or name. CONTRIBUTING.md says how sentences are written instead.
//!
//! `PROSE=postback-store cargo test -p postback-conformance --test prose` checks the files whose
//! path begins so.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "the repository's own texts are read, and the test stops where one is malformed"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Lines that may hold words of the list: the beginning of a file's path, that of the line, and the
/// reason.
const ALLOWED: [(&str, &str, &str); 2] = [
    (
        "CONTRIBUTING.md",
        "|",
        "its tables show words and sentences before they are corrected",
    ),
    ("tests/tests/prose.rs", "", "tests itself with the words"),
];

/// Words of the list that have a proper meaning, whether Rust code may hold them, and the meaning.
/// [`is_proper`] recognises it in texts.
const PROPER: [(&str, bool, &str); 4] = [
    ("merchant*", false, "a value of CryptoCloud's"),
    ("nonce*", true, "the query parameter"),
    ("once", true, "the adverb, and `iter::once`"),
    ("scope", true, "`thread::scope` and `web::scope`"),
];

/// Names of frameworks, providers and standards, in any case.
const FOREIGN: [&str; 3] = ["GatewayTimeout", "InvoiceSettled", "NotYetValid"];

/// First words that make a doc comment a clause or a fragment. It begins with a third-person verb
/// or a noun phrase.
const NOT_FIRST: &str = "And As Because Behind But By Else For From How If In It None Nothing Of Or \
    So That There They Those What When Where Whether Who Whoever Whose Why With Without";

/// Parts that a test name does not have.
const NOT_IN_TEST_NAMES: [&str; 7] = ["a", "an", "the", "who", "what", "nobody", "none"];

const COLUMNS: usize = 100;

#[test]
fn texts_hold_no_forbidden_word() {
    assert_without_hits(|path, text, rules| {
        let mut hits = words_of(path, text, rules);
        hits.retain(|hit| !is_allowed(path, text, hit));
        hits.extend(layout_of(path, text));
        hits
    });
}

#[test]
fn code_holds_no_forbidden_word() {
    assert_without_hits(|path, text, rules| {
        let mut hits = identifiers_of(path, text, rules);
        hits.retain(|hit| !is_allowed(path, text, hit));
        hits
    });
}

#[test]
fn allow_list_is_short() {
    assert!(ALLOWED.len() + PROPER.len() + FOREIGN.len() < 10);
}

/// Checks each file, and panics with all hits, in the order of the files.
fn assert_without_hits(check: impl Fn(&str, &str, &[Rule]) -> Vec<Hit>) {
    let only = env::var("PROSE").unwrap_or_default();
    let rules = Rule::all();
    let mut lines = Vec::new();
    for path in files() {
        if path.starts_with(&only) {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            let mut hits = check(&path, &text, &rules);
            hits.sort();
            lines.extend(
                hits.iter()
                    .map(|it| format!("{path}:{}: {}: {}", it.line, it.found, it.instead)),
            );
        }
    }
    assert!(
        lines.is_empty(),
        "write otherwise:\n{}\n{} hits",
        lines.join("\n"),
        lines.len()
    );
}

fn is_allowed(path: &str, text: &str, hit: &Hit) -> bool {
    let line = text.lines().nth(hit.line - 1).unwrap_or_default();
    ALLOWED
        .iter()
        .any(|(file, begin, _)| path.starts_with(file) && line.starts_with(begin))
}

fn is_foreign(name: &str) -> bool {
    let name = name.replace('_', "");
    FOREIGN.iter().any(|it| it.eq_ignore_ascii_case(&name))
}

/// One place that has to be written otherwise.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    line: usize,
    found: String,
    instead: String,
}

/// Finds words that are forbidden.
fn words_of(path: &str, text: &str, rules: &[Rule]) -> Vec<Hit> {
    let passages = passages(path, text);
    let mut hits: Vec<_> = passages
        .iter()
        .flat_map(|it| forbidden(it, rules))
        .collect();
    if path.ends_with(".rs") {
        hits.extend(test_names(path, text));
    }
    hits
}

/// Finds names in Rust code that have a forbidden word for a part.
fn identifiers_of(path: &str, text: &str, rules: &[Rule]) -> Vec<Hit> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let rules: Vec<_> = rules
        .iter()
        .filter(|it| {
            let is_proper =
                |(word, in_code, _): &(&str, bool, &str)| *in_code && *word == it.words[0];
            it.words.len() == 1 && !PROPER.iter().any(is_proper)
        })
        .collect();
    let mut hits = Vec::new();
    for (line, name) in Source::of(text).identifiers {
        let rule = rules.iter().find(|it| fits_alone(it.words[0], name));
        hits.extend(rule.filter(|_| !is_foreign(name)).map(|it| Hit {
            line,
            found: name.to_owned(),
            instead: it.instead.to_owned(),
        }));
    }
    hits
}

/// Finds lines that are too wide, and doc comments that begin otherwise than they should.
fn layout_of(path: &str, text: &str) -> Vec<Hit> {
    let mut hits = wide_lines(path, text);
    if path.ends_with(".rs") {
        hits.extend(doc_comments(text));
    }
    hits
}

// The rules.

/// One line of `words.txt`.
struct Rule {
    words: Vec<&'static str>,
    after_comma: bool,
    instead: &'static str,
}

impl Rule {
    fn all() -> Vec<Self> {
        include_str!("words.txt")
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let (words, instead) = line.split_once(" = ").expect("word = instead");
                Self {
                    words: words.trim_start_matches(", ").split(' ').collect(),
                    after_comma: words.starts_with(','),
                    instead,
                }
            })
            .collect()
    }

    /// Returns whether the words of a text, from one on, are those of the rule.
    fn fits(&self, text: &str, words: &[Word<'_>]) -> bool {
        let (first, rest) = (self.words[0], &self.words[1..]);
        if rest.is_empty() && !self.after_comma {
            return fits_alone(first, words[0].text);
        }
        words.len() > rest.len()
            && words[0].text.eq_ignore_ascii_case(first)
            && words[1..]
                .iter()
                .zip(rest)
                .all(|(it, wanted)| it.text == *wanted)
            && words[..=rest.len()]
                .windows(2)
                .all(|pair| text[pair[0].end..pair[1].start].chars().all(is_gap))
            && (!self.after_comma
                || text[..words[0].start]
                    .trim_end_matches(is_gap)
                    .ends_with(','))
    }
}

fn fits_alone(wanted: &str, word: &str) -> bool {
    if wanted.contains(|it: char| it.is_ascii_uppercase() || it == '_') {
        return word == wanted;
    }
    parts(word).iter().any(|part| fits_part(wanted, part))
}

fn fits_part(wanted: &str, part: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => part.starts_with(beginning),
        None => part == wanted,
    }
}

/// Returns the parts of an identifier in lower case: `["stored", "url"]` of `StoredUrl` and
/// `stored_url`.
fn parts(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before = ' ';
    for letter in word.chars() {
        if letter == '_' || letter == '\'' || before.is_lowercase() && letter.is_uppercase() {
            parts.push(String::new());
        }
        if letter.is_alphanumeric() {
            let last = parts.last_mut().expect("one is there");
            last.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    parts
}

/// Returns whether a word that a rule fits has its proper meaning here, by what surrounds it.
fn is_proper(rule: &str, text: &str, words: &[Word<'_>], at: usize) -> bool {
    let word = words[at];
    let before = text[..word.start].chars().next_back().unwrap_or('"');
    let after = text[word.end..].chars().next().unwrap_or('"');
    let quoted = matches!(before, '`' | '"') && matches!(after, '`' | '"');
    match rule {
        "merchant*" => word.text == "merchant" && quoted,
        "nonce*" => word.text == "nonce" && (quoted || after == '='),
        // A function would be called, or in quotation marks.
        "once" => {
            word.text != "once"
                || after != '('
                    && !(matches!(before, '`' | '.' | ':') && matches!(after, '`' | ')'))
        }
        "scope" => before == ':',
        _ => is_foreign(word.text),
    }
}

fn forbidden(passage: &Passage, rules: &[Rule]) -> Vec<Hit> {
    let text = passage.text.as_str();
    let words = words(text);
    let mut hits = Vec::new();
    for at in 0..words.len() {
        for rule in rules {
            if rule.fits(text, &words[at..]) && !is_proper(rule.words[0], text, &words, at) {
                let last = words[at + rule.words.len() - 1];
                let found = &text[words[at].start..last.end];
                hits.push(Hit {
                    line: passage.line + text[..words[at].start].matches('\n').count(),
                    found: found.split_whitespace().collect::<Vec<_>>().join(" "),
                    instead: rule.instead.to_owned(),
                });
            }
        }
    }
    hits
}

// What is looked at beside words.

/// Finds lines of prose that are too wide. Tables, code in Markdown and lines with a link may be.
fn wide_lines(path: &str, text: &str) -> Vec<Hit> {
    let marker = comment_marker(path).unwrap_or_default();
    let mut in_code = false;
    let mut hits = Vec::new();
    for (line, it) in (1..).zip(text.lines()) {
        let Some(prose) = it.trim_start().strip_prefix(marker) else {
            continue;
        };
        let prose = prose.trim_start_matches(['/', '!', ' ']);
        in_code ^= marker.is_empty() && prose.starts_with("```");
        let may_be_wide = in_code
            || prose.starts_with('|')
            || ["://", "]("].iter().any(|link| prose.contains(link));
        let columns = it.chars().count();
        if columns > COLUMNS && !may_be_wide {
            hits.push(Hit {
                line,
                found: format!("{columns} columns"),
                instead: format!("wrap at {COLUMNS}"),
            });
        }
    }
    hits
}

/// Finds doc comments whose first line makes no sense alone in rustdoc's list.
fn doc_comments(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut inside = false;
    for (line, it) in (1..).zip(text.lines()) {
        let comment = it.trim_start();
        let comment = comment
            .strip_prefix("///")
            .or_else(|| comment.strip_prefix("//!"));
        if let (Some(comment), false) = (comment, inside) {
            let first = words(comment).first().map_or("", |it| it.text);
            if NOT_FIRST.split_whitespace().any(|it| it == first) {
                hits.push(Hit {
                    line,
                    found: format!("doc comment begins with `{first}`"),
                    instead: "begin with a third-person verb or a noun phrase".to_owned(),
                });
            }
        }
        inside = comment.is_some();
    }
    hits
}

/// Finds test names that are not `subject_condition_result`, as far as their words show it.
fn test_names(path: &str, text: &str) -> Vec<Hit> {
    // Its tests are in lists, without an attribute.
    let has_lists = path.starts_with("postback-store/tests/");
    let mut hits = Vec::new();
    let mut is_test = has_lists;
    for (line, it) in (1..).zip(text.lines()) {
        let code = it.trim_start();
        if let Some(attribute) = code.strip_prefix("#[") {
            let path = attribute.split(['(', ']']).next().unwrap_or_default();
            let name = path.rsplit("::").next().unwrap_or_default();
            is_test |= matches!(name, "test" | "async_test");
        } else if let Some(name) = function_name(code) {
            let parts = parts(name);
            let part = NOT_IN_TEST_NAMES
                .iter()
                .find(|it| parts.iter().any(|part| part == *it));
            hits.extend(part.filter(|_| is_test).map(|part| Hit {
                line,
                found: name.to_owned(),
                instead: format!("subject_condition_result, without `{part}`"),
            }));
            is_test = has_lists;
        }
    }
    hits
}

fn function_name(code: &str) -> Option<&str> {
    let code = code.strip_prefix("pub ").unwrap_or(code);
    let code = code.strip_prefix("async ").unwrap_or(code);
    let name = code.strip_prefix("fn ")?;
    name.split(|it: char| it != '_' && !it.is_alphanumeric())
        .next()
}

// Where texts are found.

/// Text that is read as a whole: a file of Markdown, adjacent comments, or a literal.
#[derive(Debug, PartialEq, Eq)]
struct Passage {
    /// The line on which it begins.
    line: usize,
    text: String,
}

#[derive(Clone, Copy, Debug)]
struct Word<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

fn words(text: &str) -> Vec<Word<'_>> {
    let belongs = |it: char| it == '_' || it == '\'' || it.is_alphanumeric();
    let mut words = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match start {
            None if letter.is_alphabetic() => start = Some(at),
            Some(begin) if !belongs(letter) => {
                let text = text[begin..at].trim_end_matches('\'');
                let end = begin + text.len();
                words.push(Word {
                    text,
                    start: begin,
                    end,
                });
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Returns whether a character may be between two words of a phrase: white space, or a mark of
/// Markdown's quotations.
fn is_gap(it: char) -> bool {
    it.is_whitespace() || it == '>'
}

/// Returns the mark of a language's comments, and nothing for Markdown, which is prose throughout.
fn comment_marker(path: &str) -> Option<&'static str> {
    match path.rsplit('.').next() {
        Some("md") => None,
        Some("rs") => Some("//"),
        Some("sql" | "lua") => Some("--"),
        _ => Some("#"),
    }
}

fn passages(path: &str, text: &str) -> Vec<Passage> {
    match comment_marker(path) {
        None => vec![Passage {
            line: 1,
            text: text.to_owned(),
        }],
        Some("//") => Source::of(text).passages(),
        Some(marker) => {
            let mut passages = Vec::new();
            for (line, it) in (1..).zip(text.lines()) {
                if it.starts_with("description = ") {
                    passages.push(Passage {
                        line,
                        text: it.to_owned(),
                    });
                }
                let comment = it.match_indices(marker).find(|(at, _)| {
                    it[..*at]
                        .chars()
                        .next_back()
                        .is_none_or(char::is_whitespace)
                });
                if let Some((at, _)) = comment {
                    push_comment(&mut passages, line, &it[at..], marker);
                }
            }
            passages
        }
    }
}

/// Adds a comment, to the one on the line before if there is one, so that a phrase is found that
/// continues on the next line.
fn push_comment(passages: &mut Vec<Passage>, line: usize, comment: &str, marker: &str) {
    let text = comment.trim_start_matches(marker).trim_start_matches('!');
    match passages.last_mut() {
        Some(last) if last.line + last.text.matches('\n').count() + 1 == line => {
            last.text.push('\n');
            last.text.push_str(text);
        }
        _ => passages.push(Passage {
            line,
            text: text.to_owned(),
        }),
    }
}

/// The rest of a Rust file, of which comments and literals are kept.
struct Source<'a> {
    rest: &'a str,
    line: usize,
    comments: Vec<Passage>,
    literals: Vec<Passage>,
    identifiers: Vec<(usize, &'a str)>,
}

impl<'a> Source<'a> {
    fn of(text: &'a str) -> Self {
        let mut source = Self {
            rest: text,
            line: 1,
            comments: Vec::new(),
            literals: Vec::new(),
            identifiers: Vec::new(),
        };
        while !source.rest.is_empty() {
            source.step();
        }
        source
    }

    fn passages(mut self) -> Vec<Passage> {
        self.comments.append(&mut self.literals);
        self.comments
    }

    /// Passes over one comment, literal, word or other character.
    fn step(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            let comment = self.skip(rest.find('\n').unwrap_or(rest.len()));
            push_comment(&mut self.comments, self.line, comment, "/");
        } else if rest.starts_with("/*") {
            let line = self.line;
            let text = self.skip(block_comment(rest)).to_owned();
            self.comments.push(Passage { line, text });
        } else if let Some((opening, literal, closing)) = string_literal(rest) {
            let line = self.line;
            let is_raw = rest[..opening].contains('r');
            self.skip(opening + literal + closing);
            let text = &rest[opening..opening + literal];
            let text = if is_raw {
                text.to_owned()
            } else {
                unescaped(text)
            };
            let text = without_placeholders(&text);
            self.literals.push(Passage { line, text });
        } else if rest.starts_with('\'') {
            self.skip(character_literal(rest).unwrap_or(1));
        } else {
            let word = rest.find(|it: char| it != '_' && !it.is_alphanumeric());
            match word.unwrap_or(rest.len()) {
                0 => {
                    self.skip(rest.chars().next().map_or(0, char::len_utf8));
                }
                length => {
                    let name = self.skip(length);
                    self.identifiers.push((self.line, name));
                }
            }
        }
    }

    fn skip(&mut self, length: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at(length);
        self.line += skipped.matches('\n').count();
        self.rest = rest;
        skipped
    }
}

/// Returns the length of a comment, within which others may be.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// Returns the lengths of a string literal's opening, content and closing.
fn string_literal(text: &str) -> Option<(usize, usize, usize)> {
    let prefix = text.find(|it| !matches!(it, 'b' | 'c' | 'r'))?;
    let is_raw = text[..prefix].ends_with('r');
    let after_hashes = text[prefix..].trim_start_matches('#');
    let quote = text.len() - after_hashes.len();
    let hashes = &text[prefix..quote];
    if prefix > 2 || !after_hashes.starts_with('"') || !is_raw && !hashes.is_empty() {
        return None;
    }
    let content = &text[quote + 1..];
    let closing = format!("\"{hashes}");
    let length = if is_raw {
        content.find(&closing)?
    } else {
        let mut escaped = false;
        content.find(|it| {
            let ends = it == '"' && !escaped;
            escaped = it == '\\' && !escaped;
            ends
        })?
    };
    Some((quote + 1, length, closing.len()))
}

/// Returns the length of a character literal; a lifetime is none.
fn character_literal(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next()?;
    if first == '\\' {
        characters.next()?;
        let (end, _) = characters.find(|(_, it)| *it == '\'')?;
        return Some(end + 1);
    }
    let (end, last) = characters.next()?;
    (last == '\'').then_some(end + 1)
}

/// Replaces escapes by spaces, and keeps the ends of lines.
fn unescaped(text: &str) -> String {
    let mut escaped = false;
    let replace = |it: char| {
        let inside = escaped;
        escaped = it == '\\' && !inside;
        if it != '\n' && (inside || escaped) {
            ' '
        } else {
            it
        }
    };
    text.chars().map(replace).collect()
}

/// Removes what `format!` replaces: `{name:?}` is code.
fn without_placeholders(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let inside = &rest[open + 1..];
        let length = inside.find(|it: char| !it.is_alphanumeric() && !"_:?.#<>".contains(it));
        match length {
            Some(length) if inside[length..].starts_with('}') => {
                kept.push_str(&rest[..open]);
                kept.push('_');
                rest = &inside[length + 1..];
            }
            _ => {
                kept.push_str(&rest[..=open]);
                rest = inside;
            }
        }
    }
    kept + rest
}

// The files.

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("a folder of the project").to_owned()
}

/// Lists the paths of the files with texts, in order.
fn files() -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_str()
                .expect("UTF-8")
                .to_owned();
            if path.is_dir() {
                // A build is in `target`, or has a tag of its own.
                let is_build = path.ends_with("target") || path.join("CACHEDIR.TAG").exists();
                if name != ".git" && !is_build {
                    folders.push(path);
                }
            } else if name == ".ci/run"
                || [".lua", ".md", ".rs", ".sh", ".sql", ".toml"]
                    .iter()
                    .any(|it| name.ends_with(it))
            {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

mod tests {
    use super::{Hit, Rule, identifiers_of, is_allowed, layout_of, words_of};

    fn found(path: &str, text: &str) -> Vec<(usize, String)> {
        let mut hits = words_of(path, text, &Rule::all());
        hits.extend(layout_of(path, text));
        hits.sort();
        hits.into_iter()
            .map(|Hit { line, found, .. }| (line, found))
            .collect()
    }

    fn assert_found(path: &str, text: &str, expected: &[(usize, &str)]) {
        let found = found(path, text);
        let found: Vec<_> = found
            .iter()
            .map(|(line, word)| (*line, word.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn forbidden_word_is_found_in_comment_literal_and_markdown() {
        assert_found("a.md", "One.\n\nNobody is.", &[(3, "Nobody")]);
        assert_found("a.rs", "let a = 1;\n// nobody\n", &[(2, "nobody")]);
        assert_found("a.rs", "/* one\n/* two */ nobody */", &[(2, "nobody")]);
        assert_found("a.rs", "f(\n\"one \\\" nobody\")", &[(2, "nobody")]);
        assert_found("a.rs", "f(br#\"one\n\" nobody\"#)", &[(2, "nobody")]);
        assert_found("a.sql", "SELECT 1; -- nobody", &[(1, "nobody")]);
        assert_found("a.toml", "a = 1 # nobody", &[(1, "nobody")]);
        assert_found("a.toml", "description = \"nobody\"", &[(1, "nobody")]);
        assert_found(".ci/run", "# nobody\n", &[(1, "nobody")]);
    }

    #[test]
    fn forbidden_word_is_found_in_identifier() {
        let found = |code| identifiers_of("a.rs", code, &Rule::all());
        let lines = |code| found(code).iter().map(|it| it.line).collect::<Vec<_>>();
        assert_eq!(
            lines("// nobody\nlet is_refused = f(\"told\");\nstruct Refusal;"),
            [2, 3]
        );
        assert!(lines("thread::scope(|scope| StatusCode::GATEWAY_TIMEOUT)").is_empty());
    }

    #[test]
    fn code_is_no_text() {
        assert_found(
            "a.rs",
            "fn nobody<'a>(c: char) -> bool { c == '\"' } // ok",
            &[],
        );
        assert_found("a.rs", "let c = '\\''; let nobody = r; b\"ok\";", &[]);
        assert_found("a.rs", "println!(\"{nobody} {nobody:?}\")", &[]);
        assert_found("a.sql", "SELECT nobody", &[]);
    }

    #[test]
    fn word_is_found_within_identifier_and_with_ending() {
        assert_found(
            "a.md",
            "`for_nobody` `ForNobody` nobody's",
            &[(1, "ForNobody"), (1, "for_nobody"), (1, "nobody's")],
        );
        assert_found("a.md", "refusal Refused", &[(1, "Refused"), (1, "refusal")]);
        assert_found("a.md", "the recommendation, understand", &[]);
    }

    #[test]
    fn phrase_is_found_across_lines() {
        assert_found("a.rs", "/// kept for\n/// ever", &[(1, "for ever")]);
        assert_found("a.md", "It is rejected,\nfor it is late.", &[(2, "for it")]);
        assert_found("a.md", "Wait for it. It is `None`.", &[]);
    }

    #[test]
    fn word_in_table_of_contributing_is_accepted() {
        let text = "Nobody.\n\n| nobody | somebody |\n";
        let hits = words_of("CONTRIBUTING.md", text, &Rule::all());
        let kept = |path| {
            let kept = hits.iter().filter(|hit| !is_allowed(path, text, hit));
            kept.map(|hit| hit.line).collect::<Vec<_>>()
        };
        assert_eq!(kept("CONTRIBUTING.md"), [1]);
        assert_eq!(kept("README.md"), [1, 3, 3]);
    }

    #[test]
    fn word_with_its_proper_meaning_is_accepted() {
        assert_found(
            "a.md",
            "`nonce`, ?nonce=1, once, web::scope, NotYetValid, `merchant`",
            &[],
        );
        assert_found(
            "a.md",
            "a nonce, not yet, `once`, crate::once), a scope, a merchant",
            &[
                (1, "merchant"),
                (1, "nonce"),
                (1, "once"),
                (1, "once"),
                (1, "scope"),
                (1, "yet"),
            ],
        );
    }

    #[test]
    fn wide_prose_is_found() {
        let wide = "x".repeat(101);
        assert_found("a.md", &wide, &[(1, "101 columns")]);
        assert_found("a.rs", &format!("// {}", &wide[3..]), &[(1, "101 columns")]);
        assert_found("a.rs", &format!("// {}", &wide[4..]), &[]);
        assert_found(
            "a.md",
            &format!("| {wide}\n```\n{wide}\n```\n<https://{wide}>"),
            &[],
        );
    }

    #[test]
    fn fragment_at_beginning_of_doc_comment_is_found() {
        assert_found(
            "a.rs",
            "/// What it is.\n/// It is.\n",
            &[(1, "doc comment begins with `What`")],
        );
        assert_found(
            "a.rs",
            "/// Returns it.\n///\n/// What is more.\n// It.",
            &[],
        );
    }

    #[test]
    fn test_name_with_article_or_pronoun_is_found() {
        let named =
            |name| format!("#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn {name}() {{}}");
        for name in ["the_key_fits", "key_of_nobody_fits", "what_fits"] {
            assert_found("a.rs", &named(name), &[(3, name)]);
        }
        assert_found("a.rs", &named("key_fits_once"), &[]);
        assert_found("a.rs", "fn the_key() {}", &[]);
    }
}
