use std::{ops::Deref, time::Duration};

use postback_core::{AcceptsPost, Provider, Rejection, Verifier};
use postback_rocket::{Postback, PostbackError};
use rocket::data::{FromData, Outcome};
use rocket::{Data, Ignite, Request, Rocket, Sentinel, tokio::time::timeout};

/// Time in which a body must arrive.
pub(crate) struct Deadline(pub(crate) Duration);

/// Guard for a postback whose body arrived within the [`Deadline`], which does not bound the
/// handler.
pub(crate) struct InTime<P: Provider>(Postback<P>);

#[rocket::async_trait]
impl<'r, P: Provider<Accepts = AcceptsPost>> FromData<'r> for InTime<P> {
    type Error = PostbackError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let state = request.rocket();
        let (Some(verifier), Some(Deadline(deadline))) = (state.state(), state.state()) else {
            return PostbackError::new::<P>(Rejection::NotConfigured).into_outcome(request);
        };
        match timeout(*deadline, Postback::receive(request, Some(data), verifier)).await {
            Ok(Ok(postback)) => Outcome::Success(Self(postback)),
            Ok(Err(rejected)) => rejected.into_outcome(request),
            Err(_) => PostbackError::new::<P>(Rejection::BodyUnreadable).into_outcome(request),
        }
    }
}

/// Aborts the launch if the verifier or the deadline is not managed.
impl<P: Provider> Sentinel for InTime<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        rocket.state::<Verifier<P>>().is_none() || rocket.state::<Deadline>().is_none()
    }
}

impl<P: Provider> Deref for InTime<P> {
    type Target = Postback<P>;

    fn deref(&self) -> &Postback<P> {
        &self.0
    }
}
