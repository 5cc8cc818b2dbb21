//! How often somebody may try to sign in.
//!
//! Three buckets, all of this process's memory: an attempt of anybody must not write anything. None of them keeps the
//! owner of an account out for ever: the narrow one is of account and address together, so that others fill only
//! theirs; the wide one of the account does not hold for addresses from which the owner has signed in before; and a
//! link by an administrator, or by `stagedoor admin-link`, needs no attempt at all.

use std::net::{IpAddr, Ipv6Addr};

use stagedoor_auth::Throttle;
use stagedoor_model::Timestamp;

/// Who tries what from where.
pub(in crate::people) struct Attempt {
    email: String,
    address: Option<IpAddr>,
    /// Whether the owner has signed in from this address before.
    known: bool,
}

impl Attempt {
    pub(in crate::people) fn new(email: &str, address: Option<IpAddr>, known: bool) -> Self {
        Self { email: email.to_owned(), address: address.map(network), known }
    }
}

/// Attempts so far.
pub(in crate::people) struct Attempts {
    /// Ten at once, then one every 20 s.
    pair: Throttle<(String, Option<IpAddr>)>,
    /// A hundred at once, then one every 10 s, whatever the accounts.
    address: Throttle<Option<IpAddr>>,
    /// A hundred at once, then one every 30 s, from all addresses that are not the owner's.
    account: Throttle<String>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            pair: Throttle::new(10, 20_000),
            address: Throttle::new(100, 10_000),
            account: Throttle::new(100, 30_000),
        }
    }
}

impl Attempts {
    /// Counts an attempt, before anything is computed for it.
    ///
    /// # Errors
    /// In how many seconds the next one may be made. This one is not counted.
    pub(in crate::people) fn begin(&mut self, attempt: &Attempt, now: Timestamp) -> Result<(), u64> {
        let seconds = |wait: u64| wait.div_ceil(1_000).max(1);
        self.address.take(&attempt.address, now.0).map_err(seconds)?;
        let pair = attempt.pair();
        if let Err(wait) = self.pair.take(&pair, now.0) {
            self.address.give_back(&attempt.address, now.0);
            return Err(seconds(wait));
        }
        if !attempt.known
            && let Err(wait) = self.account.take(&attempt.email, now.0)
        {
            self.address.give_back(&attempt.address, now.0);
            self.pair.give_back(&pair, now.0);
            return Err(seconds(wait));
        }
        Ok(())
    }

    /// It was the owner: the attempt, and those before it from there, do not count.
    pub(in crate::people) fn succeeded(&mut self, attempt: &Attempt, now: Timestamp) {
        self.address.give_back(&attempt.address, now.0);
        self.pair.forget(&attempt.pair());
        if !attempt.known {
            self.account.give_back(&attempt.email, now.0);
        }
    }

    /// Counts a guess at a link, which has no account.
    ///
    /// # Errors
    /// As [`Attempts::begin`].
    pub(in crate::people) fn guess(&mut self, address: Option<IpAddr>, now: Timestamp) -> Result<(), u64> {
        self.address.take(&address.map(network), now.0).map_err(|wait| wait.div_ceil(1_000).max(1))
    }
}

impl Attempt {
    fn pair(&self) -> (String, Option<IpAddr>) {
        (self.email.clone(), self.address)
    }
}

/// Whoever has one address of version 6 has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(email: &str, address: &str, known: bool) -> Attempt {
        Attempt::new(email, Some(address.parse().unwrap()), known)
    }

    #[test]
    fn guessing_is_slow_and_locks_nobody_out() {
        let mut attempts = Attempts::default();
        let now = Timestamp(0);
        let guess = from("ada@larkfell.example", "192.0.2.1", false);
        for _ in 0..10 {
            assert_eq!(attempts.begin(&guess, now), Ok(()));
        }
        assert_eq!(attempts.begin(&guess, now), Err(20));
        let owner = from("ada@larkfell.example", "198.51.100.7", true);
        assert_eq!(attempts.begin(&owner, now), Ok(()), "from elsewhere");
        // Many addresses together fill the account's bucket; the owner's own does not count there.
        for n in 0..200 {
            let _ = attempts.begin(&from("ada@larkfell.example", &format!("203.0.113.{n}"), false), now);
        }
        let stranger = from("ada@larkfell.example", "192.0.2.99", false);
        assert_eq!(attempts.begin(&stranger, now), Err(30));
        assert_eq!(attempts.begin(&owner, now), Ok(()));
        assert_eq!(attempts.begin(&stranger, Timestamp(30_000)), Ok(()), "and even a new address only waits");
    }

    #[test]
    fn one_address_tries_no_thousand_accounts() {
        let mut attempts = Attempts::default();
        let spray = |attempts: &mut Attempts, n: usize, address: &str| {
            attempts.begin(&from(&format!("p{n}@larkfell.example"), address, false), Timestamp(0))
        };
        for n in 0..100 {
            assert_eq!(spray(&mut attempts, n, &format!("2001:db8::{n:x}")), Ok(()));
        }
        assert_eq!(spray(&mut attempts, 100, "2001:db8::ffff"), Err(10), "one network of version 6 is one");
        assert_eq!(spray(&mut attempts, 100, "2001:db8:0:1::1"), Ok(()));
    }

    #[test]
    fn who_signs_in_every_minute_never_waits() {
        let mut attempts = Attempts::default();
        let own = from("ada@larkfell.example", "192.0.2.1", true);
        for _ in 0..1_000 {
            assert_eq!(attempts.begin(&own, Timestamp(0)), Ok(()));
            attempts.succeeded(&own, Timestamp(0));
        }
    }
}
