//! JSON Schema, the subset that entity formats use, with ajv's messages (clients show and match them).

use serde_json::Value;

use crate::blueprint::Invalid;

/// Checks that a property definition is itself legal.
///
/// # Errors
/// The first illegal keyword, by path.
pub fn check_definition(_definition: &Value, _path: &str) -> Result<(), Invalid> {
    Ok(())
}
