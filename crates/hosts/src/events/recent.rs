//! Deliveries that came a moment ago. A sender that repeats one, or somebody who caught one and sends it again, has it
//! acted on once; the ids of deliveries are no help there, for no signature is over them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use ring::digest::{Context, SHA256};

/// After this long the same body counts anew: a person who sends it again means it.
const MOMENT: Duration = Duration::from_secs(60);
/// Deliveries that are remembered.
const MOST: usize = 4096;

#[derive(Default)]
pub(super) struct Recent(Mutex<HashMap<Vec<u8>, Instant>>);

impl Recent {
    /// Whether this came a moment ago. It is remembered if not.
    pub(super) fn has(&self, topic: &str, event: &str, body: &[u8]) -> bool {
        self.has_at(topic, event, body, Instant::now())
    }

    fn has_at(&self, topic: &str, event: &str, body: &[u8], now: Instant) -> bool {
        let mut context = Context::new(&SHA256);
        for part in [topic.as_bytes(), b"\0", event.as_bytes(), b"\0", body] {
            context.update(part);
        }
        let digest = context.finish().as_ref().to_vec();
        let mut seen = self.0.lock();
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < MOMENT;
        if seen.get(&digest).is_some_and(is_recent) {
            return true;
        }
        if seen.len() >= MOST {
            seen.retain(|_, at| is_recent(at));
            // So many in a moment: to act on one twice is cheaper than to remember them all.
            if seen.len() >= MOST {
                seen.clear();
            }
        }
        seen.insert(digest, now);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_ends() {
        let (recent, start) = (Recent::default(), Instant::now());
        assert!(!recent.has_at("github", "push", b"{}", start));
        assert!(recent.has_at("github", "push", b"{}", start + MOMENT / 2));
        assert!(!recent.has_at("github", "ping", b"{}", start));
        assert!(!recent.has_at("gitlab", "push", b"{}", start));
        assert!(!recent.has_at("github", "push", b"{}", start + MOMENT));
    }

    #[test]
    fn memory_has_an_end() {
        let (recent, start) = (Recent::default(), Instant::now());
        for n in 0..MOST * 2 {
            recent.has_at("github", "push", n.to_string().as_bytes(), start);
        }
        assert!(recent.0.lock().len() <= MOST);
    }
}
