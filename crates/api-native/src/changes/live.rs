//! The feed as server-sent events (the format of the HTML standard, section "Server-sent events").

use std::convert::Infallible;
use std::io::Write as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, header};
use stagedoor_portal::{Feed, FeedEvent, FeedPage, Woken};
use tokio::time::{Instant, timeout};

use super::{STREAM, event};

/// Events that are made at once; the next ones when the reader has taken these.
const CHUNK: usize = 64;
/// Silence longer than this makes proxies close a connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Then the reader has to come again, and show a credential that still holds. Readers do so by themselves.
const LONGEST: Duration = Duration::from_secs(15 * 60);

struct Live {
    feed: Feed,
    opened: Instant,
    begun: bool,
    more: bool,
}

/// The answer: it goes on until the reader goes, the portal goes down or a quarter of an hour is over.
pub(super) fn stream(feed: Feed) -> Response {
    let live = Live { feed, opened: Instant::now(), begun: false, more: true };
    let body = stream::unfold(live, |mut live| async move {
        let next = live.next().await?;
        Some((Ok::<_, Infallible>(next), live))
    });
    let headers = [
        (header::CONTENT_TYPE, STREAM),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would hold events back until it has a page of them.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(body)).into_response()
}

impl Live {
    async fn next(&mut self) -> Option<Bytes> {
        if !self.begun {
            self.begun = true;
            return Some(format!("retry: 2000\nid: {}\n\n", self.feed.position()).into());
        }
        loop {
            if self.opened.elapsed() > LONGEST {
                return None;
            }
            if self.more {
                let from = self.feed.position();
                // An error ends the stream; the reader learns why when it comes again.
                let page = self.feed.page(CHUNK).await.ok()?;
                self.more = page.more;
                // Who may not see everything is not told that something moved that is not theirs to see.
                let silent = page.whole_commits && page.events.is_empty();
                if page.next != from && !silent {
                    return Some(text(page));
                }
            } else {
                match timeout(HEARTBEAT, self.feed.wake()).await {
                    Ok(Woken::More) => self.more = true,
                    Ok(Woken::Ended) => return None,
                    Ok(Woken::ByTime) => {
                        if let Some(moved) = self.feed.moved_by_time() {
                            return Some(by_time(moved));
                        }
                    }
                    Err(_) => return Some(Bytes::from_static(b": nothing new\n\n")),
                }
            }
        }
    }
}

/// An event without a place.
fn by_time(moved: FeedEvent) -> Bytes {
    let mut out = b"data: ".to_vec();
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(&mut out, &event(moved));
    out.extend_from_slice(b"\n\n");
    out.into()
}

/// Events, and the place that is reached with them: an id without data moves a reader on without an event.
fn text(page: FeedPage) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    for one in page.events {
        // Writing to memory cannot fail. A place within a commit is left out where only its end is one.
        if !page.whole_commits {
            let _ = writeln!(out, "id: {}", one.position);
        }
        out.extend_from_slice(b"data: ");
        let _ = serde_json::to_writer(&mut out, &event(one));
        out.extend_from_slice(b"\n\n");
    }
    let _ = write!(out, "id: {}\n\n", page.next);
    out.into()
}
