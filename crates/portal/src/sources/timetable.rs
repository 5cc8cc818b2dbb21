//! Which sources are read when. Knows no clock: every moment is passed in, in milliseconds since 1970.

use std::collections::BTreeMap;
use std::time::Duration;

use stagedoor_hosts::{Priority, Schedule};

use super::Pace;
use super::cron::Cron;

/// Backstage's default for discovery, for an expression that nobody can read.
const DISCOVERY: Duration = Duration::from_secs(3 * 3600);
/// A host that names a moment in the past is given this long all the same.
const LEAST_WAIT: i64 = 1000;

/// How often a source is read by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// When something changes on the disk.
    Watched,
    /// So long after the last time.
    Every(Duration),
    /// At certain minutes.
    Cron(Box<Cron>, String),
    /// Only when somebody asks.
    Manual,
}

impl Rhythm {
    /// That of a provider.
    pub(super) fn of(schedule: &Schedule) -> Self {
        match &schedule.rhythm {
            stagedoor_hosts::Rhythm::Every(every) => Self::Every(*every),
            stagedoor_hosts::Rhythm::Manual => Self::Manual,
            stagedoor_hosts::Rhythm::Cron(text) => match Cron::parse(text) {
                Some(cron) => Self::Cron(Box::new(cron), text.clone()),
                None => {
                    tracing::warn!(cron = text, "this is no cron expression: every three hours instead");
                    Self::Every(DISCOVERY)
                }
            },
        }
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Watched => "when a file changes".to_owned(),
            Self::Every(every) => format!("every {}", in_words(*every)),
            Self::Cron(_, text) => format!("cron {text}"),
            Self::Manual => "when asked".to_owned(),
        }
    }

    fn after(&self, now: i64) -> Option<i64> {
        match self {
            Self::Every(every) => Some(now + millis(*every)),
            Self::Cron(cron, _) => cron.next(now),
            Self::Watched | Self::Manual => None,
        }
    }
}

/// `2 minutes`, `90 seconds`.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size))
        .unwrap_or((1, "second"));
    match seconds / size {
        1 => unit.to_owned(),
        n => format!("{n} {unit}s"),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// How a reading has ended, as far as the next one is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Everything was there.
    Well,
    /// Something was not.
    Badly,
    /// A host wants to be left alone until then.
    Wait(i64),
}

/// What is planned for one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// When it is read by itself.
    pub(super) due: Option<i64>,
    asked: Option<Priority>,
    pub(super) running: bool,
    failures: u32,
    /// Readings that have ended.
    pub(super) ended: u64,
}

/// The plans of all sources.
#[derive(Default)]
pub(super) struct Timetable {
    plans: BTreeMap<String, Plan>,
}

impl Timetable {
    /// Keeps to a list: a source that is new is read at once, or after its first delay; one that is not in it is
    /// forgotten. Answers the ones that went.
    pub(super) fn keep(&mut self, listed: &[(String, Duration)], now: i64) -> Vec<String> {
        let mut before = std::mem::take(&mut self.plans);
        for (id, delay) in listed {
            let new = || Plan { due: Some(now + millis(*delay)), ..Plan::default() };
            let plan = before.remove(id).unwrap_or_else(new);
            self.plans.insert(id.clone(), plan);
        }
        before.into_keys().collect()
    }

    pub(super) fn plan(&self, id: &str) -> Option<&Plan> {
        self.plans.get(id)
    }

    /// Somebody wants it read. The most urgent wish wins. Answers the number of readings that have to end before the
    /// wish is fulfilled: one that is under way may have missed what it is about.
    pub(super) fn ask(&mut self, id: &str, priority: Priority) -> Option<u64> {
        let plan = self.plans.get_mut(id)?;
        plan.asked = plan.asked.max(Some(priority));
        Some(plan.ended + 1 + u64::from(plan.running))
    }

    /// The same for one that is new: its first reading will do.
    pub(super) fn ask_first(&mut self, id: &str, priority: Priority) -> Option<u64> {
        let plan = self.plans.get_mut(id)?;
        if plan.ended == 0 && !plan.running {
            plan.asked = plan.asked.max(Some(priority));
        }
        Some(1)
    }

    /// The sources to be read now, with how urgent that is. They count as being read.
    pub(super) fn start(&mut self, now: i64) -> Vec<(String, Priority)> {
        let ready = |p: &Plan| !p.running && (p.asked.is_some() || p.due.is_some_and(|due| due <= now));
        let start = |(id, plan): (&String, &mut Plan)| {
            let priority = plan.asked.take().unwrap_or(Priority::Poll);
            (plan.running, plan.due) = (true, None);
            (id.clone(), priority)
        };
        self.plans.iter_mut().filter(|(_, plan)| ready(plan)).map(start).collect()
    }

    /// A reading has ended; plans the next one.
    pub(super) fn end(&mut self, id: &str, end: End, rhythm: &Rhythm, pace: &Pace, now: i64) {
        let Some(plan) = self.plans.get_mut(id) else { return };
        plan.running = false;
        plan.ended += 1;
        let regular = rhythm.after(now);
        match end {
            End::Well => (plan.failures, plan.due) = (0, regular),
            // Nobody waits for a source that is read on demand only.
            _ if *rhythm == Rhythm::Manual => plan.due = None,
            End::Wait(until) => plan.due = Some(until.max(now + LEAST_WAIT)),
            End::Badly => {
                let doubled = pace.first_pause.saturating_mul(1 << plan.failures.min(20));
                plan.failures = plan.failures.saturating_add(1);
                let again = now + millis(doubled.min(pace.longest_pause));
                // One that is read so often anyway need not wait.
                plan.due = Some(
                    regular
                        .map_or(again, |regular| if plan.failures > 2 { again } else { again.min(regular) }),
                );
            }
        }
    }

