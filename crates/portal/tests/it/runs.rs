//! Runs: every way that one can go, with performers that do as they are told.

mod approvals;
mod cancelling;
mod crashes;
mod reports;
mod scripted;
mod secrets;
mod step_secrets;
mod steps;
mod watching;
mod workflows;
