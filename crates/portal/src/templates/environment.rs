//! What the configuration gives to every run of a template.

use serde_json::{Map, Value};

use crate::Portal;

/// `scaffolder.defaultEnvironment` of the configuration.
#[derive(Clone, Default)]
pub struct TemplatesConfig {
    /// Read by templates as `environment.parameters`.
    pub parameters: Map<String, Value>,
    /// Read by steps' inputs as `environment.secrets`; masked wherever else they show up.
    pub secrets: Map<String, Value>,
}

impl Portal {
    /// Says what every run of a template is given; once, before the first.
    pub fn configure_templates(&self, config: TemplatesConfig) {
        // Told once, at start.
        let _ = self.shared.templates.set(config);
    }
}
