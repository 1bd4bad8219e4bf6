//! The routes of the receiver.

use std::{io, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, Resource, Responder, ResponseError,
    rt::time::timeout,
    web::{self, Payload, ServiceConfig},
};
use postback_actix::{Postback, PostbackError};
use postback_core::{Provider, Rejection, Verified, Verifier};
use receiver::{CryptApiVerifier, Print, Verifiers, print_callback, print_payment};

/// Returns the routes. Verified postbacks are passed to `print`, and a body must arrive within
/// `deadline`.
pub fn routes(
    verifiers: Verifiers,
    print: Print,
    deadline: Duration,
) -> impl FnOnce(&mut ServiceConfig) {
    move |application| {
        let path = "/postback/cryptapi";
        let cryptapi = match verifiers.cryptapi {
            CryptApiVerifier::Get(it) => route(path, it, &print, deadline, print_callback),
            CryptApiVerifier::Post(it) => route(path, it, &print, deadline, print_callback),
        };
        let (path, verifier) = ("/postback/cryptocloud", verifiers.cryptocloud);
        let cryptocloud = route(path, verifier, &print, deadline, print_payment);
        let (path, verifier) = ("/postback/trybit", verifiers.trybit);
        let trybit = route(path, verifier, &print, deadline, print_payment);
        application
            .service(cryptapi)
            .service(cryptocloud)
            .service(trybit);
    }
}

/// Routes all methods, so that the extractor rejects and logs the wrong ones.
fn route<P: Provider>(
    path: &str,
    verifier: Verifier<P>,
    print: &Print,
    deadline: Duration,
    output: fn(&Print, &Verified<P>) -> io::Result<()>,
) -> Resource {
    let print = print.clone();
    web::resource(path).to(move |request: HttpRequest, payload: Payload| {
        let (verifier, print) = (verifier.clone(), print.clone());
        async move {
            match receive(&request, payload, &verifier, deadline).await {
                Ok(postback) => match output(&print, &postback) {
                    Ok(()) => postback.ack().respond_to(&request),
                    Err(_) => HttpResponse::InternalServerError().finish(),
                },
                Err(rejected) => rejected.error_response(),
            }
        }
    })
}

/// Receives a postback whose body arrives within the deadline, which does not bound the handler.
async fn receive<P: Provider>(
    request: &HttpRequest,
    payload: Payload,
    verifier: &Verifier<P>,
    deadline: Duration,
) -> Result<Postback<P>, PostbackError> {
    let received = Postback::receive(request, payload.into_inner(), verifier);
    match timeout(deadline, received).await {
        Ok(received) => received,
        Err(_) => Err(PostbackError::new::<P>(Rejection::BodyUnreadable)),
    }
}
