//! The one place where templates meet the engine of expressions.

use serde_json::{Map, Value};
use stagedoor_expressions::{Options, Registry, backstage, is_truthy, render_value};

/// Where secrets are in the context.
const SECRET: [&str; 2] = ["secrets", "environment.secrets"];
/// Hosts that need no configuration, with their kinds.
const HOSTS: [(&str, &str); 4] = [
    ("github.com", "github"),
    ("gitlab.com", "gitlab"),
    ("bitbucket.org", "bitbucketCloud"),
    ("dev.azure.com", "azure"),
];

/// Renders values of one step.
pub(super) struct Renderer {
    registry: Registry,
}

/// What came of a value.
pub(super) struct Rendered {
    /// Nothing where it is undefined.
    pub(super) value: Option<Value>,
    /// Whether a secret went into it.
    pub(super) derived: bool,
    /// Texts that were made of secrets.
    pub(super) hidden: Vec<String>,
}

impl Renderer {
    /// `failed`: a step has failed before.
    pub(super) fn new(hosts: &[(String, String)], failed: bool) -> Self {
        let mut registry = Registry::new();
        let known = HOSTS.map(|(host, kind)| (host.to_owned(), kind.to_owned()));
        backstage::filters(&mut registry, known.into_iter().chain(hosts.iter().cloned()).collect());
        registry.function("always", |_| Ok(Some(true.into())));
        registry.function("failure", move |_| Ok(Some(failed.into())));
        Self { registry }
    }

    /// Every text of a value rendered. A text that cannot be rendered stays as it is, as in Backstage.
    pub(super) fn value(
        &self,
        value: &Value,
        context: &Map<String, Value>,
        also_secret: &[&str],
    ) -> Rendered {
        let secret: Vec<&str> = SECRET.iter().chain(also_secret).copied().collect();
        let options = Options { registry: Some(&self.registry), secret: &secret, ..Options::default() };
        let rendered = render_value(value, context, &options);
        Rendered {
            value: rendered.value,
            derived: rendered.derived.any,
            hidden: rendered.derived.texts.into_iter().collect(),
        }
    }

    /// What goes wrong with a text where there are no values at all.
    pub(super) fn problems(&self, text: &str) -> Vec<String> {
        let options = Options { registry: Some(&self.registry), ..Options::default() };
        let rendered = render_value(&text.into(), &Map::new(), &options);
        rendered.problems.into_iter().map(|problem| problem.problem.message).collect()
    }

    /// Whether a condition holds: a text is rendered first.
    pub(super) fn holds(&self, condition: &Value, context: &Map<String, Value>) -> bool {
        is_truthy(self.value(condition, context, &[]).value.as_ref())
    }
}
