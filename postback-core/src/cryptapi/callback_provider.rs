use super::{BlockBee, Callback, CryptApi, Mode};
use crate::{Provider, Tenant};

/// CryptAPI or BlockBee, as they are or as a [`Tenant`]: the providers whose callbacks are bound to an order. It is sealed,
/// because what is bound is recorded among their payments.
pub trait CallbackProvider: Provider<Payload = Callback> + sealed::CallbackProvider {}

mod sealed {
    pub trait CallbackProvider {}
}

impl<M: Mode> sealed::CallbackProvider for BlockBee<M> {}
impl<M: Mode> CallbackProvider for BlockBee<M> {}

impl<M: Mode> sealed::CallbackProvider for CryptApi<M> {}
impl<M: Mode> CallbackProvider for CryptApi<M> {}

impl<Tag, P: CallbackProvider> sealed::CallbackProvider for Tenant<Tag, P> {}
impl<Tag: 'static, P: CallbackProvider> CallbackProvider for Tenant<Tag, P> {}
