//! A body that is sent as it is made.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::error::ApiError;

/// A piece of the body, or why there is no more.
pub type Message = Result<Bytes, ApiError>;

/// A body from pieces as they come.
pub struct Chunks {
    first: Option<Bytes>,
    rest: mpsc::Receiver<Message>,
}

impl Chunks {
    /// Begins with `first` and goes on with what is received.
    #[must_use]
    pub fn new(first: Option<Bytes>, rest: mpsc::Receiver<Message>) -> Self {
        Self { first, rest }
    }
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = ApiError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, ApiError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(http_body::Frame::data(first))));
        }
        self.rest
            .poll_recv(context)
            .map(|chunk| chunk.map(|chunk| chunk.map(http_body::Frame::data)))
    }
}