    /// A part of a source was read: where that went wrong, all of it is read sooner than planned.
    pub(super) fn part_ended(&mut self, id: &str, end: End, pace: &Pace, now: i64) {
        let Some(plan) = self.plans.get_mut(id) else { return };
        let again = match end {
            End::Wait(until) => until.max(now + LEAST_WAIT),
            End::Badly if plan.failures == 0 => now + millis(pace.first_pause),
            End::Badly | End::Well => return,
        };
        plan.due = Some(plan.due.map_or(again, |due| due.min(again)));
    }

    /// When the next one is due, if any is; one that is asked for is due at once.
    pub(super) fn next(&self) -> Option<i64> {
        let waiting = self.plans.values().filter(|p| !p.running);
        waiting.filter_map(|p| if p.asked.is_some() { Some(0) } else { p.due }).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use stagedoor_hosts::Priority;

    use super::{End, Rhythm, Timetable};
    use crate::sources::Pace;

    const SECOND: i64 = 1000;

    fn pace() -> Pace {
        Pace::default()
    }

    fn table(ids: &[&str]) -> Timetable {
        let mut table = Timetable::default();
        let listed: Vec<_> = ids.iter().map(|id| ((*id).to_owned(), Duration::ZERO)).collect();
        table.keep(&listed, 0);
        table
    }

    #[test]
    fn only_what_is_due_or_asked_for_is_read() {
        let mut table = table(&["a", "b"]);
        let every = Rhythm::Every(Duration::from_secs(120));
        assert_eq!(table.start(0).len(), 2, "new ones at once");
        assert_eq!(table.start(0), [], "each once");
        table.end("a", End::Well, &every, &pace(), 0);
        table.end("b", End::Well, &Rhythm::Watched, &pace(), 0);
        assert_eq!((table.start(119 * SECOND), table.next()), (vec![], Some(120 * SECOND)));
        assert_eq!(table.start(120 * SECOND), [("a".to_owned(), Priority::Poll)]);
        assert_eq!(table.ask("b", Priority::Person), Some(2));
        assert_eq!(table.ask("b", Priority::Webhook), Some(2));
        assert_eq!(table.start(0), [("b".to_owned(), Priority::Person)]);
        // What runs already may have missed what it is asked for.
        assert_eq!(table.ask("b", Priority::Poll), Some(3));
        assert_eq!(table.start(0), []);
        table.end("b", End::Well, &Rhythm::Watched, &pace(), 0);
        assert_eq!(table.start(0), [("b".to_owned(), Priority::Poll)]);
        assert_eq!(table.ask("c", Priority::Person), None);
    }

    #[test]
    fn pauses_grow_and_end_with_the_trouble() {
        let mut table = table(&["a"]);
        let every = Rhythm::Every(Duration::from_secs(120));
        let mut pauses = Vec::new();
        for _ in 0..10 {
            table.ask("a", Priority::Poll);
            table.start(0);
            table.end("a", End::Badly, &every, &pace(), 0);
            pauses.push(table.next().unwrap() / SECOND);
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1800, 1800, 1800, 1800]);
        table.start(i64::MAX / 8);
        table.end("a", End::Wait(500 * SECOND), &every, &pace(), 0);
        assert_eq!(table.next(), Some(500 * SECOND), "the host's own word");
        table.start(500 * SECOND);
        table.end("a", End::Well, &every, &pace(), 0);
        assert_eq!(table.next(), Some(120 * SECOND));
        table.start(120 * SECOND);
        table.end("a", End::Badly, &every, &pace(), 0);
        assert_eq!(table.next(), Some(30 * SECOND), "from the beginning");
    }

    #[test]
    fn a_part_that_fails_has_the_source_read_sooner() {
        let mut table = table(&["a"]);
        let hourly = Rhythm::Every(Duration::from_secs(3600));
        table.start(0);
        table.end("a", End::Well, &hourly, &pace(), 0);
        table.part_ended("a", End::Well, &pace(), 0);
        assert_eq!(table.next(), Some(3600 * SECOND));
        table.part_ended("a", End::Wait(600 * SECOND), &pace(), 0);
        assert_eq!(table.next(), Some(600 * SECOND));
        table.part_ended("a", End::Badly, &pace(), 0);
        assert_eq!(table.next(), Some(30 * SECOND));
        table.start(30 * SECOND);
        table.end("a", End::Badly, &hourly, &pace(), 30 * SECOND);
        table.part_ended("a", End::Badly, &pace(), 31 * SECOND);
        assert_eq!(table.next(), Some(60 * SECOND), "one that fails has its own pauses");
    }

    #[test]
    fn what_is_not_listed_is_forgotten() {
        let mut table = table(&["a", "b"]);
        assert_eq!(
            table.keep(&[("b".to_owned(), Duration::ZERO), ("c".to_owned(), Duration::from_secs(5))], 0),
            ["a"]
        );
        assert_eq!(table.start(0), [("b".to_owned(), Priority::Poll)]);
        assert_eq!(table.next(), Some(5 * SECOND));
        // An end that comes too late.
        table.end("a", End::Well, &Rhythm::Watched, &pace(), 0);
    }
}
