//! Places that documents come from: `file:/srv/catalog.yaml`, `url:https://...`.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;
use url::Url;

use crate::scm::{CodeHosts, Scm};

/// A place, `<type>:<target>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocationRef {
    /// `file` or `url`.
    pub kind: String,
    /// Path or address.
    pub target: String,
}

impl LocationRef {
    /// Reads `<type>:<target>`.
    ///
    /// # Errors
    /// Backstage's text when a part is missing, the type is a web scheme, or the target a script.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (kind, target) = text.split_once(':').unwrap_or(("", ""));
        let (kind, target) = (kind.trim(), target.trim());
        if kind.is_empty() || target.is_empty() {
            return Err(format!(
                "Unable to parse location ref '{text}', expected '<type>:<target>', e.g. 'url:https://host/path'"
            ));
        }
        if matches!(kind, "http" | "https") {
            return Err(format!(
                "Invalid location ref '{text}', please prefix it with 'url:', e.g. 'url:{text}'"
            ));
        }
        if is_script(target) {
            return Err(format!("Invalid location ref '{text}', target is a javascript: URL"));
        }
        Ok(Self { kind: kind.to_owned(), target: target.to_owned() })
    }

    /// The annotations that a document read from here gets unless it has them itself.
    pub(crate) fn annotations(&self, hosts: &CodeHosts) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.kind != "url" {
            return found;
        }
        let url = Url::parse(&self.target).ok();
        let scm = url.as_ref().and_then(|url| hosts.of(url));
        if scm.is_none_or(Scm::has_pages) {
            found.push(("backstage.io/view-url", self.target.clone()));
        }
        let (Some(url), Some(scm)) = (url, scm) else { return found };
        if scm.has_pages() && !names_commit(&self.target) {
            found.push(("backstage.io/edit-url", scm.edit_url(&self.target)));
        }
        if let Ok(folder) = scm.resolve("./", &url) {
            found.push(("backstage.io/source-location", format!("url:{folder}")));
        }
        found
    }
}

impl fmt::Display for LocationRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.target)
    }
}

/// Whether an address would run a script in a browser, however it is disguised.
pub(crate) fn is_script(target: &str) -> bool {
    let plain: String = target.chars().filter(|c| !matches!(c, '\r' | '\n' | '\t')).take(80).collect();
    let plain = plain.trim_start_matches(|c: char| c <= ' ');
    plain.get(..11).is_some_and(|scheme| scheme.eq_ignore_ascii_case("javascript:"))
}

/// Whether an address holds a commit hash (a word of 40 or more hexadecimal digits), whose files cannot be edited.
fn names_commit(target: &str) -> bool {
    let words = target.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .into_iter()
        .any(|w| w.len() >= 40 && w.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
}

/// What a Location document points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationTargets {
    /// `spec.type`; that of the document's own place when absent.
    pub kind: Option<String>,
    /// `spec.target` and then `spec.targets`, as written.
    pub targets: Vec<String>,
    /// `spec.presence` is `optional`: an absent target is no error.
    pub optional: bool,
}

impl LocationTargets {
    /// The targets of a valid Location document.
    pub(crate) fn of(document: &Value) -> Self {
        let spec = document.get("spec");
        let text = |key: &str| spec.and_then(|s| s.get(key)).and_then(Value::as_str);
        let list = spec
            .and_then(|s| s.get("targets"))
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let targets = text("target").into_iter().chain(list.iter().filter_map(Value::as_str));
        Self {
            kind: text("type").map(str::to_owned),
            targets: targets.map(str::to_owned).collect(),
            optional: text("presence") == Some("optional"),
        }
    }
}

/// [`CodeHosts::resolve_target`] where only the hosts are known that need no configuration.
///
/// # Errors
/// The same.
pub fn resolve_target(
    location_kind: &str,
    base: &str,
    target_kind: Option<&str>,
    target: &str,
) -> Result<String, String> {
    CodeHosts::public().resolve_target(location_kind, base, target_kind, target)
}

impl CodeHosts {
    /// The absolute form of a target that a Location document at `<location_kind>:<base>` names. A relative
    /// file target is looked for beside the document. `target_kind` is the document's `spec.type`.
    ///
    /// # Errors
    /// When the type is another than that of the document's own place, or the target is a folder or no address.
    pub fn resolve_target(
        &self,
        location_kind: &str,
        base: &str,
        target_kind: Option<&str>,
        target: &str,
    ) -> Result<String, String> {
        let kind = target_kind.unwrap_or(location_kind);
        if kind != location_kind {
            return Err(format!(
                "Registered locations must be of an allowed type [\"{location_kind}\"], but found \"{kind}\""
            ));
        }
        if is_script(target) {
            return Err(format!("Invalid location ref '{kind}:{target}', target is a javascript: URL"));
        }
        match kind {
            "file" if target.ends_with('/') => Err(format!(
                "LocationEntityProcessor cannot handle {kind} type location with target {base} that ends with a path separator"
            )),
            "file" => Ok(beside(base, target).display().to_string()),
            "url" => self
                .resolve_url(base, target)
                .map_err(|error| format!("could not form a URL out of {base} and {target}, {error}")),
            _ => Ok(target.to_owned()),
        }
    }

