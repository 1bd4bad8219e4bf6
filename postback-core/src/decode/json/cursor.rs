use std::borrow::Cow;

use super::{blocks::Blocks, value::Received};

/// Reader of JSON text that goes forward, and decodes only wanted values.
///
/// Names, and everything between names and values, must be well-formed (RFC 8259). A value is
/// delimited and not decoded: a [number, literal or string](Received::read) is checked when it is
/// read, and an array or object only as far as it is entered. A skipped value may therefore be
/// malformed inside, if its brackets outside strings are balanced.
#[derive(Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    blocks: Blocks<'a>,
    /// Set if the last read was a value, so that a member must be preceded by a comma.
    follows_value: bool,
}

/// Error returned when JSON text is not well-formed, or not of the expected form.
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
            self.step();
            self.follows_value = false;
        }
        is_object
    }

    /// Returns the name of the next member, unescaped, or `None` at the end of the object.
    #[inline(always)]
    pub(crate) fn name(&mut self) -> Result<Option<Cow<'a, str>>, Malformed> {
        if self.is_at_usual_comma() {
            self.at = self.at.wrapping_add(2);
        } else {
            let mut next = self.next_byte();
            if next == Some(b'}') {
                self.step();
                self.follows_value = true;
                return Ok(None);
            }
            if self.follows_value {
                if next != Some(b',') {
                    return Err(Malformed);
                }
                self.step();
                next = self.next_byte();
            }
            if next != Some(b'"') {
                return Err(Malformed);
            }
        }
        let name = self.string()?.name()?;
        if self.next_byte() != Some(b':') {
            return Err(Malformed);
        }
        self.step();
        Ok(Some(name))
    }

    /// Returns whether a member follows the last value after a comma and one space, as most senders
    /// write it.
    #[inline]
    fn is_at_usual_comma(&self) -> bool {
        let rest = self.text.as_bytes().get(self.at..);
        self.follows_value && rest.is_some_and(|rest| rest.starts_with(b", \""))
    }

    /// Returns the next value as received, and goes to its end.
    #[inline(always)]
    pub(crate) fn value(&mut self) -> Result<Received<'a>, Malformed> {
        let next = self.next_byte().ok_or(Malformed)?;
        self.follows_value = true;
        match next {
            b'"' => self.string(),
            b'{' | b'[' => {
                let (last, is_plain) = self.blocks.container_end(self.at).ok_or(Malformed)?;
                let raw = self.take_through(last)?;
                Ok(Received::Container { raw, is_plain })
            }
            _ => self.scalar(),
        }
    }

    /// Checks that only white space follows.
    pub(crate) fn end(mut self) -> Result<(), Malformed> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(Malformed),
        }
    }

    /// Returns the string that begins at the position, and goes to its end.
    #[inline]
    fn string(&mut self) -> Result<Received<'a>, Malformed> {
        let (last, is_plain) = self.blocks.string_end(self.at).ok_or(Malformed)?;
        let raw = self.take_through(last)?;
        Ok(Received::String { raw, is_plain })
    }

    #[inline]
    fn scalar(&mut self) -> Result<Received<'a>, Malformed> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        match rest.iter().take_while(|byte| is_part(byte)).count() {
            0 => Err(Malformed),
            length => {
                let last = self.at.saturating_add(length).saturating_sub(1);
                self.take_through(last).map(Received::Scalar)
            }
        }
    }

    /// Goes to the next byte.
    const fn step(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    /// Skips white space, and returns the byte that follows.
    #[inline]
    fn next_byte(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.step();
        }
    }

    /// Returns the text from the position to the byte at `last`, and goes to the byte after it.
    #[inline]
    fn take_through(&mut self, last: usize) -> Result<&'a str, Malformed> {
        let end = last.wrapping_add(1);
        let taken = self.text.get(self.at..end).ok_or(Malformed)?;
        self.at = end;
        Ok(taken)
    }
}
