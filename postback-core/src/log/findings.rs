use super::{Hint, is_enabled};
use crate::{LogFields, Rejection, RequestHead, public_url::query};

/// Findings for the log event of a rejection.
#[derive(Default)]
#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "read by log events only")
)]
pub(crate) struct Findings {
    pub(crate) hint: Option<Hint>,
    /// Signed id of the invoice, if the signature is genuine.
    pub(crate) invoice_id: Option<Box<str>>,
    /// Signed id of the payment, if the signature is genuine.
    pub(crate) uuid: Option<Box<str>>,
    /// Boxed, because few rejections have it.
    pub(crate) request: Option<Box<RequestFindings>>,
}

/// Parts of a request that are not accepted, and the URLs that a signature was checked against.
#[derive(Default)]
#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "read by log events only")
)]
pub(crate) struct RequestFindings {
    /// Method as received, if it is not accepted.
    pub(crate) method: Option<String>,
    /// Content types as received, if the media type is not accepted.
    pub(crate) content_type: Option<String>,
    /// Content encodings as received, if the media type is not accepted.
    pub(crate) content_encoding: Option<String>,
    /// URLs that a signature was checked against, without their query, separated by spaces.
    pub(crate) checked_url: Option<String>,
    /// Length of the query of the first of them, in bytes.
    pub(crate) query_length: Option<usize>,
}

/// Differences between a body and its head.
pub(crate) struct BodyFindings {
    /// Set if the body has another length than the head declares.
    pub(crate) is_rewritten: bool,
    /// Set if the body has another format than the content type names.
    pub(crate) mislabelled: Option<Hint>,
}

impl BodyFindings {
    /// Returns the hint that the differences give, if they can explain the rejection.
    pub(crate) fn hint(self, rejection: &Rejection) -> Option<Hint> {
        match rejection {
            Rejection::BadSignature
            | Rejection::InvoiceMismatch
            | Rejection::Malformed(_)
            | Rejection::Unsigned
                if self.is_rewritten =>
            {
                Some(Hint::BodyNotAsSent)
            }
            Rejection::Malformed(_) | Rejection::Unsigned => self.mislabelled,
            _ => None,
        }
    }
}

impl Findings {
    /// Returns the parts of the head that are not accepted.
    pub(crate) fn of_head(rejection: &Rejection, head: &RequestHead<'_>) -> Self {
        if !is_enabled() {
            return Self::default();
        }
        let request = match rejection {
            Rejection::MethodNotAllowed { .. } => RequestFindings {
                method: Some(printable(head.method().as_bytes())),
                ..RequestFindings::default()
            },
            Rejection::UnsupportedMediaType => RequestFindings {
                content_type: Some(all_values(head, "content-type")),
                content_encoding: Some(all_values(head, "content-encoding"))
                    .filter(|values| !values.is_empty()),
                ..RequestFindings::default()
            },
            _ => return Self::default(),
        };
        Self {
            request: Some(Box::new(request)),
            ..Self::default()
        }
    }

    /// Adds a hint, unless there is one already.
    pub(crate) fn or_hint(self, hint: impl FnOnce() -> Option<Hint>) -> Self {
        Self {
            hint: self.hint.or_else(hint),
            ..self
        }
    }

    pub(crate) fn identify(&mut self, fields: &LogFields<'_>) {
        let printable = |id: &str| printable(id.as_bytes()).into();
        self.invoice_id = fields.invoice_id.map(printable);
        self.uuid = fields.uuid.map(printable);
    }

    pub(crate) fn checked_urls<'a>(&mut self, urls: impl Iterator<Item = &'a String>) {
        let parts = |url: &String| (printable(without_query(url).as_bytes()), query(url).len());
        let (paths, lengths): (Vec<_>, Vec<_>) = urls.map(parts).unzip();
        self.request = Some(Box::new(RequestFindings {
            checked_url: Some(paths.join(" ")),
            query_length: lengths.first().copied(),
            ..RequestFindings::default()
        }));
    }
}

/// Longest text in a log event that a request may have determined, in bytes.
const LONGEST: usize = 512;

/// Returns a text for the log, cut to [`LONGEST`] bytes, and without characters that could forge
/// or hide a part of a log line.
pub(crate) fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes.get(..LONGEST).unwrap_or(bytes));
    let replaced = text.replace(is_misleading, "\u{fffd}");
    match bytes.len() > LONGEST {
        true => replaced + "…",
        false => replaced,
    }
}

/// Returns whether a character is a control character, ends a line, or changes the direction of
/// text.
fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a URL without its query, even if a proxy has escaped the question mark.
pub(crate) fn without_query(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split("%3F").next().unwrap_or_default();
    path.split("%3f").next().unwrap_or_default()
}

fn all_values(head: &RequestHead<'_>, name: &str) -> String {
    let mut all: Vec<u8> = Vec::new();
    head.values(name, |value| {
        if !all.is_empty() {
            all.extend_from_slice(b", ");
        }
        // One byte more than is logged, so that `printable` marks the text as cut.
        all.extend(value.iter().take(LONGEST.saturating_add(1)));
        all.truncate(LONGEST.saturating_add(1));
    });
    printable(&all)
}
