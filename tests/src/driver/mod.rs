//! Applications that receive deliveries over a real socket, one for each entry point.

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

/// An entry point: an adapter with its framework and server.
///
/// Each application accepts every method and path, so that the adapter replies 405 and not the
/// framework, and signed URLs arrive unchanged. It responds as the adapter does. If the request has
/// [`TAKE_RESULT_HEADER`], it also returns a rejection's code in [`CODE_HEADER`].
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
    /// All entry points.
    pub const ALL: [Self; 5] = [
        Self::ActixExtractor,
        Self::AxumExtractor,
        Self::AxumLayer,
        Self::RocketGuard,
        Self::TowerOnHyper,
    ];

    /// The entry points whose server is hyper.
    pub const ON_HYPER: [Self; 4] = [
        Self::AxumExtractor,
        Self::AxumLayer,
        Self::RocketGuard,
        Self::TowerOnHyper,
    ];

    /// Starts an application that verifies with `verifier`.
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

/// A provider that every entry point can serve.
pub trait Served: Provider<Payload: CorpusFields, Accepts: rocket_guard::Guarded<Self>> {}

impl<P> Served for P where P: Provider<Payload: CorpusFields, Accepts: rocket_guard::Guarded<P>> {}

/// State that the handlers of an application share.
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

/// Response header with the code of a rejection.
pub const CODE_HEADER: &str = "x-code";

/// Request header that requests the code of a rejection in [`CODE_HEADER`].
pub const TAKE_RESULT_HEADER: &str = "x-take-result";

fn takes_result<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(TAKE_RESULT_HEADER)
}

/// Combines two axum routers, the second for requests with [`TAKE_RESULT_HEADER`].
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

/// A delivery that a handler received, compared by its fields and body.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Fields of the verified payload.
    pub fields: Map<String, Value>,
    /// Body, if the entry point passes it on.
    pub body: Option<Bytes>,
    verified: Arc<dyn Any + Send + Sync>,
}

impl Delivered {
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

    /// Returns the verified value.
    pub fn verified<P: Provider>(&self) -> &Verified<P> {
        let verified = self.verified.downcast_ref();
        verified.expect("the provider of the application")
    }
}

impl PartialEq for Delivered {
    fn eq(&self, other: &Self) -> bool {
        (&self.fields, &self.body) == (&other.fields, &other.body)
    }
}

/// A response, and the delivery that the handler received.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Status of the response.
    pub status: StatusCode,
    /// Headers of the response.
    pub headers: HeaderMap,
    /// Body of the response.
    pub body: String,
    /// Delivery that the handler received, if it was called.
    pub delivered: Option<Delivered>,
}

impl From<Outcome> for Response<String> {
    fn from(outcome: Outcome) -> Self {
        let mut response = Self::new(outcome.body);
        *response.status_mut() = outcome.status;
        *response.headers_mut() = outcome.headers;
        response
    }
}

/// Copies the code of the rejection in the response's extensions to [`CODE_HEADER`].
fn copy_code_to_header<B>(mut response: Response<B>) -> Response<B> {
    let code = response.extensions().get().map(Rejection::code);
    if let Some(code) = code {
        let code = HeaderValue::from_static(code);
        response.headers_mut().insert(CODE_HEADER, code);
    }
    response
}
