use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response: that of the service below, or the public text of a refusal.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProjection]
    enum State<B> {
        HandedOn { #[pin] body: B },
        Refusal { text: Full<Bytes> },
    }
}

impl<B> ResponseBody<B> {
    pub(crate) const fn handed_on(body: B) -> Self {
        Self {
            state: State::HandedOn { body },
        }
    }

    pub(crate) fn refusal(text: &'static str) -> Self {
        Self {
            state: State::Refusal { text: text.into() },
        }
    }
}

/// An empty body, for middleware above that answers by itself, as one with a deadline does.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::refusal("")
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().state.project() {
            StateProjection::HandedOn { body } => body.poll_frame(context),
            StateProjection::Refusal { text } => {
                let frame = Pin::new(text).poll_frame(context);
                frame.map(|frame| frame.map(|frame| frame.map_err(|never| match never {})))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::HandedOn { body } => body.is_end_stream(),
            State::Refusal { text } => text.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::HandedOn { body } => body.size_hint(),
            State::Refusal { text } => text.size_hint(),
        }
    }
}
