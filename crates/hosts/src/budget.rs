//! What a host allows in an hour, and who may have how much of it.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::error::HostError;

/// How urgent a request is. What is left of a host's limit is kept for what is more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// A schedule.
    Poll,
    /// The host has said that something changed.
    Webhook,
    /// Somebody waits for it.
    Person,
}

impl Priority {
    /// The part of the limit that is not touched, in percent.
    fn reserve(self) -> u64 {
        match self {
            Self::Poll => 20,
            Self::Webhook => 5,
            Self::Person => 0,
        }
    }
}

/// What is known of one host's limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The host, with its port where that is not the scheme's own; and what the limit is of, where it has several.
    pub host: String,
    /// Requests in each of its periods.
    pub limit: Option<u64>,
    /// What is left of them.
    pub remaining: Option<u64>,
    /// When there will be all of them again; seconds since 1970.
    pub reset_at: Option<i64>,
    /// Requests sent since the start.
    pub sent: u64,
    /// Of these, answered with 304.
    pub unchanged: u64,
    /// Requests that were not sent, for the rest was kept for what is more urgent.
    pub held_back: u64,
    /// Nothing is sent before; seconds since 1970.
    pub blocked_until: Option<i64>,
}

/// The budgets of all hosts.
#[derive(Default)]
pub(crate) struct Budgets {
    hosts: Mutex<HashMap<String, Budget>>,
}

impl Budgets {
    /// Whether a request may be sent at this moment.
    ///
    /// # Errors
    /// `Exhausted`.
    pub(crate) fn take(&self, host: &str, priority: Priority, now: i64) -> Result<(), HostError> {
        let mut hosts = self.hosts.lock();
        let budget = hosts.entry(host.to_owned()).or_insert_with(|| Budget::of(host));
        if budget.reset_at.is_some_and(|at| at <= now) {
            (budget.remaining, budget.reset_at) = (budget.limit, None);
        }
        if budget.blocked_until.is_some_and(|at| at <= now) {
            budget.blocked_until = None;
        }
        let until = match (budget.blocked_until, budget.is_kept_from(priority)) {
            (Some(until), _) => until,
            (None, true) => budget.reset_at.unwrap_or(now + 60),
            (None, false) => {
                budget.sent += 1;
                budget.remaining = budget.remaining.map(|left| left.saturating_sub(1));
                return Ok(());
            }
        };
        budget.held_back += 1;
        let wait = until - now;
        Err(HostError::Exhausted {
            message: format!("{host} allows no more requests for now: the next in {wait} s"),
            until,
        })
    }

    /// What an answer said of the limit. `None` leaves what is known.
    pub(crate) fn told(&self, host: &str, limit: Option<u64>, remaining: Option<u64>, reset_at: Option<i64>) {
        let mut hosts = self.hosts.lock();
        let budget = hosts.entry(host.to_owned()).or_insert_with(|| Budget::of(host));
        budget.limit = limit.or(budget.limit);
        budget.remaining = remaining.or(budget.remaining);
        budget.reset_at = reset_at.or(budget.reset_at);
    }

    /// An answer said that nothing had changed.
    pub(crate) fn unchanged(&self, host: &str) {
        self.hosts.lock().entry(host.to_owned()).or_insert_with(|| Budget::of(host)).unchanged += 1;
    }

    /// The last request did not count.
    pub(crate) fn refund(&self, host: &str) {
        if let Some(budget) = self.hosts.lock().get_mut(host) {
            budget.remaining = budget.remaining.map(|left| left + 1).min(budget.limit.or(Some(u64::MAX)));
        }
    }

    /// The host wants to be left alone until then.
    pub(crate) fn block(&self, host: &str, until: i64) {
        self.hosts.lock().entry(host.to_owned()).or_insert_with(|| Budget::of(host)).blocked_until =
            Some(until);
    }

    /// All that were ever asked, by name.
    pub(crate) fn all(&self) -> Vec<Budget> {
        let mut all: Vec<Budget> = self.hosts.lock().values().cloned().collect();
        all.sort_by(|a, b| a.host.cmp(&b.host));
        all
    }
}

impl Budget {
    fn of(host: &str) -> Self {
        Self {
            host: host.to_owned(),
            limit: None,
            remaining: None,
            reset_at: None,
            sent: 0,
            unchanged: 0,
            held_back: 0,
            blocked_until: None,
        }
    }

    fn is_kept_from(&self, priority: Priority) -> bool {
        match (self.limit, self.remaining) {
            (_, Some(0)) => true,
            (Some(limit), Some(left)) => left * 100 < limit * priority.reserve(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Budgets, Priority};
    use crate::error::HostError;

    #[test]
    fn the_rest_is_kept_for_people() {
        let budgets = Budgets::default();
        budgets.told("h", Some(100), Some(20), Some(1000));
        assert!(budgets.take("h", Priority::Poll, 0).is_ok());
        let refused = budgets.take("h", Priority::Poll, 0).unwrap_err();
        assert!(matches!(refused, HostError::Exhausted { until: 1000, .. }), "{refused}");
        assert!(budgets.take("h", Priority::Webhook, 0).is_ok());
        budgets.told("h", None, Some(1), None);
        assert!(budgets.take("h", Priority::Webhook, 0).is_err());
        assert!(budgets.take("h", Priority::Person, 0).is_ok());
        assert!(budgets.take("h", Priority::Person, 0).is_err(), "nothing is left");
        assert!(budgets.take("h", Priority::Poll, 1000).is_ok(), "a new period");
        budgets.block("h", 1100);
        assert!(budgets.take("h", Priority::Person, 1099).is_err());
        assert!(budgets.take("h", Priority::Person, 1100).is_ok());
        assert_eq!(budgets.all()[0].held_back, 4);
    }
}
