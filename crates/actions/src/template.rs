//! Templates of Backstage's scaffolder, version `scaffolder.backstage.io/v1beta3`.

mod check;
mod definition;
mod filters;
mod parameters;
mod program;
mod render;
mod schema;

pub use check::{Finding, check};
pub use definition::{API_VERSION, StepDefinition, Template, steps_of};
pub use filters::described as described_filters;
pub use parameters::{check_secrets, check_values};
pub use program::{ENVIRONMENT_SECRETS, TemplateProgram};
pub use schema::{SchemaError, errors as schema_errors};
