//! The routes of the receiver.

mod deadline;

use std::{io, time::Duration};

use postback_core::Provider;
use postback_core::cryptapi::{CryptApi, Get, Post};
use postback_core::cryptocloud::{CryptoCloud, Trybit};
use postback_rocket::{Ack, Postback, catchers};
use receiver::{CryptApiVerifier, Print, Verifiers, print_callback, print_payment};
use rocket::{Build, Rocket, State, figment::Figment, get, http::Status, post, routes};

use self::deadline::{Deadline, InTime};

/// Returns the application. Verified postbacks are passed to `print`, and a body must arrive within
/// `deadline` after its first 14 bytes, for which Rocket waits before it calls a guard.
pub fn application(
    config: Figment,
    verifiers: Verifiers,
    print: Print,
    deadline: Duration,
) -> Rocket<Build> {
    let application = rocket::custom(config)
        .manage(Deadline(deadline))
        .manage(print)
        .manage(verifiers.cryptocloud)
        .manage(verifiers.trybit)
        .mount("/postback", routes![cryptocloud, trybit])
        .register("/postback", catchers());
    match verifiers.cryptapi {
        CryptApiVerifier::Get(verifier) => application
            .manage(verifier)
            .mount("/postback", routes![cryptapi_by_get]),
        CryptApiVerifier::Post(verifier) => application
            .manage(verifier)
            .mount("/postback", routes![cryptapi_by_post]),
    }
}

#[post("/cryptocloud", data = "<postback>")]
async fn cryptocloud(postback: InTime<CryptoCloud>, print: &State<Print>) -> Reply<CryptoCloud> {
    reply(print_payment(print, &postback), &postback)
}

#[post("/trybit", data = "<postback>")]
async fn trybit(postback: InTime<Trybit>, print: &State<Print>) -> Reply<Trybit> {
    reply(print_payment(print, &postback), &postback)
}

#[get("/cryptapi")]
async fn cryptapi_by_get(
    postback: Postback<CryptApi<Get>>,
    print: &State<Print>,
) -> Reply<CryptApi<Get>> {
    reply(print_callback(print, &postback), &postback)
}

#[post("/cryptapi", data = "<postback>")]
async fn cryptapi_by_post(
    postback: InTime<CryptApi<Post>>,
    print: &State<Print>,
) -> Reply<CryptApi<Post>> {
    reply(print_callback(print, &postback), &postback)
}

type Reply<P> = Result<Ack<P>, Status>;

fn reply<P: Provider>(printed: io::Result<()>, postback: &Postback<P>) -> Reply<P> {
    printed.map_err(|_| Status::InternalServerError)?;
    Ok(postback.ack())
}
