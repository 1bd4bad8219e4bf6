use std::{io::Cursor, sync::OnceLock};

use postback_core::{Provider, Reply};
use rocket::response::{self, Responder};
use rocket::{Catcher, Request, Response, catch, http::Status, outcome::Outcome};

use crate::{Ack, PostbackError, Retry};

/// Returns catchers that reply to requests that [`Postback`](crate::Postback) rejected. Register
/// them for the base of its routes: `register("/postback", postback_rocket::catchers())`.
///
/// They catch every error below that base. An error that is not a rejection, for example a
/// handler's own 404, keeps its status and has no body.
#[must_use = "catchers reply only if they are registered"]
pub fn catchers() -> Vec<Catcher> {
    rocket::catchers![reply]
}

#[catch(default)]
fn reply(status: Status, request: &Request<'_>) -> Result<PostbackError, (Status, ())> {
    // A handler that takes the `Result` can fail afterwards, with a status of its own.
    let error = PostbackError::of(request).filter(|error| error.status() == status);
    error.cloned().ok_or((status, ()))
}

impl PostbackError {
    /// Returns the outcome of a guard that rejects `request`, and stores the error in the request
    /// for the catchers.
    pub fn into_outcome<T, F>(self, request: &Request<'_>) -> Outcome<T, (Status, Self), F> {
        let _ = request.local_cache(OnceLock::new).set(self.clone());
        Outcome::Error((self.status(), self))
    }

    /// Returns the error that a guard rejected `request` with, for the application's own catchers.
    /// If several guards rejected it, that of the first.
    #[must_use]
    pub fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        request.local_cache(OnceLock::new).get()
    }

    /// Returns the status of the response.
    fn status(&self) -> Status {
        Status::new(self.reply().status())
    }
}

impl<'r> Responder<'r, 'static> for PostbackError {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(response(self.reply()))
    }
}

impl<'r> Responder<'r, 'static> for Retry {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        self.get_ref().log();
        Ok(response(self.get_ref().reply()))
    }
}

impl<'r, P: Provider> Responder<'r, 'static> for Ack<P> {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        Ok(response(P::ACK))
    }
}

/// Converts a reply into an HTTP response.
fn response(reply: Reply) -> Response<'static> {
    let mut response = Response::build();
    response.status(Status::new(reply.status()));
    for (name, value) in reply.headers() {
        response.raw_header(name, value);
    }
    let body = Cursor::new(reply.body());
    response.sized_body(reply.body().len(), body).finalize()
}
