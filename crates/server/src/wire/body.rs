//! A request body that has to come at a pace.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes a second that a body has to bring, once its first seconds are over.
pub(super) const RATE: u64 = 8 * 1024;

/// How long a body of this size may take besides its first seconds.
pub(super) fn time_for(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1000) / RATE)
}

/// What tells, after the answer, that a body came too slowly.
#[derive(Clone, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// A body that ends with an error when its sender dawdles. While bytes are there it costs nothing.
pub(super) struct Patient {
    inner: Incoming,
    deadline: Instant,
    waiting: Option<Pin<Box<Sleep>>>,
    late: Late,
}

impl Patient {
    /// `patience` is for the first seconds, in which nothing needs to come.
    pub(super) fn new(inner: Incoming, patience: Duration, late: Late) -> Self {
        Self { inner, deadline: Instant::now() + patience, waiting: None, late }
    }
}

impl Body for Patient {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(frame) => {
                self.waiting = None;
                if let Some(Ok(data)) = frame.as_ref().map(|f| f.as_ref().map(Frame::data_ref)) {
                    self.deadline += time_for(data.map_or(0, |data| data.len() as u64));
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let deadline = self.deadline;
                let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                if waiting.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.late.0.store(true, Relaxed);
                Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
