//! What the last discovery found in each repository, so that an event costs a request or two and not all of them again.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use super::scope::Missed;
use crate::budget::Priority;
use crate::error::HostError;

/// A repository that is wanted if it has the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// `owner/name`, as the host writes it.
    pub(crate) path: String,
    /// Where the file is looked for.
    pub(crate) branch: String,
}

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Every repository.
    All,
    /// The list of them, and what is new in it.
    New,
    /// Only these, by their paths.
    These(BTreeSet<String>),
}

/// The outcome of the last discovery and what happened since.
#[derive(Default)]
pub(crate) struct Memory(Mutex<State>);

#[derive(Default)]
struct State {
    /// By the path in lower case, with whether it has the file; none until a discovery missed nothing.
    last: Option<BTreeMap<String, (Repository, bool)>>,
    touched: BTreeSet<String>,
    relist: bool,
}

impl Memory {
    /// A push came to a repository. Whether it has to be looked at: not where its Location is known, which is read for
    /// itself.
    pub(crate) fn touch(&self, path: &str) -> bool {
        let mut state = self.0.lock();
        let known = state.last.as_ref().and_then(|last| last.get(&path.to_lowercase()));
        if known.is_some_and(|(_, there)| *there) {
            return false;
        }
        state.touched.insert(path.to_owned());
        true
    }

    /// Repositories came or went.
    pub(crate) fn relist(&self) {
        self.0.lock().relist = true;
    }

    /// Less than everything only where an event is the reason.
    pub(crate) fn plan(&self, priority: Priority) -> Plan {
        let state = self.0.lock();
        match (&state.last, priority) {
            (Some(_), Priority::Webhook) if state.relist => Plan::New,
            (Some(_), Priority::Webhook) if !state.touched.is_empty() => Plan::These(state.touched.clone()),
            _ => Plan::All,
        }
    }

    /// The repositories of a list that have to be asked for the file.
    pub(crate) fn unknown(&self, plan: &Plan, wanted: Vec<Repository>) -> (Vec<Repository>, Known) {
        let state = self.0.lock();
        let Some(last) = state.last.as_ref().filter(|_| *plan != Plan::All) else {
            return (wanted, Known::default());
        };
        let lower = |repository: &Repository| repository.path.to_lowercase();
        let touched =
            |repository: &Repository| state.touched.iter().any(|t| t.to_lowercase() == lower(repository));
        let kept = |repository: &Repository| {
            last.get(&lower(repository)).filter(|(known, _)| known == repository && !touched(repository))
        };
        match plan {
            Plan::These(paths) => {
                let mut known = last.clone();
                paths.iter().for_each(|path| drop(known.remove(&path.to_lowercase())));
                (wanted, Known(known))
            }
            _ => {
                let known = wanted.iter().filter_map(|one| Some((lower(one), kept(one)?.clone()))).collect();
                (wanted.into_iter().filter(|one| kept(one).is_none()).collect(), Known(known))
            }
        }
    }

    /// Remembers what was found out: which repositories have the file now, and what was missed.
    ///
    /// # Errors
    /// What concerns the whole host.
    pub(crate) fn settle(
        &self,
        plan: &Plan,
        known: Known,
        asked: Vec<(Repository, Result<bool, HostError>)>,
    ) -> Result<(Vec<Repository>, Option<String>), HostError> {
        let mut all = known.0;
        let mut missed = Missed::default();
        for (repository, there) in asked {
            match there {
                Ok(there) => drop(all.insert(repository.path.to_lowercase(), (repository, there))),
                Err(error) => missed.note(error)?,
            }
        }
        let missed = missed.words();
        let found =
            all.values().filter(|(_, there)| *there).map(|(repository, _)| repository.clone()).collect();
        let mut state = self.0.lock();
        match plan {
            Plan::These(paths) => state.touched.retain(|path| !paths.contains(path)),
            Plan::All | Plan::New => (state.relist, state.touched) = (false, BTreeSet::new()),
        }
        // What was missed is not in it, so the next discovery has to look at everything.
        state.last = missed.is_none().then_some(all);
        Ok((found, missed))
    }
}

/// What is known without asking.
#[derive(Default)]
pub(crate) struct Known(BTreeMap<String, (Repository, bool)>);

#[cfg(test)]
mod tests {
    use super::{Memory, Plan, Repository};
    use crate::budget::Priority;
    use crate::error::HostError;

    fn repository(path: &str) -> Repository {
        Repository { path: path.to_owned(), branch: "main".to_owned() }
    }

    fn round(
        memory: &Memory,
        wanted: &[&str],
        there: impl Fn(&str) -> bool,
    ) -> (Plan, Vec<String>, Vec<String>) {
        let plan = memory.plan(Priority::Webhook);
        let wanted = wanted.iter().map(|path| repository(path)).collect();
        let (ask, known) = memory.unknown(&plan, wanted);
        let asked: Vec<String> = ask.iter().map(|one| one.path.clone()).collect();
        let answers = ask.into_iter().map(|one| (one.clone(), Ok(there(&one.path)))).collect();
        let (found, _) = memory.settle(&plan, known, answers).unwrap();
        (plan, asked, found.into_iter().map(|one| one.path).collect())
    }

    #[test]
    fn an_event_is_no_reason_to_ask_for_everything() {
        let memory = Memory::default();
        assert!(memory.touch("o/a"));
        let (plan, asked, found) = round(&memory, &["o/a", "o/b"], |path| path == "o/a");
        assert_eq!((plan, asked.len(), found), (Plan::All, 2, vec!["o/a".to_owned()]));
        assert!(!memory.touch("O/a") && memory.touch("o/b") && memory.touch("o/gone"));
        let (plan, asked, found) = round(&memory, &["o/b"], |_| true);
        assert!(matches!(plan, Plan::These(paths) if paths.len() == 2));
        assert_eq!((asked, found), (vec!["o/b".to_owned()], vec!["o/a".to_owned(), "o/b".to_owned()]));
        memory.relist();
        let (plan, asked, found) = round(&memory, &["o/b", "o/new"], |_| true);
        assert_eq!((plan, asked), (Plan::New, vec!["o/new".to_owned()]));
        assert_eq!(found, ["o/b", "o/new"], "o/a is not listed any more");
        assert_eq!(memory.plan(Priority::Poll), Plan::All);
    }

    #[test]
    fn after_something_was_missed_everything_is_asked_for() {
        let memory = Memory::default();
        round(&memory, &["o/a"], |_| true);
        memory.relist();
        let (ask, known) = memory.unknown(&Plan::New, vec![repository("o/b")]);
        let failed = ask.into_iter().map(|one| (one, Err(HostError::Unreachable("500".into())))).collect();
        let (_, missed) = memory.settle(&Plan::New, known, failed).unwrap();
        assert_eq!(missed.as_deref(), Some("500"));
        assert!(memory.touch("o/a"));
        assert_eq!(memory.plan(Priority::Webhook), Plan::All);
    }
}
