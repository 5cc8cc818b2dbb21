//! A limit on how long a query may take.
//!
//! A query runs on one thread from its beginning to its end, through nested queries and derived values too.
//! So the limit belongs to the thread while the query runs, and no function has to hand it on. What looks at
//! entities one by one calls [`spend`] for each and stops when it is told to; what it has found by then is
//! worthless, and [`limited`] throws it away.

use std::cell::RefCell;

/// So much is spent between two looks at the clock.
const LOOK_EVERY: u32 = 4_096;

/// The query was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the query took too long and was stopped")]
pub struct TooLong;

struct Limit {
    left: u32,
    stopped: bool,
    is_over: Box<dyn Fn() -> bool>,
}

thread_local! {
    static LIMIT: RefCell<Option<Limit>> = const { RefCell::new(None) };
}

/// Runs queries until `is_over` says that the time is over.
///
/// # Errors
/// [`TooLong`] when it has been over before the work was done.
pub fn limited<T>(is_over: impl Fn() -> bool + 'static, work: impl FnOnce() -> T) -> Result<T, TooLong> {
    let limit = Limit { left: 0, stopped: false, is_over: Box::new(is_over) };
    let before = Restore(LIMIT.with(|l| l.replace(Some(limit))));
    let result = work();
    let stopped = LIMIT.with(|l| l.borrow().as_ref().is_some_and(|l| l.stopped));
    drop(before);
    if stopped { Err(TooLong) } else { Ok(result) }
}

/// Runs work that is kept for others, too, and so must not be stopped halfway by the limit of who happens to ask.
pub fn apart<T>(work: impl FnOnce() -> T) -> T {
    let _before = Restore(LIMIT.with(|l| l.replace(None)));
    work()
}

/// Puts the limit back that was there before, also when the work panics.
struct Restore(Option<Limit>);

impl Drop for Restore {
    fn drop(&mut self) {
        let before = self.0.take();
        LIMIT.with(|l| *l.borrow_mut() = before);
    }
}

/// Accounts for work, about one for each entity or value looked at. False: stop, the time is over.
#[must_use]
pub fn spend(cost: u32) -> bool {
    LIMIT.with(|limit| {
        let mut limit = limit.borrow_mut();
        let Some(limit) = limit.as_mut() else { return true };
        if limit.left > cost {
            limit.left -= cost;
            return !limit.stopped;
        }
        limit.left = LOOK_EVERY;
        limit.stopped = limit.stopped || (limit.is_over)();
        !limit.stopped
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::{LOOK_EVERY, TooLong, limited, spend};

    #[test]
    fn work_goes_on_until_the_time_is_over() {
        let looks = Rc::new(Cell::new(0));
        let seen = Rc::clone(&looks);
        let is_over = move || {
            seen.set(seen.get() + 1);
            seen.get() > 2
        };
        let mut steps = 0_u32;
        let result = limited(is_over, || {
            while spend(1) {
                steps += 1;
            }
        });
        assert_eq!(result, Err(TooLong));
        assert_eq!((looks.get(), steps), (3, 2 * LOOK_EVERY));
        assert!(spend(1), "no limit is left behind");
    }

    #[test]
    fn an_inner_limit_ends_with_its_work() {
        let result = limited(
            || false,
            || {
                assert_eq!(limited(|| true, || spend(1)), Err(TooLong));
                spend(1_000_000)
            },
        );
        assert_eq!(result, Ok(true));
    }
}
