//! What was read last, so that a host is asked only whether it has changed.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use url::Url;

use crate::client::Client;
use crate::code::{CodeHost, Entry};
use crate::error::HostError;
use crate::hosts::Found;

/// The contents that are kept, in bytes; the rest is read again.
const MAX_KEPT: usize = 64 * 1024 * 1024;

type Tagged = (String, Arc<Vec<Entry>>);

#[derive(Default)]
pub(crate) struct Seen {
    files: Mutex<Files>,
    /// By folder: its tag, and what is in it.
    listings: Mutex<HashMap<String, Tagged>>,
}

#[derive(Default)]
struct Files {
    by_url: HashMap<String, Kept>,
    bytes: usize,
}

#[derive(Clone)]
struct Kept {
    etag: Option<String>,
    version: Option<String>,
    body: Bytes,
}

impl Seen {
    /// The file at a URL. One whose version is that of the last time is not asked for.
    pub(crate) async fn file(
        &self,
        host: &dyn CodeHost,
        client: &Client,
        url: &Url,
        version: Option<&str>,
    ) -> Result<Found, HostError> {
        let known = self.files.lock().by_url.get(url.as_str()).cloned();
        let found = |body: Bytes, unchanged| Found { url: url.to_string(), body, unchanged };
        if let Some(kept) = known.as_ref().filter(|k| version.is_some() && k.version.as_deref() == version) {
            return Ok(found(kept.body.clone(), true));
        }
        let etag = known.as_ref().and_then(|k| k.etag.as_deref());
        let file = host.read(client, url, etag).await?;
        let Some(body) = file.body else {
            let kept = known.ok_or_else(|| {
                HostError::Unreachable(format!("{url} answered that nothing changed, and nothing was known"))
            })?;
            self.keep(url, Kept { version: version.map(str::to_owned), ..kept.clone() });
            return Ok(found(kept.body, true));
        };
        let unchanged = known.is_some_and(|k| k.body == body);
        let version = version.map(str::to_owned);
        self.keep(url, Kept { etag: file.etag, version, body: body.clone() });
        Ok(found(body, unchanged))
    }

    /// Files of a listing that have another version than the last time, read together where the host can do that.
    pub(crate) async fn together(
        &self,
        host: &dyn CodeHost,
        client: &Client,
        folder: &Url,
        wanted: &[(Url, &Entry)],
    ) -> Result<HashMap<Url, Found>, HostError> {
        let is_known = |url: &Url, entry: &Entry| {
            let files = self.files.lock();
            files.by_url.get(url.as_str()).is_some_and(|kept| kept.version == entry.version)
        };
        let news = wanted.iter().filter(|(url, entry)| entry.version.is_some() && !is_known(url, entry));
        let news: Vec<_> = news.collect();
        let entries: Vec<&Entry> = news.iter().map(|(_, entry)| *entry).collect();
        let bodies = if news.is_empty() { None } else { host.read_listed(client, folder, &entries).await? };
        let mut read = HashMap::new();
        for ((url, entry), body) in news.into_iter().zip(bodies.into_iter().flatten()) {
            let last = self.files.lock().by_url.get(url.as_str()).map(|kept| kept.body.clone());
            let unchanged = last.is_some_and(|last| last == body);
            self.keep(url, Kept { etag: None, version: entry.version.clone(), body: body.clone() });
            read.insert(url.clone(), Found { url: url.to_string(), body, unchanged });
        }
        Ok(read)
    }

    /// All files below a folder.
    pub(crate) async fn listing(
        &self,
        host: &dyn CodeHost,
        client: &Client,
        folder: &Url,
    ) -> Result<Arc<Vec<Entry>>, HostError> {
        let known = self.listings.lock().get(folder.as_str()).cloned();
        let listing = host.list(client, folder, known.as_ref().map(|(etag, _)| etag.as_str())).await?;
        let entries = match (listing.entries, known) {
            (Some(entries), _) => Arc::new(entries),
            (None, Some((_, entries))) => entries,
            (None, None) => Arc::default(),
        };
        match listing.etag {
            Some(etag) => drop(self.listings.lock().insert(folder.to_string(), (etag, Arc::clone(&entries)))),
            None => drop(self.listings.lock().remove(folder.as_str())),
        }
        Ok(entries)
    }

    fn keep(&self, url: &Url, kept: Kept) {
        let mut files = self.files.lock();
        if files.bytes + kept.body.len() > MAX_KEPT {
            *files = Files::default();
        }
        files.bytes += kept.body.len();
        if let Some(old) = files.by_url.insert(url.to_string(), kept) {
            files.bytes -= old.body.len();
        }
    }
}
