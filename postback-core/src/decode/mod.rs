//! Strict decoding: what is ambiguous is refused, or handed over as it came, rather than guessed.

pub(crate) mod base64url;
pub(crate) mod form;
pub(crate) mod json;
mod object;
mod open_enum;
mod value;

pub(crate) use self::{
    object::{FromJson, Object, Pass, Streamed, field, object, read_object},
    open_enum::open_enum,
    value::Value,
};
