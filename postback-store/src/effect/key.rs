use postback_core::event::EventKey;

/// Key of an effect: the key of the payment event, and the name of the effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectKey {
    pub(crate) event: EventKey,
    pub(crate) name: Box<str>,
}

impl EffectKey {
    pub(crate) fn new(event: &EventKey, name: &str) -> Self {
        Self {
            event: event.clone(),
            name: name.into(),
        }
    }
}
