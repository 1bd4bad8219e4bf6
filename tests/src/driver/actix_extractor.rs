use actix_web::{
    App, HttpRequest, HttpResponse, Responder, ResponseError, guard,
    http::header::{HeaderName, HeaderValue},
    web,
};
use postback_actix::{Ack, Postback, PostbackError};
use postback_core::Verifier;

use super::{Application, CODE_HEADER, Delivered, Seen, Served, TAKE_RESULT_HEADER};

/// Serves handlers that take `Postback<P>` or, if the code is requested, the `Result`.
pub(super) async fn serve<P: Served>(verifier: Verifier<P>) -> Application {
    let seen = Seen::default();
    let noting = seen.clone();
    let application = move || {
        let takes_result = guard::fn_guard(|request| {
            let headers = request.head().headers();
            headers.contains_key(TAKE_RESULT_HEADER)
        });
        App::new()
            .app_data(verifier.clone())
            .app_data(web::Data::new(noting.clone()))
            .service(
                web::resource("/{path:.*}")
                    .guard(takes_result)
                    .to(result::<P>),
            )
            .default_service(web::to(plain::<P>))
    };
    Application::serve_on_actix(application, seen)
}

async fn plain<P: Served>(seen: web::Data<Seen>, postback: Postback<P>) -> Ack<P> {
    seen.note(Delivered::new(&postback, None));
    postback.ack()
}

async fn result<P: Served>(
    request: HttpRequest,
    seen: web::Data<Seen>,
    postback: Result<Postback<P>, PostbackError>,
) -> HttpResponse {
    match postback {
        Ok(postback) => {
            let ack = plain(seen, postback).await;
            ack.respond_to(&request).map_into_boxed_body()
        }
        Err(error) => {
            let code = HeaderValue::from_static(error.rejection().code());
            let mut response = error.error_response();
            let name = HeaderName::from_static(CODE_HEADER);
            response.headers_mut().insert(name, code);
            response
        }
    }
}
