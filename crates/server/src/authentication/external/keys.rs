//! The public keys of an issuer: read when they are needed, kept for a while, and read again when a token names one
//! that is not there, but not as often as somebody likes who makes names up.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use stagedoor_auth::{KeySet, Throttle};
use stagedoor_model::Timestamp;
use stagedoor_outbound::{Egress, GetOptions};
use tokio::sync::watch;
use url::Url;

use super::super::Waiting;

/// After this many milliseconds the keys are read again, while the old ones still count.
const FRESH: i64 = 10 * 60_000;
/// After this many they do not count any more: the issuer may have taken one back.
const GOOD: i64 = 60 * 60_000;
/// A set of keys is not larger.
const LARGEST: usize = 512 * 1024;
const TIMEOUT: Duration = Duration::from_secs(5);

/// The keys behind one address.
pub(super) struct Keys {
    url: Url,
    egress: Option<Arc<Egress>>,
    state: Mutex<State>,
}

struct State {
    current: Current,
    read_at: Option<Timestamp>,
    /// Three readings at once, then one every 30 s.
    readings: Throttle<()>,
    /// Says when the reading under way has ended.
    reading: Option<watch::Receiver<bool>>,
}

/// A set of keys, and the how-manieth it is: what was verified with another one is verified again.
#[derive(Clone, Default)]
pub(super) struct Current {
    pub(super) set: Arc<KeySet>,
    pub(super) generation: u64,
}

impl Keys {
    pub(super) fn new(url: Url, egress: Option<Arc<Egress>>) -> Self {
        let state = State {
            current: Current::default(),
            read_at: None,
            readings: Throttle::new(3, 30_000),
            reading: None,
        };
        Self { url, egress, state: Mutex::new(state) }
    }

    /// The keys that count now; none before they have been read, and after they could not be for too long.
    pub(super) fn current(self: &Arc<Self>, now: Timestamp) -> Current {
        let (current, age) = {
            let state = self.state.lock();
            (state.current.clone(), state.read_at.map_or(i64::MAX, |at| now.0 - at.0))
        };
        if age < FRESH {
            return current;
        }
        if age < GOOD {
            // Nobody waits for it.
            let _ = self.refresh(now);
            return current;
        }
        Current { set: Arc::default(), ..current }
    }

    /// Whether these are still the keys, so that what was verified with them need not be again.
    pub(super) fn is_current(&self, generation: u64, now: Timestamp) -> bool {
        let state = self.state.lock();
        state.current.generation == generation && state.read_at.is_some_and(|at| now.0 - at.0 < FRESH)
    }

    /// Reads the keys again. `None` where that has been done too often, or cannot be.
    pub(super) fn refresh(self: &Arc<Self>, now: Timestamp) -> Option<Waiting> {
        let egress = Arc::clone(self.egress.as_ref()?);
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let mut state = self.state.lock();
        if let Some(reading) = &state.reading {
            return Some(Waiting(reading.clone()));
        }
        state.readings.take(&(), now.0).ok()?;
        let (ended, reading) = watch::channel(false);
        state.reading = Some(reading.clone());
        let keys = Arc::clone(self);
        runtime.spawn(async move {
            let read = keys.read(&egress).await;
            keys.take(read, now);
            // Nobody may be waiting any more.
            let _ = ended.send(true);
        });
        Some(Waiting(reading))
    }

    async fn read(&self, egress: &Egress) -> Result<KeySet, String> {
        let accept = Some("application/jwk-set+json, application/json".to_owned());
        let options = GetOptions { max_bytes: LARGEST, timeout: TIMEOUT, accept, ..GetOptions::default() };
        let fetched = egress.get(&self.url, options).await.map_err(|error| error.to_string())?;
        let keys = KeySet::parse(&fetched.body).map_err(|_| "the answer is no set of keys".to_owned())?;
        if keys.is_empty() { Err("none of its keys can be used".to_owned()) } else { Ok(keys) }
    }

    fn take(&self, read: Result<KeySet, String>, now: Timestamp) {
        let mut state = self.state.lock();
        state.reading = None;
        match read {
            Ok(keys) => {
                let generation = state.current.generation + 1;
                state.current = Current { set: Arc::new(keys), generation };
                state.read_at = Some(now);
            }
            Err(reason) => {
                let host = self.url.host_str().unwrap_or_default();
                tracing::warn!(host, reason, "the keys of an issuer of external tokens could not be read");
            }
        }
    }
}
