use bytes::Bytes;
use postback_core::{
    AcceptsGet, AcceptsPost, Admitted, Provider, Rejection, RequestHead, Verifier,
};
use rocket::data::{self, Data, FromData, ToByteUnit};
use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel, http::Status, outcome::Outcome};

postback_core::adapter_types! {
    /// Guard for a verified postback of `P`; derefs to [`Verified`](postback_core::Verified).
    ///
    /// For a gateway that posts it is a data guard, `data = "<postback>"`; for one that signs its URL, a request
    /// guard. Each is only the one, so that a forgotten `data =` does not compile.
    ///
    /// Needs a managed `Verifier<P>`: Rocket refuses to launch without it, unless the guard is hidden in an alias of
    /// a larger type.
    ///
    /// *Refuses* with [`PostbackError`] when
    ///
    /// - no verifier is managed: as not configured, and the operator's log says what was looked for;
    /// - the method, content type, content encoding or declared size is not acceptable: before the body is read;
    /// - the body exceeds the verifier's limit or Rocket's limit `postback`, where that is set and smaller, or
    ///   breaks off. Of a body that comes in chunks, Rocket does not tell that it broke off within what was peeked
    ///   at: keep fairings that do so off these routes;
    /// - the postback is malformed, unsigned, forged, expired or about another invoice.
    ///
    /// What the sender is then told is for the [`catchers`](crate::catchers) to say, or for a handler that takes
    /// `Result<Postback<P>, PostbackError>`, sees the reason, and hands the refusal back as its answer. It takes
    /// no `Option<Postback<P>>`, which would hide a refusal.
    Postback,

    /// Why [`Postback`] refused a request. As a response it tells the class and no more.
    PostbackError,
}

impl<P: Provider> Postback<P> {
    /// Verifies a request with `verifier`, for a guard that chooses it by path or host.
    ///
    /// `data` is what a data guard is handed. A request guard has none, and a gateway that signs its URL needs
    /// none.
    ///
    /// # Errors
    ///
    /// [`PostbackError`], as the guard does; as not configured, if a body is needed and there is no `data`.
    pub async fn receive(
        request: &Request<'_>,
        data: Option<Data<'_>>,
        verifier: &Verifier<P>,
    ) -> Result<Self, PostbackError> {
        let verdict = match admit(request, verifier) {
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
        verdict.map(Self).map_err(PostbackError::of_provider::<P>)
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

/// Reads the body, which Rocket cuts off at a limit rather than fail.
async fn read(request: &Request<'_>, data: Data<'_>, limit: usize) -> Result<Bytes, Rejection> {
    let configured = request.limits().get("postback");
    let least = configured.map_or(limit.bytes(), |configured| configured.min(limit.bytes()));
    match data.open(least).into_bytes().await {
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
    let received = match request.rocket().state() {
        Some(verifier) => Postback::receive(request, data, verifier).await,
        None => {
            let rejection = Rejection::not_configured::<P>("manage(Verifier<P>)");
            Err(PostbackError::of_provider::<P>(rejection))
        }
    };
    received.map_or_else(|refusal| refusal.into_outcome(request), Outcome::Success)
}

impl<P: Provider> Sentinel for Postback<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        rocket.state::<Verifier<P>>().is_none()
    }
}
