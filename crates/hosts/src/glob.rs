//! Targets with wildcards: `https://github.com/o/r/blob/main/**/catalog-info.yaml`.

use globset::{GlobBuilder, GlobMatcher};
use url::Url;

use crate::code::GitAddress;
use crate::code::address::{decoded, query};
use crate::error::HostError;

/// What a target means.
pub(crate) enum Target {
    /// One file.
    File(Url),
    /// Files below a folder.
    Pattern {
        /// Up to the last `/` before the first wildcard.
        folder: Url,
        /// For paths below it.
        pattern: GlobMatcher,
    },
}

impl Target {
    /// Reads a target. A wildcard is a `*` in its path, of Azure's pages in the `path` of the query.
    pub(crate) fn parse(target: &str) -> Result<Self, HostError> {
        let url = Url::parse(target)
            .map_err(|error| HostError::NotFound(format!("\"{target}\" is not a URL: {error}")))?;
        if GitAddress::is_meant_by(target) {
            return in_git(target, url);
        }
        let path = url.path().to_owned();
        let asked = query(&url, "path").filter(|asked| path.contains("/_git/") && asked.contains('*'));
        let text = asked.as_deref().unwrap_or(&path);
        let Some(star) = text.find('*') else { return Ok(Self::File(url)) };
        let cut = text[..star].rfind('/').map_or(0, |slash| slash + 1);
        let mut folder = url;
        if asked.is_some() {
            let others: Vec<(String, String)> =
                folder.query_pairs().into_owned().filter(|(k, _)| k != "path").collect();
            folder.query_pairs_mut().clear().append_pair("path", &text[..cut]).extend_pairs(others);
        } else {
            folder.set_path(&path[..cut]);
        }
        // Paths of a listing are not encoded.
        let pattern = if asked.is_some() { Some(text[cut..].to_owned()) } else { decoded(&text[cut..]) };
        let pattern = pattern.unwrap_or_else(|| text[cut..].to_owned());
        Ok(Self::Pattern { folder, pattern: matcher(target, &pattern)? })
    }
}

fn matcher(target: &str, pattern: &str) -> Result<GlobMatcher, HostError> {
    let wrong = |error: globset::Error| {
        HostError::NotFound(format!("the pattern of \"{target}\" cannot be read: {error}"))
    };
    let pattern = GlobBuilder::new(pattern).literal_separator(true).build().map_err(wrong)?;
    Ok(pattern.compile_matcher())
}

/// An address of git has its path behind the second `//`. Written as `%2A` a star is a name's.
fn in_git(target: &str, url: Url) -> Result<Target, HostError> {
    // Not repeated: there may be a credential in it.
    let wrong = |what: String| HostError::NotFound(format!("an address of git cannot be read: {what}"));
    let address = GitAddress::parse(target).map_err(wrong)?;
    let before = target.split('?').next().unwrap_or_default();
    if !before.contains('*') {
        return Ok(Target::File(url));
    }
    let path = address.path();
    let star = path.find('*').unwrap_or_default();
    let cut = path[..star].rfind('/').map_or(0, |slash| slash + 1);
    let folder =
        Url::parse(&address.at(&path[..cut]).to_string()).map_err(|error| wrong(error.to_string()))?;
    Ok(Target::Pattern { folder, pattern: matcher(target, &path[cut..])? })
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn wildcards_begin_a_pattern() {
        let Ok(Target::Pattern { folder, pattern }) =
            Target::parse("https://h/o/r/blob/main/a/**/c*.yaml?x=1")
        else {
            panic!("no pattern")
        };
        assert_eq!(folder.as_str(), "https://h/o/r/blob/main/a/?x=1");
        assert!(
            pattern.is_match("c.yaml") && pattern.is_match("b/d/cat.yaml") && !pattern.is_match("b/x.yaml")
        );
        assert!(matches!(Target::parse("https://h/a.yaml"), Ok(Target::File(_))));
        let azure = "https://dev.azure.com/o/p/_git/r?path=/a/**/c*.yaml&version=GBmain";
        let Ok(Target::Pattern { folder, pattern }) = Target::parse(azure) else { panic!("no pattern") };
        assert_eq!(folder.as_str(), "https://dev.azure.com/o/p/_git/r?path=%2Fa%2F&version=GBmain");
        assert!(pattern.is_match("b/cat.yaml"));
        let Ok(Target::Pattern { pattern, .. }) = Target::parse("https://h/a%20b/*%20c.yaml") else {
            panic!("none")
        };
        assert!(pattern.is_match("x c.yaml"));
        assert!(Target::parse("a.yaml").is_err());
    }
}
