//! Patterns of paths in the workspace, as Backstage's actions take them: `*`, `**`, `?`, `[a-z]`, `{a,b}`, `!` before one
//! that takes away. Names that begin with a dot match like any other.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::performer::Failure;

/// Several of them.
pub(super) struct Patterns {
    with: GlobSet,
    without: GlobSet,
}

impl Patterns {
    /// # Errors
    /// When one is no pattern.
    pub(super) fn new(patterns: &[String]) -> Result<Self, Failure> {
        let (without, with): (Vec<&str>, Vec<&str>) =
            patterns.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
        let without: Vec<&str> = without.iter().map(|pattern| &pattern[1..]).collect();
        Ok(Self { with: set(&with)?, without: set(&without)? })
    }

    /// Whether a path, without `./`, is meant.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.with.is_match(path) && !self.without.is_match(path)
    }
}

fn set(patterns: &[&str]) -> Result<GlobSet, Failure> {
    let wrong = |error: &globset::Error| Failure::new(format!("a pattern cannot be read: {error}"));
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        let glob = GlobBuilder::new(pattern).literal_separator(true).empty_alternates(true).build();
        set.add(glob.map_err(|error| wrong(&error))?);
    }
    set.build().map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    use super::Patterns;

    #[test]
    fn patterns_are_those_of_globby() {
        let is = |patterns: &[&str], path: &str| {
            let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
            Patterns::new(&patterns).unwrap().matches(path)
        };
        for (pattern, path, wanted) in [
            ("*.md", "a.md", true),
            ("*.md", "b/a.md", false),
            ("**/*.md", "a.md", true),
            ("**/*.md", "b/c/a.md", true),
            ("./b/*", "b/.x", true),
            (".github/**", ".github/workflows/ci.yaml", true),
            ("{a,b}.txt", "b.txt", true),
            ("a", "a/b", false),
        ] {
            assert_eq!(is(&[pattern], path), wanted, "{pattern} {path}");
        }
        assert!(is(&["**/*.md", "!keep.md"], "x/a.md") && !is(&["**/*.md", "!keep.md"], "keep.md"));
        assert!(Patterns::new(&["[".to_owned()]).is_err());
    }
}
