//! The address of something in a git repository that has no pages of its own:
//! `git::https://git.example.com/team/repo.git//catalog/info.yaml?ref=main`.
//!
//! The form is that of go-getter, which Terraform and others take it from (github.com/hashicorp/go-getter): `git::`,
//! the address that `git clone` takes, `//`, a path in the repository, and `ref`.

use std::fmt;

use url::{Host, Url};

use crate::code::address::{decoded, encoded};

/// What an address of git begins with.
const PREFIX: &str = "git::";
const EXAMPLE: &str = "git::https://git.example.com/team/repo.git//catalog-info.yaml?ref=main";

/// An address in a git repository, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitAddress {
    remote: Url,
    path: String,
    reference: Option<String>,
}

impl GitAddress {
    /// Whether a text is meant as one.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
    }

    /// Takes an address apart. Its path may have wildcards, the rest may not.
    ///
    /// # Errors
    /// What is wrong with it. What could be a credential is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|what| format!("{what}: an address such as {EXAMPLE} is expected"))
    }

    fn read(text: &str) -> Result<Self, String> {
        let inner = if Self::is_meant_by(text) { &text[PREFIX.len()..] } else { text };
        if inner.len() == text.len() {
            return Err("it does not begin with git::".to_owned());
        }
        if inner.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err("it has a space, a backslash or a control character".to_owned());
        }
        if inner.contains('#') {
            return Err("`#` has no meaning in it, in a name it is %23".to_owned());
        }
        let (place, query) = inner.split_once('?').unwrap_or((inner, ""));
        let Some((scheme, rest)) = place.split_once("://") else {
            return Err("behind git:: no https://, http:// or ssh:// follows".to_owned());
        };
        let at = rest.find('/').unwrap_or(rest.len());
        let (authority, all) = rest.split_at(at);
        let (repository, path) = all.split_once("//").unwrap_or((all, ""));
        Ok(Self {
            remote: remote(scheme, authority, repository)?,
            path: plain_parts(path)?.join("/"),
            reference: reference(query)?,
        })
    }

    /// What `git clone` would be given.
    #[must_use]
    pub fn remote(&self) -> &Url {
        &self.remote
    }

    /// The host, with its port where that is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.remote.host_str().unwrap_or_default();
        let port = self.remote.port().filter(|port| self.remote.scheme() != "ssh" || *port != 22);
        port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The path in the repository, decoded, without a slash at either end; empty for all of it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A branch, a tag, a full name (`refs/...`) or a commit; none for where `HEAD` stands.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }

    /// Whether both are of the same state of the same repository.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        self.remote == other.remote && self.reference == other.reference
    }

    /// The address of another path, whose `*` are names and no wildcards.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let path = path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        Self { path, ..self.clone() }
    }

    /// Up to the `//`, and what stands behind the path.
    pub(crate) fn around(&self) -> (String, String) {
        let query = self.reference.as_ref().map(|name| format!("?ref={}", encoded(name, "/")));
        (format!("{PREFIX}{}//", self.remote), query.unwrap_or_default())
    }
}

impl fmt::Display for GitAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.around();
        write!(f, "{before}{}{after}", encoded(&self.path, "/!$&'()+,;=:@"))
    }
}

/// The repository's own address.
fn remote(scheme: &str, authority: &str, path: &str) -> Result<Url, String> {
    let scheme = scheme.to_ascii_lowercase();
    let (user, host) =
        authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    match (scheme.as_str(), user) {
        ("http" | "https", None) | ("ssh", None) => {}
        ("ssh", Some(user)) if is_user(user) => {}
        ("ssh", Some(_)) => return Err("what stands before the @ is no plain user name".to_owned()),
        ("http" | "https", Some(_)) => {
            return Err("it has a user name: credentials stand in integrations.git".to_owned());
        }
        _ => return Err("only https, http and ssh are read".to_owned()),
    }
    if path.contains('*') {
        return Err("a wildcard stands before the //, it may only stand behind".to_owned());
    }
    let parts = plain_parts(path)?;
    if parts.is_empty() {
        return Err("it names no repository".to_owned());
    }
    // Of a scheme that it does not know the library takes any text for a host.
    let known =
        Url::parse(&format!("https://{host}/")).map_err(|error| format!("its host is none: {error}"))?;
    let host = known.host().map(|host: Host<&str>| host.to_string()).unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    if host.starts_with('-') || !host.chars().all(legal) {
        return Err("its host is no name".to_owned());
    }
    let port = known.port().map(|port| format!(":{port}")).unwrap_or_default();
    // Said outright, the port of https is one like others elsewhere.
    let port = if port.is_empty() && authority.ends_with(":443") { ":443".to_owned() } else { port };
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    let path: Vec<String> = parts.iter().map(|part| encoded(part, "!$&'()+,;=:@")).collect();
    let text = format!("{scheme}://{user}{host}{port}/{}", path.join("/"));
    Url::parse(&text).map_err(|error| format!("it is no address: {error}"))
}

/// No option of a program, no shell.
fn is_user(user: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !user.is_empty() && user.len() <= 64 && !user.starts_with(['-', '.']) && user.chars().all(legal)
}

