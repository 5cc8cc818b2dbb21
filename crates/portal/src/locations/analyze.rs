//! What stands behind the address of a repository: files of a catalog, or what such a file could say.

use std::collections::HashSet;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::{GitAddress, HostError, Priority};
use stagedoor_model::names::is_backstage_name;
use url::Url;

use super::Location;
use super::repository::Repository;
use crate::error::PortalError;
use crate::{Portal, View};

/// The file that is looked for.
const FILE: &str = "catalog-info.yaml";
/// Files that are told of one repository.
const MOST: usize = 100;

/// What was found at an address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Files of a catalog that are there.
    pub files: Vec<KnownFile>,
    /// Where there is none: the entity that one could start with.
    pub suggestion: Option<Value>,
}

/// A file of a catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownFile {
    /// Its address.
    pub target: String,
    /// Whether it is registered.
    pub registered: bool,
    /// What registering it would bring.
    pub entities: Vec<Value>,
}

impl Portal {
    /// Looks at a repository by any of its addresses: for files called `file_name` (`catalog-info.yaml` where nothing
    /// is said), else for what it could be called in a catalog. Nothing is written.
    ///
    /// # Errors
    /// `Invalid` for what is no address, for a refusal of the host, or for what is wrong with a file found there;
    /// `Forbidden`.
    pub async fn analyze_location(
        &self,
        viewer: &Viewer,
        target: &str,
        file_name: Option<&str>,
    ) -> Result<Analysis, PortalError> {
        let view = self.view_for(viewer, Action::AnalyzeLocation, Resource::Any)?;
        let no_url = || PortalError::invalid("The given location.target is not a URL");
        let url = Url::parse(target).map_err(|_| no_url())?;
        if GitAddress::is_meant_by(target) {
            GitAddress::parse(target).map_err(PortalError::invalid)?;
        } else if !matches!(url.scheme(), "http" | "https") {
            return Err(no_url());
        }
        let kind = self.hosts().map_or_else(|| "url".to_owned(), |hosts| hosts.of(&url).kind().to_owned());
        let repository = Repository::of(&url, &kind);
        let name = file_name.unwrap_or(FILE);
        if name.is_empty() || name.contains(['/', '\\', '*', '?', '#', '%']) {
            return Err(PortalError::invalid("catalogFilename must be the name of a file"));
        }
        let files = match repository.as_ref().and_then(|repository| repository.files(name)) {
            Some(pattern) => self.known_files(&view, &pattern).await?,
            None => Vec::new(),
        };
        let suggestion = files.is_empty().then(|| suggestion(&url, repository.as_ref()));
        Ok(Analysis { files, suggestion })
    }

    async fn known_files(&self, view: &View, pattern: &str) -> Result<Vec<KnownFile>, PortalError> {
        let Some(hosts) = self.hosts() else { return Ok(Vec::new()) };
        let found = match hosts.read(pattern, Priority::Person).await {
            Ok(found) => found,
            // Nothing is there, or this host cannot tell: a suggestion helps more than an error.
            Err(HostError::NotFound(_) | HostError::Unreachable(_)) => return Ok(Vec::new()),
            Err(error @ HostError::Denied(_)) => return Err(PortalError::invalid(error.to_string())),
            Err(error @ HostError::Exhausted { .. }) => {
                return Err(PortalError::Unavailable(error.to_string()));
            }
        };
        let file_of = |target: &str| {
            let url = Url::parse(target).ok()?;
            Repository::of(&url, hosts.of(&url).kind()).map(|repository| repository.file())
        };
        let seen = self.seen_locations(view);
        let registered: HashSet<_> = seen.iter().filter_map(|location| file_of(&location.target)).collect();
        let mut files = Vec::with_capacity(found.len().min(MOST));
        for file in found.into_iter().take(MOST) {
            let registered = file_of(&file.url).is_some_and(|file| registered.contains(&file));
            let entities = self.entities_behind(&Location::new("", "url", &file.url)).await?;
            files.push(KnownFile { target: file.url, registered, entities });
        }
        Ok(files)
    }
}

/// A component with what the address says.
fn suggestion(url: &Url, repository: Option<&Repository>) -> Value {
    let last = || url.path_segments().and_then(|mut all| all.rfind(|part| !part.is_empty()));
    let name = repository.map_or_else(|| last().or(url.host_str()).unwrap_or("unknown"), |r| r.name.as_str());
    let mut entity = json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": { "name": entity_name(name) },
        "spec": { "type": "other", "lifecycle": "unknown" },
    });
    if let Some((key, slug)) = repository.and_then(Repository::slug) {
        entity["metadata"]["annotations"] = json!({ key: slug });
    }
    entity
}

/// A name as close to this one as an entity may have.
fn entity_name(text: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = text.chars().map(legal).take(63).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if is_backstage_name(name) { name.to_owned() } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Repository, entity_name, suggestion};

    #[test]
    fn a_suggestion_is_what_the_address_says() {
        let url = "https://github.com/larkfell/shop".parse().unwrap();
        let found = suggestion(&url, Repository::of(&url, "github").as_ref());
        assert_eq!(
            found,
            json!({
                "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
                "metadata": {"name": "shop", "annotations": {"github.com/project-slug": "larkfell/shop"}},
                "spec": {"type": "other", "lifecycle": "unknown"}
            })
        );
        let url = "https://larkfell.example/".parse().unwrap();
        assert_eq!(suggestion(&url, None)["metadata"], json!({"name": "larkfell.example"}));
    }

    #[test]
    fn names_become_legal() {
        assert_eq!(entity_name("my%20shop"), "my-20shop");
        assert_eq!(entity_name("__"), "unknown");
        assert_eq!(entity_name(&"a".repeat(80)).len(), 63);
    }
}
