//! Living standards: drafts of scorecards and their publishing, scorecards to begin with, what to fix next, badges.

mod badge;
mod drafts;
mod next;
mod starters;

pub use badge::Badge;
pub use next::{NextFix, NextFixes};
pub use starters::Starter;
