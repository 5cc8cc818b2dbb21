//! Scorecards and what is around them, through the public interface.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bad_rules;
mod badges;
mod by_time;
mod campaigns;
mod computed;
mod exemptions;
mod history;
mod inputs;
mod insights;
mod scored;
mod stage;
mod standards;
