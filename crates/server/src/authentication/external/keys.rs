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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use axum::Router;
    use axum::extract::State;
    use http::StatusCode;

    use super::*;

    /// RFC 8037, appendix A.2.
    const SET: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    /// How often it was asked, and whether it fails.
    #[derive(Clone, Default)]
    struct Server(Arc<(AtomicUsize, AtomicUsize)>);

    async fn answer(State(server): State<Server>) -> (StatusCode, &'static str) {
        server.0.0.fetch_add(1, Relaxed);
        if server.0.1.load(Relaxed) == 0 { (StatusCode::OK, SET) } else { (StatusCode::BAD_GATEWAY, "") }
    }

    async fn start() -> (Server, Arc<Keys>) {
        let server = Server::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let egress = Egress::new("127.0.0.1".parse().unwrap());
        (server, Arc::new(Keys::new(url.parse().unwrap(), Some(Arc::new(egress)))))
    }

    async fn read(keys: &Arc<Keys>, now: i64) {
        keys.refresh(Timestamp(now)).unwrap().end().await;
    }

    /// Ends the reading that has been begun by the way.
    async fn settled(keys: &Arc<Keys>) {
        let reading = keys.state.lock().reading.clone();
        if let Some(reading) = reading {
            Waiting(reading).end().await;
        }
    }

    #[tokio::test]
    async fn keys_grow_old() {
        let (server, keys) = start().await;
        let current = |now| keys.current(Timestamp(now)).set.len();
        assert_eq!(current(0), 0);
        read(&keys, 0).await;
        assert_eq!((current(0), current(FRESH - 1)), (1, 1));
        assert!(keys.is_current(1, Timestamp(FRESH - 1)));
        assert_eq!(server.0.0.load(Relaxed), 1, "as long as they are fresh they are not asked for");
        // Old ones still count while new ones are read, and while that fails, but not for ever.
        server.0.1.store(1, Relaxed);
        assert_eq!(current(FRESH), 1);
        assert!(!keys.is_current(1, Timestamp(FRESH)));
        settled(&keys).await;
        assert_eq!((server.0.0.load(Relaxed), current(GOOD - 1)), (2, 1));
        settled(&keys).await;
        assert_eq!(current(GOOD), 0);
        server.0.1.store(0, Relaxed);
        read(&keys, GOOD + 60_000).await;
        assert_eq!(current(GOOD + 60_000), 1);
    }

    #[tokio::test]
    async fn many_who_wait_are_one_reading_and_readings_run_out() {
        let (server, keys) = start().await;
        let all: Vec<Waiting> = (0..50).filter_map(|_| keys.refresh(Timestamp(0))).collect();
        assert_eq!(all.len(), 50);
        for one in all {
            one.end().await;
        }
        assert_eq!(server.0.0.load(Relaxed), 1);
        read(&keys, 0).await;
        read(&keys, 0).await;
        assert!(keys.refresh(Timestamp(0)).is_none() && keys.refresh(Timestamp(29_999)).is_none());
        assert!(keys.refresh(Timestamp(30_000)).is_some());
    }
}
