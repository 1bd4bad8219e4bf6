use std::borrow::Cow;

use super::{blocks::Blocks, value::Received};

/// Position in JSON text, which reads names and values in order and decodes only what is wanted.
///
/// Names, and everything between names and values, must be well-formed (RFC 8259). A value is
/// delimited and not decoded: a [number, literal or string](Received::read) is checked when it is
/// read, and an array or object only as far as it is entered. What is skipped may therefore be
/// malformed inside, as long as its brackets outside strings are balanced.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    blocks: Blocks<'a>,
    /// Set if the last read was a value, so that a member must be preceded by a comma.
    follows_value: bool,
}

/// Error returned when JSON text is not well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            blocks: Blocks::new(text),
            follows_value: false,
        }
    }

    /// Enters an object. Returns `false` and stays if the next value is not an object.
    pub(crate) fn enter_object(&mut self) -> bool {
        let is_object = self.next_byte() == Some(b'{');
        if is_object {
            self.at = self.at.saturating_add(1);
            self.follows_value = false;
        }
        is_object
    }

    /// Returns the name of the next member, unescaped, or `None` at the end of the object.
    pub(crate) fn name(&mut self) -> Result<Option<Cow<'a, str>>, Malformed> {
        let mut next = self.next_byte();
        if next == Some(b'}') {
            self.at = self.at.saturating_add(1);
            self.follows_value = true;
            return Ok(None);
        }
        if self.follows_value {
            self.expect(b',')?;
            next = self.next_byte();
        }
        if next != Some(b'"') {
            return Err(Malformed);
        }
        let name = self.string()?.name().ok_or(Malformed)?;
        self.next_byte();
        self.expect(b':')?;
        Ok(Some(name))
    }

    /// Returns the next value as received, and goes to its end.
    pub(crate) fn value(&mut self) -> Result<Received<'a>, Malformed> {
        let value = match self.next_byte().ok_or(Malformed)? {
            b'"' => self.string()?,
            b'{' | b'[' => {
                let end = self.blocks.container_end(self.at).ok_or(Malformed)?;
                Received::Container(self.take_to(end.saturating_add(1))?)
            }
            _ => {
                let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let length = rest.iter().take_while(|byte| is_part(byte)).count();
                if length == 0 {
                    return Err(Malformed);
                }
                Received::Scalar(self.take_to(self.at.saturating_add(length))?)
            }
        };
        self.follows_value = true;
        Ok(value)
    }

    /// Checks that only white space follows.
    pub(crate) fn end(mut self) -> Result<(), Malformed> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(Malformed),
        }
    }

    /// Returns the string that begins at the position, and goes to its end.
    fn string(&mut self) -> Result<Received<'a>, Malformed> {
        let (end, is_plain) = self.blocks.string_end(self.at).ok_or(Malformed)?;
        let raw = self.take_to(end.saturating_add(1))?;
        Ok(Received::String { raw, is_plain })
    }

    fn expect(&mut self, expected: u8) -> Result<(), Malformed> {
        if self.text.as_bytes().get(self.at) != Some(&expected) {
            return Err(Malformed);
        }
        self.at = self.at.saturating_add(1);
        Ok(())
    }

    /// Skips white space, and returns the byte that follows.
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at = self.at.saturating_add(1);
        }
    }

    fn take_to(&mut self, end: usize) -> Result<&'a str, Malformed> {
        let taken = self.text.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(taken)
    }
}
