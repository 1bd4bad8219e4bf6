use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use http_body::Body;
use http_body_util::Limited;
use pin_project_lite::pin_project;
use postback_core::{Admitted, Provider, Rejection};
use tower_service::Service;

use crate::{
    ResponseBody,
    body::{self, BoxError, Reading},
    response,
};

pin_project! {
    /// The future of a [`PostbackService`](crate::PostbackService)'s response.
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
        Reading {
            #[pin]
            body: Reading<Limited<B>>,
            waiting: Option<Waiting<S, P>>,
        },
        Calling {
            #[pin]
            response: F,
        },
        Refused {
            rejection: Rejection,
        },
    }
}

/// What the end of the body is awaited with.
struct Waiting<S, P: Provider> {
    inner: S,
    head: Parts,
    admitted: Admitted<P>,
}

impl<S, P: Provider, Out, B> ResponseFuture<S, P, Out, B>
where
    S: Service<Request<Out>>,
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn read(inner: S, mut head: Parts, admitted: Admitted<P>, body: B) -> Self {
        let declared = body.size_hint().lower();
        let body = body::limited(&mut head.extensions, body);
        let body = Reading::new(body, declared, admitted.body_limit());
        let waiting = Some(Waiting {
            inner,
            head,
            admitted,
        });
        Self {
            state: State::Reading { body, waiting },
        }
    }

    pub(crate) const fn refuse(rejection: Rejection) -> Self {
        Self {
            state: State::Refused { rejection },
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
                StateProjection::Reading { body, waiting } => {
                    let body = ready!(body.poll(context));
                    match waiting.take() {
                        Some(waiting) => waiting.proceed(body),
                        // This state is left as soon as the body is read.
                        None => return Poll::Pending,
                    }
                }
                StateProjection::Calling { response } => {
                    let response = ready!(response.poll(context));
                    return Poll::Ready(response.map(|it| it.map(ResponseBody::handed_on)));
                }
                StateProjection::Refused { rejection } => {
                    let refusal = response::rejection::<P, &str>(rejection.clone());
                    return Poll::Ready(Ok(refusal.map(ResponseBody::refusal)));
                }
            };
            state.set(next);
        }
    }
}

impl<S, P: Provider> Waiting<S, P> {
    fn proceed<Out: From<Bytes>, B>(
        mut self,
        body: Result<Bytes, Rejection>,
    ) -> State<S, P, S::Future, B>
    where
        S: Service<Request<Out>>,
    {
        let (bytes, verdict) = match body {
            Ok(body) => (body.clone(), self.admitted.verify(body)),
            Err(rejection) => (Bytes::new(), Err(self.admitted.reject(rejection))),
        };
        match verdict {
            Ok(verified) => {
                self.head.extensions.insert(verified);
                body::unframe(&mut self.head.headers, bytes.len());
                let request = Request::from_parts(self.head, Out::from(bytes));
                let response = self.inner.call(request);
                State::Calling { response }
            }
            Err(rejection) => State::Refused { rejection },
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
