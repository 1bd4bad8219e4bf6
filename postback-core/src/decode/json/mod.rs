//! Strict reading of JSON text, of which only the needed members are decoded.
//!
//! A reader that decodes whole values spends most of its time on members that are not needed: a
//! [`Cursor`] finds the end of such a value by its quotes and brackets alone.

mod blocks;
mod cursor;
#[cfg(any(test, fuzzing))]
pub(crate) mod differential;
mod escapes;
mod members;
#[cfg(feature = "cryptocloud")]
mod object;
mod value;

#[cfg(feature = "cryptapi")]
pub(crate) use self::members::members;
pub(crate) use self::{
    cursor::{Cursor, Malformed},
    members::visit_members,
    value::{Received, Value},
};
#[cfg(feature = "cryptocloud")]
pub(crate) use self::{
    object::{FromJson, Leaf, field, object, open_enum, read_member, read_object},
    value::Name,
};
