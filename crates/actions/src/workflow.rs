//! Port's workflows: nodes that are connected, and what goes along the connections.
//!
//! A workflow is a graph without cycles. A trigger begins a run; each node that is reached is a step of that run, with the
//! node's identifier as its id; what a node gives back is read by later ones as `.outputs.<node>`. Semantics that Port
//! leaves open are written down in `docs/reference/workflows.md`.

mod ai;
mod check;
mod definition;
mod nodes;
mod program;
mod walk;

pub(crate) use nodes::all as performers;

pub use check::checked_responses;
pub use definition::{Connection, Node, Workflow};
pub use nodes::{INPUT, notification};
pub use program::WorkflowProgram;
pub use walk::{node_run_id, output_of, run_of_node_run};