/// The names of a path, decoded; none of them leads up or stays.
fn plain_parts(path: &str) -> Result<Vec<String>, String> {
    let is_plain = |part: &String| {
        part != "." && part != ".." && !part.chars().any(|c| c.is_control() || matches!(c, '\\' | '/'))
    };
    let parts = path.split('/').filter(|part| !part.is_empty());
    let parts = parts.map(|part| decoded(part).filter(is_plain));
    parts.collect::<Option<_>>().ok_or_else(|| "a part of its path is no name".to_owned())
}

/// `ref` of the query. A depth, which others take too, is always 1.
fn reference(query: &str) -> Result<Option<String>, String> {
    let mut found = None;
    for (key, value) in
        query.split('&').filter(|pair| !pair.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")))
    {
        match key {
            "depth" => {}
            "ref" if found.is_some() => return Err("ref stands in it twice".to_owned()),
            // Not as in a form: a plus is a plus.
            "ref" => found = decoded(value).filter(|name| !name.is_empty()),
            _ => return Err("behind the ? stands something other than ref".to_owned()),
        }
        if key == "ref" && !found.as_deref().is_some_and(is_reference) {
            return Err("ref is no name of a branch, a tag or a commit".to_owned());
        }
    }
    Ok(found)
}

/// What git lets a reference be called (`git check-ref-format`).
pub(super) fn is_reference(name: &str) -> bool {
    let banned = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    name.len() <= 255
        && !name.starts_with(['-', '/'])
        && !name.ends_with(['/', '.'])
        && !name.contains(banned)
        && !["..", "//", "@{", "/."].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::GitAddress;

    #[test]
    fn an_address_is_taken_apart() {
        let text = "git::https://Git.Example.com/team/repo.git//a%20b/c.yaml?ref=feature/x";
        let found = GitAddress::parse(text).unwrap();
        assert_eq!(found.remote().as_str(), "https://git.example.com/team/repo.git");
        assert_eq!((found.path(), found.reference()), ("a b/c.yaml", Some("feature/x")));
        assert_eq!(
            found.to_string(),
            "git::https://git.example.com/team/repo.git//a%20b/c.yaml?ref=feature/x"
        );
        assert_eq!(GitAddress::parse(&found.to_string()).unwrap(), found);
        for (text, host, path) in [
            ("git::ssh://git@git.example.com/team/repo", "git.example.com", ""),
            ("git::ssh://git@git.example.com:22/repo//*.yaml", "git.example.com", "*.yaml"),
            ("git::ssh://Git.example.com:2222/~a/repo//x", "git.example.com:2222", "x"),
            ("GIT::http://127.0.0.1:8080/r.git//a//b/?depth=1", "127.0.0.1:8080", "a/b"),
            ("git::https://[::1]:8443/r//", "[::1]:8443", ""),
            ("git::https://h:443/r", "h", ""),
            ("git::ssh://h:443/r", "h:443", ""),
        ] {
            let found = GitAddress::parse(text).unwrap();
            assert_eq!((found.host().as_str(), found.path()), (host, path), "{text}");
        }
        let plus = GitAddress::parse("git::https://h/r//x?ref=c++").unwrap();
        assert_eq!(plus.reference(), Some("c++"));
        assert!(
            plus.is_beside(&plus.at("y"))
                && !plus.is_beside(&GitAddress::parse("git::https://h/r//x").unwrap())
        );
    }

    /// Attack cases 6, 7 and 12: options, other protocols, ways up, lines.
    #[test]
    fn what_could_mean_something_else_is_refused() {
        for text in [
            "https://h/r.git//x",
            "git::git@h:team/r.git",
            "git::file:///srv/r.git//x",
            "git::ext::sh -c x",
            "git::ext://sh/x",
            "git::git://h/r.git//x",
            "git::--upload-pack=x",
            "git::ssh://-oProxyCommand=x/r",
            "git::ssh://-oProxyCommand@h/r",
            "git::ssh://a;b@h/r",
            "git::ssh://u:p@h/r",
            "git::https://user@h/r",
            "git::https://user:secret@h/r",
            "git::https:///r",
            "git::https://h//x",
            "git::https://h",
            "git::https://h/../r//x",
            "git::https://h/r//../x",
            "git::https://h/r//a/%2e%2e/x",
            "git::https://h/r//a%2Fb",
            "git::https://h/r//a%00",
            "git::https://h/r//a\nb",
            "git::https://h/r//a b",
            "git::https://h/*//a",
            "git::https://h/r//a#b",
            "git::https://h/r//a?ref=",
            "git::https://h/r//a?ref=a%0Awant",
            "git::https://h/r//a?ref=--upload-pack",
            "git::https://h/r//a?ref=a..b",
            "git::https://h/r//a?ref=a&ref=b",
            "git::https://h/r//a?sshkey=c2VjcmV0",
            "git::https://h:x/r//a",
        ] {
            let error = GitAddress::parse(text).unwrap_err();
            assert!(!error.contains("secret") && !error.contains("c2Vj"), "{text}: {error}");
            assert!(error.contains("git::https://git.example.com"), "{error}");
        }
    }
}
