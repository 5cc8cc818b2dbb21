//! Where a fetching step gets its files: a code host, a git server, or, for a template that lies in a file of this
//! machine, the folder of that file and nothing outside of it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use stagedoor_hosts::{Hosts, Priority};
use stagedoor_ingest::CodeHosts;
use url::Url;

use super::input::blocking;
use crate::performer::{Call, Failure};
use crate::services::Services;
use crate::workspace::{Kind, Limits, Workspace};

/// Files of one source, and their bytes together.
const MOST: (usize, u64) = (10_000, 128 << 20);

/// A file, folder or link of a source.
pub(super) struct Taken {
    /// Below the source.
    pub(super) path: String,
    pub(super) what: What,
}

pub(super) enum What {
    File { content: Vec<u8>, executable: bool },
    Folder,
    Link(String),
}

/// What an address means.
enum Source {
    Outside(Url),
    /// A path below the folder of the template.
    Beside(PathBuf, String),
}

/// All that lies below an address.
pub(super) async fn folder(call: &Call<'_>, services: &Services, url: &str) -> Result<Vec<Taken>, Failure> {
    match resolved(call, services, url)? {
        Source::Outside(url) => {
            let files = hosts(services)?
                .folder(&url, Priority::Person, MOST)
                .await
                .map_err(|error| failed(&error))?;
            let taken = files.into_iter().map(|file| Taken {
                path: file.path,
                what: What::File { content: file.body.to_vec(), executable: file.executable },
            });
            Ok(taken.collect())
        }
        Source::Beside(folder, path) => blocking(move || below(&folder, &path)).await,
    }
}

/// One file.
pub(super) async fn file(
    call: &Call<'_>,
    services: &Services,
    url: &str,
) -> Result<(Vec<u8>, bool), Failure> {
    match resolved(call, services, url)? {
        Source::Outside(url) => {
            let read = hosts(services)?.read_once(&url, Priority::Person).await;
            Ok((read.map_err(|error| failed(&error))?.to_vec(), false))
        }
        Source::Beside(folder, path) => {
            blocking(move || {
                let folder = Workspace::open_existing(&folder, Limits::default())?;
                let executable = folder.item(&path)?.is_some_and(|item| item.executable);
                Ok((folder.read(&path)?, executable))
            })
            .await
        }
    }
}

fn below(folder: &Path, path: &str) -> Result<Vec<Taken>, Failure> {
    let folder = Workspace::open_existing(folder, Limits::default())?.existing_folder(path)?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    for item in folder.walk()? {
        let what = match item.kind {
            Kind::Folder => What::Folder,
            Kind::Link => What::Link(folder.link_target(&item.path)?),
            Kind::File => {
                let content = folder.read(&item.path)?;
                bytes += content.len() as u64;
                What::File { content, executable: item.executable }
            }
        };
        found.push(Taken { path: item.path, what });
        if found.len() > MOST.0 || bytes > MOST.1 {
            return Err(Failure::new(format!(
                "{path} is too large: {} files and {} bytes may be fetched",
                MOST.0, MOST.1
            )));
        }
    }
    Ok(found)
}

/// The meaning of an address. A relative one is meant from where the template's own file lies: `templateInfo.baseUrl` of
/// the run's context, which whoever starts runs takes from the place that the portal itself reads the template from, never
/// from what the document says of itself.
fn resolved(call: &Call<'_>, services: &Services, url: &str) -> Result<Source, Failure> {
    if let Ok(absolute) = Url::parse(url) {
        return outside(services, absolute);
    }
    let base = call.run.context.get("templateInfo").and_then(|info| info["baseUrl"].as_str());
    let base = base.map(|base| base.strip_prefix("url:").unwrap_or(base)).ok_or_else(|| {
        Failure::new(format!(
            "Failed to fetch, template location could not be determined and the fetch URL is relative, {url}"
        ))
    })?;
    if let Some(path) = base.strip_prefix("file:") {
        let path =
            Url::parse(base).ok().and_then(|url| url.to_file_path().ok()).unwrap_or_else(|| path.into());
        // A folder, or a file in it.
        let folder = if base.ends_with('/') { Some(path.as_path()) } else { path.parent() };
        let folder = folder.filter(|folder| folder.is_absolute());
        let folder = folder.ok_or_else(|| Failure::new("the template's own place is no file"))?;
        return Ok(Source::Beside(folder.to_owned(), url.to_owned()));
    }
    let hosts =
        services.hosts.as_ref().map_or_else(CodeHosts::default, |hosts| CodeHosts::new(hosts.kinds()));
    let target = hosts.resolve_target("url", base, None, url).map_err(Failure::new)?;
    let target = Url::parse(&target).map_err(|_| Failure::new(format!("{url} is no address")))?;
    outside(services, target)
}

/// What may be fetched from: a web server or a git server. A file of this machine is none.
fn outside(services: &Services, url: Url) -> Result<Source, Failure> {
    if !matches!(url.scheme(), "http" | "https" | "git")
        || (url.scheme() == "git" && !url.as_str().starts_with("git::"))
    {
        let what = format!("{}: addresses are not fetched, only https:, http: and git::", url.scheme());
        return Err(Failure::new(what));
    }
    let kinds = services.hosts.as_ref().map(|hosts| whole(hosts, &url));
    Ok(Source::Outside(kinds.flatten().unwrap_or(url)))
}

/// The address of a whole repository, as it is on the host's pages, with the branch that the host takes for the main one.
fn whole(hosts: &Hosts, url: &Url) -> Option<Url> {
    let kind = hosts.of(url).kind();
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let view: &[&str] = match kind {
        "github" if parts.len() == 2 => &["tree", "HEAD"],
        // The older form of an address of a file has no mark.
        "gitlab"
            if parts.len() >= 2 && !["-", "tree", "blob", "raw"].iter().any(|view| parts.contains(view)) =>
        {
            &["-", "tree", "HEAD"]
        }
        _ => return None,
    };
    let mut whole = url.clone();
    whole.path_segments_mut().ok()?.pop_if_empty().extend(view);
    Some(whole)
}

fn hosts(services: &Services) -> Result<&Hosts, Failure> {
    services.hosts.as_deref().ok_or_else(|| Failure::new("this portal reads no code hosts"))
}

fn failed(error: &stagedoor_hosts::HostError) -> Failure {
    super::hosting::failure(error)
}

/// A warning for a token that is not used.
pub(super) fn token_note(token: Option<&Value>) -> Option<&'static str> {
    token.filter(|token| !token.is_null())?;
    Some("the input token is not used: files are read with the credentials of integrations")
}
