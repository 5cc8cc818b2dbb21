//! What is wrong with a part of the configuration.

/// One problem, by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The keys from the root, e.g. `["integrations", "github", "0", "host"]`.
    pub path: Vec<String>,
    /// What is wrong, and what is expected.
    pub message: String,
}
