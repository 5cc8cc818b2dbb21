//! Scorecards: standards for the entities of a blueprint, and where each entity stands.
//!
//! A [`Scorecard`] is a definition in Port's form; an [`Engine`] holds its results and follows the catalog
//! from state to state; a [`Board`] is those of one state. No I/O, no clock: the time is passed in.

mod board;
mod check;
mod compile;
mod definition;
mod engine;
mod evaluate;
mod groups;
mod results;
mod status;
mod watch;

pub use board::{Board, RuleBoard};
pub use check::check;
pub use compile::Compiled;
pub use definition::{Fix, Level, MAX_LEVELS, MAX_RULES, Query, Rule, Scorecard};
pub use engine::{Engine, Excused};
pub use groups::{GroupBy, Groups};
pub use results::{ConditionResult, EntityResult, RuleResult};
pub use status::{Counts, Status};