    fn resolve_url(&self, base: &str, target: &str) -> Result<String, url::ParseError> {
        let base = Url::parse(base)?;
        match self.of(&base) {
            Some(scm) => scm.resolve(target, &base),
            None => base.join(target).map(Into::into),
        }
    }
}

/// A path as written in the file `base`, with `.` and `..` worked out.
pub(crate) fn beside(base: &str, target: &str) -> PathBuf {
    let folder = Path::new(base).parent().unwrap_or(Path::new(""));
    tidy(&folder.join(target))
}

/// A path without `.` and `..`.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_places() {
        let place = LocationRef::parse("url:https://example.com/a:b").unwrap();
        assert_eq!((place.kind.as_str(), place.target.as_str()), ("url", "https://example.com/a:b"));
        assert!(
            LocationRef::parse("https://example.com").unwrap_err().contains("please prefix it with 'url:'")
        );
        assert!(
            LocationRef::parse("url:\u{1}Java\tScript:alert(1)").unwrap_err().contains("javascript: URL")
        );
        for bad in ["", "file", "file:", ":x"] {
            assert!(LocationRef::parse(bad).unwrap_err().starts_with("Unable to parse"), "{bad}");
        }
    }

    #[test]
    fn annotates() {
        let of = |target: &str| {
            LocationRef { kind: "url".into(), target: target.into() }.annotations(CodeHosts::public())
        };
        assert_eq!(
            of("https://example.com/a.yaml"),
            [("backstage.io/view-url", "https://example.com/a.yaml".to_owned())]
        );
        let commit = format!("https://github.com/o/r/blob/{}/a.yaml", "0a".repeat(20));
        let keys: Vec<_> = of(&commit).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["backstage.io/view-url", "backstage.io/source-location"]);
        assert!(
            LocationRef { kind: "file".into(), target: "/a".into() }
                .annotations(CodeHosts::public())
                .is_empty()
        );
    }

    #[test]
    fn annotates_what_configured_hosts_have() {
        let hosts = CodeHosts::new([("ghe.example.com", "github")]);
        let place = LocationRef {
            kind: "url".into(),
            target: "https://ghe.example.com/o/r/tree/main/a/c.yaml".into(),
        };
        assert_eq!(
            place.annotations(&hosts),
            [
                ("backstage.io/view-url", "https://ghe.example.com/o/r/tree/main/a/c.yaml".to_owned()),
                ("backstage.io/edit-url", "https://ghe.example.com/o/r/edit/main/a/c.yaml".to_owned()),
                ("backstage.io/source-location", "url:https://ghe.example.com/o/r/tree/main/a/".to_owned()),
            ]
        );
        assert_eq!(place.annotations(CodeHosts::public()).len(), 1);
        // A location is resolved against itself first: what it is read from has the form of a folder.
        let target = "https://ghe.example.com/o/r/blob/main/c.yaml";
        assert_eq!(
            hosts.resolve_target("url", target, None, target).unwrap(),
            "https://ghe.example.com/o/r/tree/main/c.yaml"
        );
    }

    #[test]
    fn targets_in_a_git_repository_stay_in_it() {
        let base = "git::https://git.example.com/team/repo.git//a/all.yaml?ref=feature/x";
        let beside = |target| resolve_target("url", base, None, target).unwrap();
        let root = "git::https://git.example.com/team/repo.git//";
        for (target, path) in [
            ("./b/*.yaml", "a/b/*.yaml"),
            ("../c.yaml", "c.yaml"),
            ("/d.yaml", "d.yaml"),
            ("../../../../../e.yaml", "e.yaml"),
            ("./", "a/"),
            ("//evil.example/f.yaml", "f.yaml"),
            ("./g.yaml?ref=other", "a/g.yaml"),
        ] {
            assert_eq!(beside(target), format!("{root}{path}?ref=feature/x"), "{target}");
        }
        for absolute in ["https://example.com/a.yaml", "git::ssh://git@h/r//x"] {
            assert_eq!(beside(absolute), absolute);
        }
        let place = LocationRef { kind: "url".into(), target: base.into() };
        // A browser opens no such address.
        assert_eq!(
            place.annotations(CodeHosts::public()),
            [("backstage.io/source-location", format!("url:{root}a/?ref=feature/x"))]
        );
    }

    #[test]
    fn resolves_targets() {
        let file = |target| resolve_target("file", "/srv/a/all.yaml", None, target);
        assert_eq!(file("./x/*.yaml").unwrap(), "/srv/a/x/*.yaml");
        assert_eq!(file("../b.yaml").unwrap(), "/srv/b.yaml");
        assert_eq!(file("/etc/b.yaml").unwrap(), "/etc/b.yaml");
        assert!(file("./x/").unwrap_err().ends_with("ends with a path separator"));
        assert!(resolve_target("url", "https://example.com/a", Some("file"), "/etc/passwd").is_err());
        assert_eq!(
            resolve_target("url", "https://example.com/a/b", None, "./c").unwrap(),
            "https://example.com/a/c"
        );
        assert!(resolve_target("url", "nonsense", None, "./c").is_err());
    }
}
