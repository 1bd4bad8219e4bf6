use postback_core::event::EventRecord;

/// Key of a payment: the same for each of its deliveries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub(crate) namespace: String,
    /// Empty if the verifier's project has no name.
    pub(crate) scope: String,
    pub(crate) id: String,
}

impl Key {
    pub(crate) fn of(event: &EventRecord) -> Self {
        Self {
            namespace: event.namespace().to_owned(),
            scope: event.project().unwrap_or_default().to_owned(),
            id: event.id().to_owned(),
        }
    }
}
