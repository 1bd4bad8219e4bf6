//! Changes of genuine requests.

use libfuzzer_sys::arbitrary::{self, Arbitrary};

use crate::corpus::Request;

/// Change of one detail of a request.
#[derive(Arbitrary, Debug)]
pub enum Change<'a> {
    /// Cuts the body off.
    Cut(u16),
    /// Encodes a character of the query or the body as an escape.
    Escape(Part, u16),
    /// Changes the case of a header's name or value, or of an escape.
    FlipCase(Part, u16),
    /// Inserts bytes.
    Insert(Part, u16, &'a [u8]),
    /// Changes the method.
    Method(Method),
    /// Adds a header.
    NewHeader(Header, &'a str),
    /// Removes bytes.
    Remove(Part, u16, u8),
    /// Removes a header.
    RemoveHeader(u8),
    /// Removes a pair of the query or the body.
    RemovePair(Part, u8),
    /// Sends a header twice.
    RepeatHeader(u8),
    /// Sends a pair of the query or the body twice.
    RepeatPair(Part, u8, u8),
    /// Replaces a byte.
    Replace(Part, u16, u8),
    /// Exchanges two pairs of the query or the body.
    SwapPairs(Part, u8, u8),
}

/// Part of a request.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Part {
    /// The body.
    Body,
    /// The value of a header.
    Header(u8),
    /// Path and query.
    Target,
}

/// Method of a request.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Method {
    /// `GET`
    Get,
    /// `get`
    GetInLowerCase,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
}

/// Name of a header.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Header {
    /// `content-encoding`
    ContentEncoding,
    /// `content-length`
    ContentLength,
    /// `content-type`
    ContentType,
    /// `host`
    Host,
    /// `transfer-encoding`
    TransferEncoding,
    /// `x-ca-signature`
    Signature,
    /// `x-forwarded-host`
    ForwardedHost,
}

/// Request with bytes for texts, because a change can make them anything.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: Vec<u8>,
    /// Names and values of the headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
}

impl From<&Request> for Changed {
    fn from(request: &Request) -> Self {
        let headers = request.headers.iter();
        Self {
            method: request.method.clone(),
            target: request.target.clone().into(),
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect(),
            body: request.body.to_vec(),
        }
    }
}

impl Changed {
    /// Changes the request. A place past the end of a part counts from its beginning again.
    pub fn apply(&mut self, change: &Change<'_>) {
        match *change {
            Change::Cut(length) => self.body.truncate(length.into()),
            Change::Escape(part, at) => self.with(part, |text| {
                if let Some(at) = place(text, at) {
                    let escape = format!("%{:02X}", text[at]);
                    text.splice(at..=at, escape.bytes());
                }
            }),
            Change::FlipCase(part, at) => self.with(part, |text| {
                if let Some(at) = place(text, at)
                    && text[at].is_ascii_alphabetic()
                {
                    text[at] ^= 0x20;
                }
            }),
            Change::Insert(part, at, bytes) => self.with(part, |text| {
                let at = place(text, at).unwrap_or_default();
                text.splice(at..at, bytes.iter().copied());
            }),
            Change::Method(method) => self.method = method.as_str().to_owned(),
            Change::NewHeader(header, value) => {
                self.headers
                    .push((header.as_str().to_owned(), value.into()));
            }
            Change::Remove(part, at, length) => self.with(part, |text| {
                if let Some(at) = place(text, at) {
                    let end = text.len().min(at + usize::from(length));
                    text.drain(at..end);
                }
            }),
            Change::RemoveHeader(at) => {
                if !self.headers.is_empty() {
                    self.headers.remove(usize::from(at) % self.headers.len());
                }
            }
            Change::RemovePair(part, at) => self.with_pairs(part, |pairs| {
                pairs.remove(usize::from(at) % pairs.len());
            }),
            Change::RepeatHeader(at) => {
                if let Some(at) = place(&self.headers, at.into()) {
                    self.headers.push(self.headers[at].clone());
                }
            }
            Change::RepeatPair(part, at, to) => self.with_pairs(part, |pairs| {
                let pair = pairs[usize::from(at) % pairs.len()].clone();
                pairs.insert(usize::from(to) % pairs.len(), pair);
            }),
            Change::Replace(part, at, byte) => self.with(part, |text| {
                if let Some(at) = place(text, at) {
                    text[at] = byte;
                }
            }),
            Change::SwapPairs(part, one, other) => self.with_pairs(part, |pairs| {
                let length = pairs.len();
                pairs.swap(usize::from(one) % length, usize::from(other) % length);
            }),
        }
    }

    /// Returns the values of a header.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let headers = self
            .headers
            .iter()
            .filter(move |(it, _)| it.eq_ignore_ascii_case(name));
        headers.map(|(_, value)| &**value)
    }

    fn with(&mut self, part: Part, change: impl FnOnce(&mut Vec<u8>)) {
        match part {
            Part::Body => change(&mut self.body),
            Part::Header(at) => {
                if let Some(at) = place(&self.headers, at.into()) {
                    change(&mut self.headers[at].1);
                }
            }
            Part::Target => change(&mut self.target),
        }
    }

    /// Changes the pairs of a query or a form.
    fn with_pairs(&mut self, part: Part, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
        self.with(part, |text| {
            let begin = match part {
                Part::Target => text
                    .iter()
                    .position(|it| *it == b'?')
                    .map_or(0, |at| at + 1),
                Part::Body | Part::Header(_) => 0,
            };
            let pairs = text[begin..].split(|byte| *byte == b'&');
            let mut pairs: Vec<_> = pairs.map(<[u8]>::to_vec).collect();
            change(&mut pairs);
            text.truncate(begin);
            text.extend(pairs.join(&b'&'));
        });
    }
}

impl Method {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::GetInLowerCase => "get",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl Header {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ContentEncoding => "content-encoding",
            Self::ContentLength => "content-length",
            Self::ContentType => "content-type",
            Self::ForwardedHost => "x-forwarded-host",
            Self::Host => "host",
            Self::Signature => "x-ca-signature",
            Self::TransferEncoding => "transfer-encoding",
        }
    }
}

fn place<T>(all: &[T], at: u16) -> Option<usize> {
    usize::from(at).checked_rem(all.len())
}
