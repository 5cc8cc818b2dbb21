//! What a result owes to secrets.

use std::cell::RefCell;
use std::collections::BTreeSet;

/// The shortest piece that can be looked for in a log without hitting everything else.
const SHORTEST: usize = 4;

/// Whether a result was made of something secret, and the texts in it that were. Data is followed, decisions are not:
/// what `{% if secrets.a %}yes{% endif %}` prints is not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Whether anything in the result was made of a secret.
    pub any: bool,
    /// The texts to hide: every piece that was made of a secret, however it was changed on the way. Where a piece is
    /// too short to be looked for, the whole text that it went into is here.
    pub texts: BTreeSet<String>,
}

impl Derived {
    /// Adds what another result owes.
    pub fn add(&mut self, other: Derived) {
        self.any |= other.any;
        self.texts.extend(other.texts);
    }
}

/// Gathers a [`Derived`] on the way.
#[derive(Default)]
pub(crate) struct Tracker(RefCell<State>);

#[derive(Default)]
struct State {
    derived: Derived,
    short: bool,
}

impl Tracker {
    /// Something secret went into the result, without a text of its own.
    pub(crate) fn flag(&self, marked: bool) {
        self.0.borrow_mut().derived.any |= marked;
    }

    /// This text was made of a secret.
    pub(crate) fn record(&self, text: &str) {
        let state = &mut *self.0.borrow_mut();
        state.derived.any = true;
        if text.chars().count() < SHORTEST {
            state.short |= !text.is_empty();
        } else {
            state.derived.texts.insert(text.to_owned());
        }
    }

    /// What was gathered, given the text that it all went into.
    pub(crate) fn finish(self, whole: Option<&str>) -> Derived {
        let State { mut derived, short } = self.0.into_inner();
        if let (true, Some(whole)) = (short, whole) {
            derived.texts.insert(whole.to_owned());
        }
        derived
    }
}
