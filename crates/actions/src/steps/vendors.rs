//! Making a repository at a host and putting the workspace there as its first commit: what differs between hosts is how a
//! repository is made and what it is called afterwards. (GitHub has more to set, see `github`.)

mod azure;
mod bitbucket_cloud;
mod bitbucket_server;
mod gitea;
mod gitlab;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stagedoor_hosts::Room;

use super::input::{done, read, say, workspace};
use super::publish::{Remote, RepoUrl, Words, commit, may_be_ours, pushed};
use crate::performer::{Call, Description, Effect, Failure, Outcome, Performer, Probe};
use crate::services::Services;

/// All of them.
pub(super) fn all() -> Vec<Arc<dyn Performer>> {
    vec![
        Arc::new(Publish(gitlab::GitLab)),
        Arc::new(Publish(gitea::Gitea)),
        Arc::new(Publish(azure::Azure)),
        Arc::new(Publish(bitbucket_cloud::BitbucketCloud)),
        Arc::new(Publish(bitbucket_server::BitbucketServer)),
    ]
}

/// A sort of host that repositories are made at.
#[async_trait]
trait Vendor: Send + Sync {
    /// The action, and the host's key in `integrations`.
    fn names(&self) -> (&'static str, &'static str);

    fn text(&self) -> &'static str;

    fn example(&self) -> (&'static str, &'static str);

    /// Schemas of inputs that others do not have.
    fn properties(&self) -> Value {
        json!({})
    }

    /// Whose credential is asked for.
    fn owner<'a>(&self, url: &'a RepoUrl) -> Result<&'a str, Failure>;

    /// The branch where none is named.
    fn branch(&self) -> &'static str {
        "master"
    }

    /// Makes the repository, or finds it where it is there. What is already in it is judged when the commit is put there.
    async fn make(
        &self,
        remote: &Remote<'_>,
        url: &RepoUrl,
        input: &Map<String, Value>,
    ) -> Result<Made, Failure>;
}

/// A repository that is there.
struct Made {
    /// What git is given.
    clone: String,
    /// What the step says that is.
    remote: String,
    /// The address of its files, up to the branch, and what follows it; without a branch where that is the host's way.
    contents: Contents,
    /// More that later steps may read.
    more: Value,
    /// It was there already, as the host describes it.
    found: Option<Value>,
    /// Nothing is put there.
    is_kept: bool,
}

/// How the address of files is made.
enum Contents {
    /// Before and after the branch.
    Around(String, &'static str),
    Whole(String),
}

struct Publish<V>(V);

fn text<'a>(input: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[async_trait]
impl<V: Vendor> Performer for Publish<V> {
    fn id(&self) -> &'static str {
        self.0.names().0
    }

    fn effect(&self) -> Effect {
        Effect::Outside
    }

    fn needs_workspace(&self) -> bool {
        true
    }

    fn describe(&self) -> Description {
        let text = |title: &str| json!({ "type": "string", "title": title });
        let mut properties = json!({
            "repoUrl": text("Repository Location, as RepoUrlPicker writes it"),
            "description": text("Repository Description"),
            "repoVisibility": { "type": "string", "title": "Repository Visibility", "enum": ["private", "public", "internal"] },
            "defaultBranch": text("Sets the default branch on the repository"),
            "sourcePath": text("Path within the workspace that will be used as the repository root"),
            "gitCommitMessage": text("Sets the commit message. Default: initial commit"),
            "gitAuthorName": text("Sets the author name for the commit. Default: Scaffolder"),
            "gitAuthorEmail": text("Sets the author email for the commit"),
            "token": text("The token to use for authorization, in place of the one in integrations"),
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut properties, self.0.properties()) {
            all.extend(more);
        }
        Description {
            text: self.0.text(),
            input: json!({ "type": "object", "required": ["repoUrl"], "properties": properties }),
            output: json!({ "type": "object", "properties": {
                "remoteUrl": text("A URL to the repository with the provider"),
                "repoContentsUrl": text("A URL to the root of the repository"),
                "commitHash": text("The git commit hash of the initial commit"),
            } }),
            examples: vec![self.0.example()],
            dry_run: false,
        }
    }

    async fn perform(&self, call: &Call<'_>, services: &Services) -> Result<Outcome, Failure> {
        let input: Map<String, Value> = read(self, call)?;
        let url = RepoUrl::parse(text(&input, "repoUrl").unwrap_or_default())?;
        let (owner, kind) = (self.0.owner(&url)?, self.0.names().1);
        let remote = Remote::of(services, kind, &url.host, owner, text(&input, "token")).await?;
        say(services, call, &format!("Creating repository {} of {owner}", url.repo));
        let made = self.0.make(&remote, &url, &input).await?;
        // An attempt that was cut off may have made it; whether it is empty shows when something is put there.
        if made.found.as_ref().is_some_and(|found| !made.is_kept && !may_be_ours(call, found)) {
            return Err(Failure::new(format!("{} exists already", made.remote)));
        }
        let branch = text(&input, "defaultBranch").unwrap_or_else(|| self.0.branch());
        let contents = match made.contents {
            Contents::Around(before, after) => format!("{before}{branch}{after}"),
            Contents::Whole(address) => address,
        };
        let mut output = json!({ "remoteUrl": made.remote, "repoContentsUrl": contents });
        if let (Some(output), Value::Object(more)) = (output.as_object_mut(), made.more) {
            output.extend(more);
        }
        if made.is_kept {
            say(services, call, "It is there already, and is left as it is");
            return done(output);
        }
        let own = |key: &str| text(&input, key).map(str::to_owned);
        let (message, author, email) = (own("gitCommitMessage"), own("gitAuthorName"), own("gitAuthorEmail"));
        let words = Words { message, author, email };
        let commit = commit(call, workspace(services)?, text(&input, "sourcePath"), words).await?;
        let hosts =
            services.hosts.as_deref().ok_or_else(|| Failure::new("this portal has no integrations"))?;
        say(services, call, &format!("Pushing {} files to {branch} of {}", commit.files.len(), made.remote));
        let id = pushed(hosts, &made.clone, branch, &commit, Room::Empty, remote.login().as_ref()).await?;
        output["commitHash"] = id.into();
        done(output)
    }

    /// A repository that was made is found, and the same commit is not pushed twice.
    async fn probe(&self, _call: &Call<'_>, _services: &Services) -> Probe {
        Probe::Repeat
    }
}

/// A member of an answer that has to be there.
pub(super) fn needed(answer: &Value, pointer: &str) -> Result<String, Failure> {
    let found = answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| Failure::new(format!("the host answered without {pointer}")))
}

/// The entry of a list of addresses for cloning over HTTP.
pub(super) fn clone_link(answer: &Value) -> Result<String, Failure> {
    let links = answer.pointer("/links/clone").and_then(Value::as_array);
    let is_http = |link: &&Value| link["name"].as_str().is_some_and(|name| name.starts_with("http"));
    let link = links.and_then(|links| links.iter().find(is_http)).and_then(|link| link["href"].as_str());
    let link = link.ok_or_else(|| Failure::new("the host answered without an address for cloning"))?;
    // A user name in it would be a credential's.
    let mut url = url::Url::parse(link).map_err(|_| Failure::new("the host answered with no address"))?;
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url.into())
}
