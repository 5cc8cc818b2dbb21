//! `repoUrl`, as the picker of Backstage's forms writes it: `github.com?owner=acme&repo=shop`.

use url::Url;

use crate::performer::Failure;

/// A repository that is or will be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepoUrl {
    /// With its port.
    pub(crate) host: String,
    /// Its name.
    pub(crate) repo: String,
    pub(crate) owner: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) workspace: Option<String>,
    pub(crate) project: Option<String>,
}

impl RepoUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::new(format!("Invalid repo URL passed to publisher, got {text}"));
        let inner = text.split_once("://").map_or(text, |(_, rest)| rest);
        let url = Url::parse(&format!("https://{inner}")).map_err(|_| wrong())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::new("a repo URL has no credential in it: they stand in integrations"));
        }
        let parameter = |name: &str| {
            let found = url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            match found.filter(|value| !value.is_empty()) {
                // Owners are groups within groups at some hosts.
                Some(value) if !is_name(&value, name == "owner") => Err(Failure::new(format!(
                    "{name} in a repo URL is a name, without / \\ ? # % or dots alone, and not {value:?}"
                ))),
                found => Ok(found),
            }
        };
        let host = url.host_str().ok_or_else(wrong)?;
        Ok(Self {
            host: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
            repo: parameter("repo")?.ok_or_else(|| missing(text, "repo"))?,
            owner: parameter("owner")?,
            organization: parameter("organization")?,
            workspace: parameter("workspace")?,
            project: parameter("project")?,
        })
    }

    /// One of its parts, which this host cannot do without.
    pub(crate) fn needs<'a>(&self, part: Option<&'a String>, name: &str) -> Result<&'a str, Failure> {
        part.map(String::as_str).ok_or_else(|| missing(&self.host, name))
    }

    pub(crate) fn owner(&self) -> Result<&str, Failure> {
        self.needs(self.owner.as_ref(), "owner")
    }
}

/// The host of a `repoUrl` that need not name a repository.
pub(crate) fn host_of(text: &str) -> Result<String, Failure> {
    let wrong = || Failure::new(format!("Invalid repo URL passed to publisher, got {text}"));
    let inner = text.split_once("://").map_or(text, |(_, rest)| rest);
    let url = Url::parse(&format!("https://{inner}")).map_err(|_| wrong())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::new("a repo URL has no credential in it: they stand in integrations"));
    }
    let host = url.host_str().ok_or_else(wrong)?;
    Ok(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Whether it names something and leads nowhere, however often a host decodes it.
fn is_name(text: &str, nested: bool) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | '?' | '#' | '%');
    let part = |part: &str| !matches!(part, "" | "." | "..");
    !text.contains(odd) && text.split('/').all(part) && (nested || !text.contains('/'))
}

fn missing(text: &str, what: &str) -> Failure {
    Failure::new(format!("Invalid repo URL passed to publisher: {text}, missing {what}"))
}

#[cfg(test)]
mod tests {
    use super::RepoUrl;

    #[test]
    fn the_picker_s_form_is_read() {
        let found = RepoUrl::parse("git.example.com:8443?owner=a%2Fb&repo=r").unwrap();
        assert_eq!(
            (found.host.as_str(), found.owner().unwrap(), found.repo.as_str()),
            ("git.example.com:8443", "a/b", "r")
        );
        assert!(RepoUrl::parse("github.com?owner=a").unwrap_err().message.ends_with("missing repo"));
        assert!(
            RepoUrl::parse("github.com?repo=a")
                .unwrap()
                .owner()
                .unwrap_err()
                .message
                .ends_with("missing owner")
        );
        // Attack case 7: no credential in an address.
        assert!(RepoUrl::parse("u:p@github.com?owner=a&repo=b").is_err());
        assert!(RepoUrl::parse("").is_err());
    }
}
