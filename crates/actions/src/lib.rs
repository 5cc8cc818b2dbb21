//! What a person or an event sets going: definitions, the runs they become, and what performs their steps.
//!
//! Port's actions and automations ([`port`]), its workflows and Backstage's templates are all a [`Program`]: from the
//! state of a [`Run`] it says what comes next. A [`Performer`] does one step: a back end such as a webhook, or a scaffolder
//! action such as `fetch:template`; `registry.rs` lists them. The engine, which keeps the runs, is the portal's.
//!
//! Nothing here keeps anything: it plans, renders and performs.

mod back_ends;
mod performer;
pub mod port;
mod program;
mod registry;
mod run;
mod services;
pub mod steps;
pub mod template;
pub mod workflow;
pub mod workspace;

pub use back_ends::{
    AiSettings, BackEndSettings, Cluster, KafkaSettings, TerraformSettings, signature, signed_message,
};
pub use performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe, Report};
pub use program::{Next, Planned, Program, Scope};
pub use registry::{Performers, performers};
pub use run::{
    Announcement, Answer, Approval, ApprovalMode, Claim, Limits, Origin, Run, RunKind, RunOf, Starter,
    Status, Step, StepState, Target, Verdict,
};
pub use services::{ApiAnswer, ApiRequest, CatalogAccess, Level, Log, Services};
