use postback_conformance::corpus::Request;

/// What is sent, and what is expected of it: one row of the table.
pub(crate) struct Delivery {
    pub(crate) name: &'static str,
    pub(crate) request: Request,
    /// Status and body.
    pub(crate) answer: &'static str,
    /// The lines that the handler prints.
    pub(crate) handler_saw: Vec<String>,
}

pub(crate) const UNVERIFIED: &str = r#"401 {"error":"Unverified postback"}"#;

impl Delivery {
    /// Prints what happened beside what was expected, and tells whether they are the same.
    pub(crate) fn print_row(&self, answered: &str, lines: &[String]) -> bool {
        let as_expected = answered == self.answer && lines == self.handler_saw;
        let verdict = if as_expected { "" } else { "   <-- DIFFERS" };
        let saw = format!("{}{verdict}", lines.join(", "));
        print([self.name, &text(self.answer), &text(answered), &saw]);
        as_expected
    }
}

pub(crate) fn print_head() {
    print(["sent", "expected", "answered", "the handler saw"]);
}

fn print([sent, expected, answered, saw]: [&str; 4]) {
    println!("{sent:<58}{expected:<28}{answered:<28}{saw}");
}

/// Status and text of an answer, without the JSON around the text.
fn text(answer: &str) -> String {
    let text = answer
        .replace(r#"{"error":""#, "")
        .replace(r#"{"message":""#, "");
    text.trim_end_matches(r#""}"#).to_owned()
}
