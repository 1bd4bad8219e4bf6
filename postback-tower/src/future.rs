use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use http_body_util::Limited;
use pin_project_lite::pin_project;
use postback_core::{Admitted, Provider, Rejection, Retry};
use tower_service::Service;

use crate::{
    ResponseBody,
    body::BoxError,
    head, response,
    verify_body::{self, VerifyBody},
};

pin_project! {
    /// Response future of [`PostbackService`](crate::PostbackService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, P, Out, B>
    where
        S: Service<Request<Out>>,
        P: Provider,
    {
        #[pin]
        state: State<S, P, S::Future, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, P, F, B>
    where
        P: Provider,
    {
        Verifying {
            #[pin]
            body: VerifyBody<Limited<B>, P>,
            head: Request<()>,
            // `None` after the service was called.
            inner: Option<S>,
        },
        Calling {
            #[pin]
            response: F,
        },
        Rejected {
            rejection: Rejection,
        },
    }
}

impl<S, P, Out, B> ResponseFuture<S, P, Out, B>
where
    S: Service<Request<Out>>,
    P: Provider,
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn verify(inner: S, mut head: Parts, admitted: Admitted<P>, body: B) -> Self {
        let declared = body.size_hint().lower();
        let body = verify_body::limited(&mut head.extensions, body);
        Self {
            state: State::Verifying {
                body: VerifyBody::new(body, declared, admitted),
                head: Request::from_parts(head, ()),
                inner: Some(inner),
            },
        }
    }

    pub(crate) const fn reject(rejection: Rejection) -> Self {
        Self {
            state: State::Rejected { rejection },
        }
    }
}

impl<S, P, Out, B, ResBody> Future for ResponseFuture<S, P, Out, B>
where
    S: Service<Request<Out>, Response = Response<ResBody>>,
    P: Provider,
    Out: From<Bytes>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<ResponseBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Verifying { body, head, inner } => {
                    let verified = ready!(body.poll(context));
                    let Some(mut inner) = inner.take() else {
                        // Only a future that is polled after a panic gets here.
                        let response = response::retry(Retry::effect_failed("service panicked"));
                        return Poll::Ready(Ok(response.map(ResponseBody::rejection)));
                    };
                    match verified {
                        Ok((verified, body)) => {
                            let mut request = mem::take(head);
                            request.extensions_mut().insert(verified);
                            head::remove_framing(request.headers_mut(), body.len());
                            let response = inner.call(request.map(|()| Out::from(body)));
                            State::Calling { response }
                        }
                        Err(rejection) => State::Rejected { rejection },
                    }
                }
                StateProjection::Calling { response } => {
                    let response = ready!(response.poll(context));
                    return Poll::Ready(response.map(|it| it.map(ResponseBody::inner)));
                }
                StateProjection::Rejected { rejection } => {
                    let response = response::rejection::<P, &str>(rejection.clone());
                    return Poll::Ready(Ok(response.map(ResponseBody::rejection)));
                }
            };
            state.set(next);
        }
    }
}

impl<S, P, Out, B> fmt::Debug for ResponseFuture<S, P, Out, B>
where
    S: Service<Request<Out>>,
    P: Provider,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
