//! How often something may be tried: buckets of tokens that refill with time. The time is passed in.

use std::collections::HashMap;
use std::hash::Hash;

/// Names that are remembered; beyond that the fullest buckets are forgotten first.
const REMEMBERED: usize = 50_000;

/// Buckets by name. An attempt takes a token; whoever finds none has to wait until one has come back. Nobody waits
/// longer than for one token, however many attempts were made meanwhile: refused attempts cost nothing.
#[derive(Debug)]
pub struct Throttle<K> {
    capacity: f64,
    /// Milliseconds in which one token comes back.
    refill: f64,
    buckets: HashMap<K, Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: i64,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// `capacity` attempts at once, and one more every `refill` milliseconds.
    #[must_use]
    pub fn new(capacity: u32, refill: u32) -> Self {
        Self { capacity: f64::from(capacity), refill: f64::from(refill.max(1)), buckets: HashMap::new() }
    }

    fn now(&self, bucket: Option<&Bucket>, now: i64) -> f64 {
        let Some(bucket) = bucket else { return self.capacity };
        // Milliseconds of some minutes: small numbers.
        #[expect(clippy::cast_precision_loss, reason = "differences of times are small")]
        let elapsed = now.saturating_sub(bucket.at).max(0) as f64;
        (bucket.tokens + elapsed / self.refill).min(self.capacity)
    }

    /// Takes a token.
    ///
    /// # Errors
    /// In how many milliseconds there will be one.
    pub fn take(&mut self, key: &K, now: i64) -> Result<(), u64> {
        let tokens = self.now(self.buckets.get(key), now);
        if tokens < 1.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive and small"
            )]
            return Err(((1.0 - tokens) * self.refill).ceil() as u64);
        }
        self.make_room(now);
        self.buckets.insert(key.clone(), Bucket { tokens: tokens - 1.0, at: now });
        Ok(())
    }

    /// Gives a token back: the attempt was a good one.
    pub fn give_back(&mut self, key: &K, now: i64) {
        let tokens = (self.now(self.buckets.get(key), now) + 1.0).min(self.capacity);
        if tokens >= self.capacity {
            self.buckets.remove(key);
        } else {
            self.buckets.insert(key.clone(), Bucket { tokens, at: now });
        }
    }

    /// Forgets the whole name: whoever it is has proved to be the right one.
    pub fn forget(&mut self, key: &K) {
        self.buckets.remove(key);
    }

    fn make_room(&mut self, now: i64) {
        if self.buckets.len() < REMEMBERED {
            return;
        }
        let full: Vec<K> = self
            .buckets
            .iter()
            .filter(|(_, bucket)| self.now(Some(bucket), now) >= self.capacity)
            .map(|(key, _)| key.clone())
            .collect();
        for key in &full {
            self.buckets.remove(key);
        }
        if self.buckets.len() >= REMEMBERED {
            // An attack with so many names: those who tried least are forgotten.
            let few = self.capacity - 1.5;
            self.buckets.retain(|_, bucket| bucket.tokens < few);
        }
        if self.buckets.len() >= REMEMBERED {
            self.buckets.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Throttle;

    #[test]
    fn attempts_run_out_and_come_back() {
        let mut throttle = Throttle::new(3, 1_000);
        for _ in 0..3 {
            assert_eq!(throttle.take(&"ada", 0), Ok(()));
        }
        assert_eq!(throttle.take(&"ada", 0), Err(1_000));
        assert_eq!(throttle.take(&"elsa", 0), Ok(()), "each name for itself");
        for now in 0..999 {
            assert!(throttle.take(&"ada", now).is_err());
        }
        assert_eq!(throttle.take(&"ada", 1_000), Ok(()), "refused attempts do not make the wait longer");
        assert_eq!(throttle.take(&"ada", 1_500), Err(500));
        throttle.give_back(&"ada", 1_500);
        assert_eq!(throttle.take(&"ada", 1_500), Ok(()));
        throttle.forget(&"ada");
        for _ in 0..3 {
            assert_eq!(throttle.take(&"ada", 1_500), Ok(()));
        }
        assert_eq!(throttle.take(&"ada", 0), Err(1_000), "a clock that goes back gives nothing");
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::new(3, 1_000_000);
        for name in 0..super::REMEMBERED + 10 {
            assert_eq!(throttle.take(&name, 0), Ok(()));
        }
        assert!(throttle.buckets.len() <= super::REMEMBERED);
    }
}
