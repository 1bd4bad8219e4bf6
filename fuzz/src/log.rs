//! Log events, kept to be searched for what they must not contain.

use std::{
    cell::RefCell,
    fmt::{Debug, Write},
    mem,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};

/// Starts to keep the events of this process, so that rejections are logged and hints are searched
/// for.
///
/// # Panics
///
/// If it is called twice.
pub fn keep() {
    tracing::subscriber::set_global_default(Kept).expect("no other subscriber");
}

/// Returns the fields of the events since the last call, as text.
#[must_use]
pub fn take() -> String {
    TEXT.with_borrow_mut(mem::take)
}

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Kept;

impl Subscriber for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        TEXT.with_borrow_mut(|text| event.record(&mut Text(text)));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{}={value:?}", field.name()).expect("a text can be written to");
    }
}
