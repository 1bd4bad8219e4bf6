use std::{io::Cursor, sync::OnceLock};

use postback_core::{Provider, Reply};
use rocket::response::{self, Responder};
use rocket::{Catcher, Request, Response, catch, http::Status, outcome::Outcome};

use crate::{Ack, PostbackError, Retry};

/// Catchers that answer what [`Postback`](crate::Postback) refused, for the base of its routes:
/// `register("/postback", postback_rocket::catchers())`.
///
/// They take every error below that base. One that is not a refusal of the guard, such as a handler's own 404,
/// keeps its status and has no body.
#[must_use = "catchers answer nothing until they are registered"]
pub fn catchers() -> Vec<Catcher> {
    rocket::catchers![answer]
}

#[catch(default)]
fn answer(status: Status, request: &Request<'_>) -> Result<PostbackError, (Status, ())> {
    // A handler that took the `Result` may have failed on its own afterwards.
    let refusal = PostbackError::of(request).filter(|refusal| refusal.status() == status);
    refusal.cloned().ok_or((status, ()))
}

impl PostbackError {
    /// The outcome of a guard that refuses `request`. The reason is left there, for the catchers.
    pub fn into_outcome<T, F>(self, request: &Request<'_>) -> Outcome<T, (Status, Self), F> {
        let _ = request.local_cache(OnceLock::new).set(self.clone());
        Outcome::Error((self.status(), self))
    }

    /// What a guard refused `request` with, the first if several did, for catchers of the application's own.
    #[must_use]
    pub fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        request.local_cache(OnceLock::new).get()
    }

    /// The status of the answer.
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

/// Writes an answer as an HTTP response.
fn response(answer: Reply) -> Response<'static> {
    let mut response = Response::build();
    response.status(Status::new(answer.status()));
    for (name, value) in answer.headers() {
        response.raw_header(name, value);
    }
    let body = Cursor::new(answer.body());
    response.sized_body(answer.body().len(), body).finalize()
}
