//! Which kinds may come from where: `catalog.rules` and the rules of single locations.

use globset::{GlobBuilder, GlobMatcher};

/// One rule: kinds that are allowed, perhaps only from some places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowRule {
    /// What is allowed.
    pub allow: Vec<AllowedKind>,
    /// From where: anywhere when absent, nowhere when empty.
    pub locations: Option<Vec<LocationMatch>>,
}

/// A kind, perhaps of one `spec.type` only. Both in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedKind {
    /// `Component`.
    pub kind: String,
    /// `service`.
    pub spec_type: Option<String>,
}

/// Places that a rule holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationMatch {
    /// `file` or `url`.
    pub kind: String,
    /// Which of them; all when absent.
    pub target: Option<TargetMatch>,
}

/// How a target is matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetMatch {
    /// The whole target.
    Exact(String),
    /// A glob in any case; `*` stops at `/`, hidden names match.
    Pattern(String),
}

/// The rules of the configuration.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `None` allows everything.
    rules: Option<Vec<Compiled>>,
}

#[derive(Clone, Debug)]
struct Compiled {
    rule: AllowRule,
    /// Beside each of the rule's locations, its compiled pattern.
    patterns: Vec<Option<GlobMatcher>>,
}

impl Default for Rules {
    /// Backstage's default: Component, API and Location from anywhere.
    fn default() -> Self {
        Self::from_config(None)
    }
}

impl Rules {
    /// The rules of `catalog.rules`, or Backstage's default when there are none. A pattern that is no glob matches nothing.
    #[must_use]
    pub fn from_config(rules: Option<Vec<AllowRule>>) -> Self {
        let rules = rules.unwrap_or_else(|| {
            let kinds = ["Component", "API", "Location"];
            let allow = kinds.map(|kind| AllowedKind { kind: kind.to_owned(), spec_type: None }).into();
            vec![AllowRule { allow, locations: None }]
        });
        Self { rules: Some(rules.into_iter().map(Compiled::new).collect()) }
    }

    /// No rules: every kind from everywhere.
    #[must_use]
    pub fn allow_everything() -> Self {
        Self { rules: None }
    }

    /// The rules in words that are the same for the same rules alone.
    #[must_use]
    pub fn words(&self) -> String {
        let rules = self.rules.as_ref().map(|rules| rules.iter().map(|r| &r.rule).collect::<Vec<_>>());
        format!("{rules:?}")
    }

    /// Whether a document of this kind and `spec.type` may come from an origin. `own` are the rules of the
    /// configured location itself, which hold for it whatever their own `locations` say.
    #[must_use]
    pub fn allows(
        &self,
        kind: &str,
        spec_type: Option<&str>,
        origin_kind: &str,
        origin_target: &str,
        own: &[AllowRule],
    ) -> bool {
        let Some(rules) = &self.rules else { return true };
        let fits = |rule: &AllowRule| rule.allow.iter().any(|allowed| allowed.fits(kind, spec_type));
        rules.iter().any(|r| fits(&r.rule) && r.covers(origin_kind, origin_target)) || own.iter().any(fits)
    }
}

impl AllowedKind {
    fn fits(&self, kind: &str, spec_type: Option<&str>) -> bool {
        let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
        let wanted = self.spec_type.as_deref().filter(|t| !t.is_empty());
        same(&self.kind, kind)
            && wanted.is_none_or(|wanted| spec_type.is_some_and(|found| same(wanted, found)))
    }
}

impl Compiled {
    fn new(rule: AllowRule) -> Self {
        let compile = |location: &LocationMatch| match &location.target {
            Some(TargetMatch::Pattern(pattern)) => {
                let glob = GlobBuilder::new(pattern).case_insensitive(true).literal_separator(true).build();
                glob.ok().map(|g| g.compile_matcher())
            }
            _ => None,
        };
        let patterns = rule.locations.iter().flatten().map(compile).collect();
        Self { rule, patterns }
    }

    fn covers(&self, kind: &str, target: &str) -> bool {
        let Some(locations) = &self.rule.locations else { return true };
        locations.iter().zip(&self.patterns).any(|(location, pattern)| {
            location.kind == kind
                && match &location.target {
                    None => true,
                    Some(TargetMatch::Exact(exact)) => exact == target,
                    Some(TargetMatch::Pattern(_)) => pattern.as_ref().is_some_and(|p| p.is_match(target)),
                }
        })
    }
}

/// Backstage's text for a document that no rule allows. The error's name is `NotAllowedError`.
#[must_use]
pub fn not_allowed_text(reference: &str, location: &str, origin: &str) -> String {
    format!(
        "Entity {reference} at {location}, originated at {origin}, is not of an allowed kind for that location"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(kind: &str) -> AllowedKind {
        AllowedKind { kind: kind.into(), spec_type: None }
    }

    #[test]
    fn the_default_allows_three_kinds() {
        let rules = Rules::default();
        assert!(rules.allows("component", None, "url", "https://x/y", &[]));
        assert!(!rules.allows("Group", None, "file", "/a.yaml", &[]));
        let own = [AllowRule { allow: vec![kind("Group")], locations: None }];
        assert!(rules.allows("Group", None, "file", "/a.yaml", &own));
        assert!(Rules::allow_everything().allows("Anything", None, "file", "/a", &[]));
        assert!(!Rules::from_config(Some(Vec::new())).allows("Component", None, "file", "/a", &[]));
    }

    #[test]
    fn rules_look_at_type_and_place() {
        let database = AllowedKind { kind: "Resource".into(), spec_type: Some("Database".into()) };
        let at = |target| Some(vec![LocationMatch { kind: "url".into(), target }]);
        let rules = Rules::from_config(Some(vec![
            AllowRule { allow: vec![database], locations: None },
            AllowRule { allow: vec![kind("User")], locations: Some(Vec::new()) },
            AllowRule {
                allow: vec![kind("Group")],
                locations: at(Some(TargetMatch::Exact("https://h/g.yaml".into()))),
            },
            AllowRule {
                allow: vec![kind("Template")],
                locations: at(Some(TargetMatch::Pattern("https://h/*/t.yaml".into()))),
            },
        ]));
        assert!(rules.allows("resource", Some("database"), "file", "/a", &[]));
        assert!(!rules.allows("resource", Some("queue"), "file", "/a", &[]));
        assert!(!rules.allows("resource", None, "file", "/a", &[]));
        assert!(!rules.allows("User", None, "url", "https://h/u.yaml", &[]));
        assert!(rules.allows("Group", None, "url", "https://h/g.yaml", &[]));
        assert!(!rules.allows("Group", None, "file", "https://h/g.yaml", &[]));
        assert!(rules.allows("Template", None, "url", "https://H/.x/T.yaml", &[]));
        assert!(!rules.allows("Template", None, "url", "https://h/a/b/t.yaml", &[]));
    }
}
