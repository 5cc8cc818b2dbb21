//! Actions of `@roadiehq/scaffolder-backend-module-utils` that only change files of the workspace or texts: many public
//! templates use them. Inputs and outputs are those of its version 4.

mod files;
mod texts;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::performer::Performer;

/// All that are here.
pub(super) fn all() -> Vec<Arc<dyn Performer>> {
    vec![
        Arc::new(files::Write),
        Arc::new(files::Append),
        Arc::new(files::Replace),
        Arc::new(files::MergeJson),
        Arc::new(texts::ToJson),
        Arc::new(texts::ToYaml),
        Arc::new(texts::Sleep),
    ]
}

/// A schema of an object.
fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

fn text(title: &str) -> Value {
    json!({ "type": "string", "title": title })
}
