use bytes::Bytes;
use postback_core::{
    AcceptsGet, AcceptsPost, Admitted, Provider, Rejection, RequestHead, Verifier,
};
use rocket::data::{self, Data, FromData, ToByteUnit};
use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel, http::Status, outcome::Outcome};

postback_core::adapter_types! {
    /// Guard for a verified postback of `P`.
    ///
    /// It dereferences to [`Verified<P>`](postback_core::Verified), and that to the payload.
    ///
    /// For a provider that signs the body it is a data guard, `data = "<postback>"`; for one that
    /// signs the URL, a request guard. A route with the wrong one does not compile.
    ///
    /// The guard needs a managed `Verifier<P>`. It is a sentinel, so that Rocket does not launch
    /// without the verifier. Rocket does not see a sentinel inside a type alias, such as one of
    /// `Result<Postback<P>, PostbackError>`.
    ///
    /// *Rejects* with [`PostbackError`] when
    ///
    /// - no verifier is managed: as not configured;
    /// - the method, content type, content encoding or declared size is not acceptable: before the
    ///   guard reads the body;
    /// - the body exceeds the verifier's limit or Rocket's limit `postback`, if that is set and
    ///   smaller, or cannot be read to its end;
    /// - verification fails: [`Rejection`] lists all reasons.
    ///
    /// The [`catchers`](crate::catchers) reply to a rejected request. A handler that needs the
    /// reason takes `Result<Postback<P>, PostbackError>`, and returns the error as its response. Do
    /// not take `Option<Postback<P>>`, which hides a rejection.
    ///
    /// Rocket does not report a chunked body that breaks off within the bytes that a fairing peeked
    /// at: do not use fairings that peek at the body on these routes.
    ///
    /// See the [crate's documentation](crate) for examples.
    pub struct Postback<P>;

    /// Error returned when [`Postback`] rejects a request.
    ///
    /// As a response it has the status, headers and text of the class. The sender does not learn
    /// the reason.
    pub struct PostbackError;

    /// Response that acknowledges a postback of `P`: [`Provider::ACK`].
    pub struct Ack<P>;

    /// Error returned by a handler that does not acknowledge a verified postback. It asks the
    /// provider to send it again.
    ///
    /// Wraps [`postback_core::Retry`], and implements `From` for every type that converts into it,
    /// so that a handler can use `?`. As a response it has the status and text of the class, and
    /// `Retry-After`; the cause is logged in one event.
    pub struct Retry;
}

impl<P: Provider> Postback<P> {
    /// Verifies a request with `verifier`. For a guard that chooses the verifier by path or host.
    ///
    /// A data guard passes its `data`. A request guard has none, and a provider that signs the URL
    /// needs none.
    ///
    /// # Errors
    ///
    /// [`PostbackError`], in the same cases as the guard, but as not configured only if the
    /// provider signs the body and `data` is `None`.
    pub async fn receive(
        request: &Request<'_>,
        data: Option<Data<'_>>,
        verifier: &Verifier<P>,
    ) -> Result<Self, PostbackError> {
        let result = match admit(request, verifier) {
            Ok(admitted) => match (admitted.body_limit(), data) {
                (None, _) => admitted.verify(Bytes::new()),
                (Some(_), None) => Err(admitted.not_configured("a data guard")),
                (Some(limit), Some(data)) => match read(request, data, limit).await {
                    Ok(body) => admitted.verify_complete(body),
                    Err(rejection) => Err(admitted.reject(rejection)),
                },
            },
            Err(rejection) => Err(rejection),
        };
        result.map(Self).map_err(PostbackError::new::<P>)
    }
}

/// Shows the head of a request to the verifier.
fn admit<P: Provider>(
    request: &Request<'_>,
    verifier: &Verifier<P>,
) -> Result<Admitted<P>, Rejection> {
    let target = request.uri().to_string();
    let headers = |name: &str, visit: &mut dyn FnMut(&[u8])| {
        let values = request.headers().get(name);
        values.for_each(|value| visit(value.as_bytes()));
    };
    verifier.admit(&RequestHead::new(
        request.method().as_str(),
        &target,
        &headers,
    ))
}

/// Reads the body. At its limit Rocket ends a body without an error.
async fn read(request: &Request<'_>, data: Data<'_>, limit: usize) -> Result<Bytes, Rejection> {
    let configured = request.limits().get("postback");
    let smaller = configured.map_or(limit.bytes(), |configured| configured.min(limit.bytes()));
    match data.open(smaller).into_bytes().await {
        Ok(body) if body.is_complete() => Ok(body.into_inner().into()),
        Ok(_) => Err(Rejection::body_too_large(limit)),
        Err(_) => Err(Rejection::BodyUnreadable),
    }
}

#[rocket::async_trait]
impl<'r, P: Provider<Accepts = AcceptsPost>> FromData<'r> for Postback<P> {
    type Error = PostbackError;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        guard(request, Some(data)).await
    }
}

#[rocket::async_trait]
impl<'r, P: Provider<Accepts = AcceptsGet>> FromRequest<'r> for Postback<P> {
    type Error = PostbackError;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, PostbackError> {
        guard(request, None).await
    }
}

async fn guard<P: Provider, F>(
    request: &Request<'_>,
    data: Option<Data<'_>>,
) -> Outcome<Postback<P>, (Status, PostbackError), F> {
    let result = match request.rocket().state() {
        Some(verifier) => Postback::receive(request, data, verifier).await,
        None => {
            let rejection = Rejection::not_configured::<P>("manage(Verifier<P>)");
            Err(PostbackError::new::<P>(rejection))
        }
    };
    result.map_or_else(|error| error.into_outcome(request), Outcome::Success)
}

impl<P: Provider> Sentinel for Postback<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        rocket.state::<Verifier<P>>().is_none()
    }
}
