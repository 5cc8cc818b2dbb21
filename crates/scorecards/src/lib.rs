//! Scorecards: standards for the entities of a blueprint, and where each entity stands.
//!
//! A [`Scorecard`] is a definition in Port's form; a [`Board`] is its results for one state of the catalog. No I/O, no
//! clock: the time is passed in.

mod board;
mod definition;
mod results;
mod status;

pub use board::{Board, RuleBoard};
pub use definition::{Fix, Level, MAX_LEVELS, MAX_RULES, Query, Rule, Scorecard};
pub use results::{ConditionResult, EntityResult, RuleResult};
pub use status::{Counts, Status};
