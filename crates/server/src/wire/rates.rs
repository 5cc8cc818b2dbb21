//! Who has made how many requests: a token bucket for each, as one number.
//!
//! The number is the time at which the bucket will be full again. A request moves it on by what one request takes to
//! grow back; where that would be later than a whole period from now, the bucket is empty. (As ATM networks do it:
//! ITU-T I.371, "generic cell rate algorithm".)

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Locks, so that callers seldom wait for each other.
const SHARDS: usize = 32;
/// Buckets of a shard that are remembered. Full ones are as good as none.
const MOST: usize = 4096;
/// Nanoseconds between two looks for full ones.
const CLEANING: u64 = 1_000_000_000;

/// How many in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) limit: u32,
    pub(super) period: Duration,
}

/// Where somebody stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) rate: Rate,
    /// Requests that may be made now.
    pub(super) remaining: u32,
    /// Until as many as ever may be made.
    pub(super) full_in: Duration,
    /// Until one may be made, where none may now.
    pub(super) next_in: Duration,
}

impl Standing {
    /// That of somebody who has made no request.
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, remaining: rate.limit, full_in: Duration::ZERO, next_in: Duration::ZERO }
    }
}

/// Everybody's buckets.
pub(super) struct Buckets {
    start: Instant,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

/// Some of the buckets.
#[derive(Default)]
struct Shard {
    full: HashMap<u64, u64>,
    /// When full buckets were last looked for.
    cleaned: u64,
}

impl Default for Buckets {
    fn default() -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { start: Instant::now(), hasher: RandomState::new(), shards }
    }
}

impl Buckets {
    /// Takes `many` from the bucket of `who`, if there are so many.
    pub(super) fn take(&self, who: &impl Hash, rate: Rate, many: u32) -> Result<Standing, Standing> {
        self.take_at(who, rate, many, nanos(self.start.elapsed()))
    }

    fn take_at(&self, who: &impl Hash, rate: Rate, many: u32, now: u64) -> Result<Standing, Standing> {
        let key = self.hasher.hash_one(who);
        let mut shard = self.shards[key as usize % SHARDS].lock();
        let full = shard.full.get(&key).copied().unwrap_or(0).max(now);
        let each = (nanos(rate.period) / u64::from(rate.limit.max(1))).max(1);
        let after = full + each * u64::from(many);
        let whole = each * u64::from(rate.limit.max(1));
        if after - now > whole {
            return Err(rate.standing(full - now, each, whole));
        }
        if many > 0 {
            if shard.full.len() >= MOST && !shard.full.contains_key(&key) {
                shard.make_room(now);
            }
            shard.full.insert(key, after);
        }
        Ok(rate.standing(after - now, each, whole))
    }
}

impl Shard {
    /// Forgets full buckets; if there is none, any: memory has an end, and whoever has so many names is known by none.
    fn make_room(&mut self, now: u64) {
        // Not again and again while thousands come.
        if now.saturating_sub(self.cleaned) > CLEANING || self.cleaned == 0 {
            self.full.retain(|_, full| *full > now);
            self.cleaned = now.max(1);
        }
        if self.full.len() >= MOST
            && let Some(any) = self.full.keys().next().copied()
        {
            self.full.remove(&any);
        }
    }
}

impl Rate {
    fn standing(self, debt: u64, each: u64, whole: u64) -> Standing {
        let left = whole.saturating_sub(debt);
        Standing {
            rate: self,
            remaining: u32::try_from(left / each).unwrap_or(u32::MAX),
            full_in: Duration::from_nanos(debt),
            next_in: Duration::from_nanos(each.saturating_sub(left)),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_bucket_empties_and_grows_back() {
        let (buckets, rate) = (Buckets::default(), Rate { limit: 10, period: Duration::from_secs(100) });
        let take = |now: u64| buckets.take_at(&"a", rate, 1, now);
        for left in (0..10).rev() {
            assert_eq!(take(0).unwrap().remaining, left);
        }
        let empty = take(0).unwrap_err();
        assert_eq!((empty.remaining, empty.full_in.as_secs(), empty.next_in.as_secs()), (0, 100, 10));
        assert_eq!(take(9 * SECOND).unwrap_err().next_in.as_secs(), 1, "a refusal costs nothing");
        assert_eq!(take(10 * SECOND).unwrap().remaining, 0);
        assert_eq!(take(200 * SECOND).unwrap().remaining, 9, "never more than the limit");
        assert_eq!(buckets.take_at(&"b", rate, 1, 0).unwrap().remaining, 9, "to each its own");
        assert_eq!(buckets.take_at(&"b", rate, 0, 0).unwrap().remaining, 9, "looking costs nothing");
    }

    #[test]
    fn memory_has_an_end() {
        let (buckets, rate) = (Buckets::default(), Rate { limit: 10, period: Duration::from_secs(100) });
        for who in 0..MOST * SHARDS * 5 / 4 {
            let _ = buckets.take_at(&who, rate, 1, 0);
        }
        assert!(buckets.shards.iter().all(|shard| shard.lock().full.len() <= MOST));
    }
}
