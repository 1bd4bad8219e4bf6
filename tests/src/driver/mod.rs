//! Applications that receive deliveries over a real socket, one for each way in.

mod actix_extractor;
mod application;
mod axum_extractor;
mod axum_layer;
mod rocket_guard;
mod tower_on_hyper;

use std::{any::Any, sync::Arc};

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use postback_core::{Provider, Rejection, Verified, Verifier};
use serde_json::{Map, Value};
use tower::{ServiceExt, service_fn};

pub use self::application::{Application, Seen};
use crate::expected_fields::CorpusFields;

/// A way in.
///
/// Each application takes every method and path, so that a 405 is ours and not the framework's, and a
/// signed URL arrives as it was signed. It answers as the adapter does or, where the request carries
/// [`TAKE_RESULT_HEADER`], tells a refusal's code in a header too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// A handler of actix-web with `Postback<P>` among its arguments.
    ActixExtractor,
    /// A handler of axum with `Postback<P>` among its arguments.
    AxumExtractor,
    /// A route of axum under a `PostbackLayer`.
    AxumLayer,
    /// A handler of Rocket with `Postback<P>` among its arguments.
    RocketGuard,
    /// A `PostbackLayer` on hyper, without a framework.
    TowerOnHyper,
}

impl Driver {
    /// Every way in.
    pub const ALL: [Self; 5] = [
        Self::ActixExtractor,
        Self::AxumExtractor,
        Self::AxumLayer,
        Self::RocketGuard,
        Self::TowerOnHyper,
    ];

    /// Those that stand on hyper's server.
    pub const ON_HYPER: [Self; 4] = [
        Self::AxumExtractor,
        Self::AxumLayer,
        Self::RocketGuard,
        Self::TowerOnHyper,
    ];

    /// Starts an application that asks `verifier`.
    pub async fn serve<P: Served>(self, verifier: Verifier<P>) -> Application {
        match self {
            Self::ActixExtractor => actix_extractor::serve(verifier).await,
            Self::AxumExtractor => axum_extractor::serve(verifier).await,
            Self::AxumLayer => axum_layer::serve(verifier).await,
            Self::RocketGuard => rocket_guard::serve(verifier).await,
            Self::TowerOnHyper => tower_on_hyper::serve(verifier).await,
        }
    }
}

/// A provider that every way in can be served with.
pub trait Served: Provider<Payload: CorpusFields, Accepts: rocket_guard::Guarded<Self>> {}

impl<P> Served for P where P: Provider<Payload: CorpusFields, Accepts: rocket_guard::Guarded<P>> {}

/// What the handlers of an application share.
struct Receiver<P: Provider> {
    verifier: Verifier<P>,
    seen: Seen,
}

impl<P: Provider> Clone for Receiver<P> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            seen: self.seen.clone(),
        }
    }
}

/// The header in which a refusal's code is told.
pub const CODE_HEADER: &str = "x-code";

/// The header of a request that asks for the refusal's code.
pub const TAKE_RESULT_HEADER: &str = "x-take-result";

fn takes_result<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(TAKE_RESULT_HEADER)
}

/// Two routers of axum, the second for requests that ask for the refusal's code.
fn either(plain: Router, result: Router) -> Router {
    Router::new().fallback_service(service_fn(move |request: Request<Body>| {
        let router = if takes_result(&request) {
            &result
        } else {
            &plain
        };
        router.clone().oneshot(request)
    }))
}

/// What a handler was handed. Compared by what it says.
#[derive(Clone, Debug)]
pub struct Handed {
    /// What the verified value says.
    pub fields: Map<String, Value>,
    /// The body that came with it, where a way in hands it on.
    pub body: Option<Bytes>,
    verified: Arc<dyn Any + Send + Sync>,
}

impl Handed {
    fn new<P: Provider<Payload: CorpusFields>>(
        verified: &Verified<P>,
        body: Option<Bytes>,
    ) -> Self {
        let fields = verified.payload().fields();
        let verified = Arc::new(verified.clone());
        Self {
            fields,
            body,
            verified,
        }
    }

    /// The verified value itself.
    pub fn verified<P: Provider>(&self) -> &Verified<P> {
        let verified = self.verified.downcast_ref();
        verified.expect("the provider that was served")
    }
}

impl PartialEq for Handed {
    fn eq(&self, other: &Self) -> bool {
        (&self.fields, &self.body) == (&other.fields, &other.body)
    }
}

/// What came back, and what the handler was given.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The answer's body.
    pub body: String,
    /// What the handler was handed, where it was called.
    pub handed: Option<Handed>,
}

impl From<Outcome> for Response<String> {
    fn from(outcome: Outcome) -> Self {
        let mut response = Self::new(outcome.body);
        *response.status_mut() = outcome.status;
        *response.headers_mut() = outcome.headers;
        response
    }
}

/// Repeats in a header what stands in the extensions of a refusal.
fn tell_code<B>(mut response: Response<B>) -> Response<B> {
    let code = response.extensions().get().map(Rejection::code);
    if let Some(code) = code {
        let code = HeaderValue::from_static(code);
        response.headers_mut().insert(CODE_HEADER, code);
    }
    response
}
