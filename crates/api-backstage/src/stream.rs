//! All entities in one answer, in chunks: each is made from the snapshot of its moment, so that neither memory
//! nor a snapshot is held while a slow client reads.

use std::io;

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::stream::{self, StreamExt as _};
use stagedoor_auth::Viewer;
use stagedoor_portal::Portal;

use crate::answer;
use crate::cursor::{Place, Search};
use crate::error::ApiError;
use crate::fields::Fields;
use crate::items::Items;
use crate::walk::Walk;

/// Entities in a chunk.
const CHUNK: usize = 1_000;

struct Progress {
    portal: Portal,
    viewer: Viewer,
    walk: Walk,
    fields: Option<Fields>,
    from: Option<Place>,
    /// The sorted entities are through; those that lack the sort field follow.
    last_part: bool,
    begun: bool,
    done: bool,
}

/// Answers with every entity that a search finds.
pub(crate) fn all(
    portal: Portal,
    viewer: Viewer,
    search: &Search,
    fields: Option<Fields>,
) -> Result<Response, ApiError> {
    let walk = Walk::new(search)?;
    let mut progress =
        Progress { portal, viewer, walk, fields, from: None, last_part: false, begun: false, done: false };
    let first = progress.chunk()?;
    if progress.done {
        return Ok(answer::json(first));
    }
    let rest = stream::unfold(progress, |mut progress| async move {
        if progress.done {
            return None;
        }
        let chunk = progress.chunk().map_err(|error| {
            progress.done = true;
            io::Error::other(error.message)
        });
        Some((chunk, progress))
    });
    // Compression asks once more behind the end.
    Ok(answer::json(Body::from_stream(stream::iter([Ok(first)]).chain(rest).fuse())))
}

impl Progress {
    /// The next part of the array.
    fn chunk(&mut self) -> Result<Bytes, ApiError> {
        let view = self.portal.view(&self.viewer)?;
        let selection = self.walk.select(&view);
        let mut rows: Vec<_> = if self.last_part {
            self.walk.left_out(&selection, self.from.as_ref()).into_iter().take(CHUNK + 1).collect()
        } else {
            self.walk.rows(&selection, self.from.as_ref(), false).take(CHUNK + 1).collect()
        };
        let through = rows.len() <= CHUNK;
        if through && !self.last_part && self.walk.leaves_out() {
            self.last_part = true;
            self.from = None;
            let room = CHUNK + 1 - rows.len();
            rows.extend(self.walk.left_out(&selection, None).into_iter().take(room));
        }
        self.done = rows.len() <= CHUNK;
        rows.truncate(CHUNK);
        let mut out = vec![if self.begun { b',' } else { b'[' }];
        // The row that showed there is more may be gone by now.
        if self.begun && rows.is_empty() {
            out.clear();
        }
        Items::new(&view, self.fields.as_ref()).append_all(rows.iter().map(|row| row.node), &mut out);
        if self.done {
            out.push(b']');
        }
        self.begun = true;
        let last = rows.last().map(|row| row.place(&view));
        // A chunk that ends with the sorted part is followed by the other one from its start.
        self.from = last.filter(|place| !self.last_part || matches!(place, Place::ByRef(_)));
        Ok(out.into())
    }
}
