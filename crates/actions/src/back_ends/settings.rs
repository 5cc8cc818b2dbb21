//! What the configuration says of back ends.

/// Where back ends find what an action does not name itself.
#[derive(Clone, Debug, Default)]
pub struct BackEndSettings {}
