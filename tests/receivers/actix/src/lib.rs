//! The receiver's routes, apart from the process around them.

use std::{io, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, Resource, Responder, ResponseError,
    rt::time::timeout,
    web::{self, Payload, ServiceConfig},
};
use postback_actix::{Postback, PostbackError};
use postback_core::{Provider, Rejection, Verified, Verifier};
use receiver::{CryptApiVerifier, Print, Verifiers, print_callback, print_payment};

/// The routes; verified postbacks go to `print`, and a body may take `deadline` to arrive.
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

/// A resource without a method, so that wrong methods are refused as everything else is.
fn route<P: Provider>(
    path: &str,
    verifier: Verifier<P>,
    print: &Print,
    deadline: Duration,
    told: fn(&Print, &Verified<P>) -> io::Result<()>,
) -> Resource {
    let print = print.clone();
    web::resource(path).to(move |request: HttpRequest, payload: Payload| {
        let (verifier, print) = (verifier.clone(), print.clone());
        async move {
            match receive(&request, payload, &verifier, deadline).await {
                Ok(postback) => match told(&print, &postback) {
                    Ok(()) => postback.ack().respond_to(&request),
                    Err(_) => HttpResponse::InternalServerError().finish(),
                },
                Err(refusal) => refusal.error_response(),
            }
        }
    })
}

/// The explicit call, for the deadline: it ends the body alone, and the handler has the time that it needs.
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
