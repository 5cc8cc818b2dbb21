//! Port's actions and automations: definitions, what people fill in, templates, and how a run of one goes.

mod action;
pub(crate) mod check;
mod javascript;
mod program;
pub mod templating;
mod upgrade;
pub mod user_inputs;

pub use action::PortAction;
pub use check::user_inputs as check_user_inputs;
pub use program::{PortProgram, invocation};
