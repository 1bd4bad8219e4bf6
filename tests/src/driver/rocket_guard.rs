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

use super::{Application, CODE_HEADER, Handed, Receiver, Seen, Served, TAKE_RESULT_HEADER};

/// What `#[post("/<_..>", data = "<postback>")]` would make of a handler, or `#[get("/<_..>")]`; but with every
/// method, and for every provider.
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
    // No `HEADERS_OF_ROCKET`: `serve_on_rocket` leaves off the one that is left.
    .attach(Shield::new());
    Application::serve_on_rocket(application, seen).await
}

#[rocket::async_trait]
impl<P: Served> Handler for Receiver<P> {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> route::Outcome<'r> {
        match P::Accepts::guard(request, data).await {
            Ok(postback) => {
                self.seen.note(Handed::new(&postback, None));
                Outcome::from(request, postback.ack())
            }
            Err((_, refusal)) if request.headers().contains(TAKE_RESULT_HEADER) => {
                let code = Header::new(CODE_HEADER, refusal.rejection().code());
                match refusal.respond_to(request) {
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

/// Asks the one guard that there is.
#[rocket::async_trait]
pub trait Guarded<P: Provider>: Accepts {
    /// What it hands the handler of a request.
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
        handed(Postback::from_data(request, data).await)
    }
}

#[rocket::async_trait]
impl<P: Provider<Accepts = Self>> Guarded<P> for AcceptsGet {
    async fn guard<'r>(
        request: &'r Request<'_>,
        _: Data<'r>,
    ) -> Result<Postback<P>, (Status, PostbackError)> {
        handed(Postback::from_request(request).await)
    }
}

fn handed<P: Provider, F>(
    outcome: Outcome<Postback<P>, (Status, PostbackError), F>,
) -> Result<Postback<P>, (Status, PostbackError)> {
    match outcome {
        Outcome::Success(postback) => Ok(postback),
        Outcome::Error(refusal) => Err(refusal),
        Outcome::Forward(_) => panic!("it hands nothing on"),
    }
}
