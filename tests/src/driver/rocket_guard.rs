use postback_core::{Accepts, AcceptsGet, AcceptsPost, Provider, Verifier};
use postback_rocket::{Postback, PostbackError, catchers};
use rocket::{
    Config, Data, Request, Route,
    config::LogLevel,
    data::FromData,
    http::{Header, Method, Status},
    outcome::Outcome,
    request::FromRequest,
    response::Responder,
    route::{self, Handler},
    shield::Shield,
};

use super::{Application, CODE_HEADER, Delivered, Receiver, Seen, Served, TAKE_RESULT_HEADER};

/// Serves the route of `#[post("/<_..>", data = "<postback>")]` or `#[get("/<_..>")]`, but for each
/// method and each provider.
pub(super) async fn serve<P: Served>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let receiver = Receiver {
        verifier: verifier.clone(),
        seen: seen.clone(),
    };
    let methods = [
        Method::Connect,
        Method::Delete,
        Method::Get,
        Method::Head,
        Method::Options,
        Method::Patch,
        Method::Post,
        Method::Put,
        Method::Trace,
    ];
    let routes = methods.map(|method| Route::new(method, "/<_..>", receiver.clone()));
    let application = rocket::custom(Config {
        log_level: LogLevel::Off,
        ..Config::default()
    })
    .manage(verifier)
    .mount("/", routes)
    .register("/", catchers())
    // Removes `HEADERS_OF_ROCKET` except `Server`, which `serve_on_rocket` removes.
    .attach(Shield::new());
    Application::serve_on_rocket(application, seen).await
}

#[rocket::async_trait]
impl<P: Served> Handler for Receiver<P> {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        match P::Accepts::guard(request, data).await {
            Ok(postback) => {
                self.seen.note(Delivered::new(&postback, None));
                Outcome::from(request, postback.ack())
            }
            Err((_, error)) if request.headers().contains(TAKE_RESULT_HEADER) => {
                let code = Header::new(CODE_HEADER, error.rejection().code());
                match error.respond_to(request) {
                    Ok(mut response) => {
                        response.set_header(code);
                        Outcome::Success(response)
                    }
                    Err(status) => Outcome::Error(status),
                }
            }
            Err((status, _)) => Outcome::Error(status),
        }
    }
}

/// Calls the guard of a provider, which depends on whether its webhooks have a body.
#[rocket::async_trait]
pub trait Guarded<P: Provider>: Accepts {
    /// Returns the argument of the handler.
    async fn guard<'r>(
        request: &'r Request<'_>,
        data: Data<'r>,
    ) -> Result<Postback<P>, (Status, PostbackError)>;
}

#[rocket::async_trait]
impl<P: Provider<Accepts = Self>> Guarded<P> for AcceptsPost {
    async fn guard<'r>(
        request: &'r Request<'_>,
        data: Data<'r>,
    ) -> Result<Postback<P>, (Status, PostbackError)> {
        result_of(Postback::from_data(request, data).await)
    }
}

#[rocket::async_trait]
impl<P: Provider<Accepts = Self>> Guarded<P> for AcceptsGet {
    async fn guard<'r>(
        request: &'r Request<'_>,
        _: Data<'r>,
    ) -> Result<Postback<P>, (Status, PostbackError)> {
        result_of(Postback::from_request(request).await)
    }
}

fn result_of<P: Provider, F>(
    outcome: Outcome<Postback<P>, (Status, PostbackError), F>,
) -> Result<Postback<P>, (Status, PostbackError)> {
    match outcome {
        Outcome::Success(postback) => Ok(postback),
        Outcome::Error(error) => Err(error),
        Outcome::Forward(_) => panic!("the guard never forwards"),
    }
}
