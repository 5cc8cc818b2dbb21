//! The commit that a run's files become, and putting it on a branch.

use stagedoor_hosts::{CommitFile, GitAddress, Goal, Hosts, Login, NewCommit, Pushed, Room};
use stagedoor_model::Timestamp;

use crate::performer::{Call, Failure};
use crate::services::Services;
use crate::steps::hosting::failure;
use crate::steps::input::blocking;
use crate::workspace::{Kind, Workspace};

/// What a commit says, and whose it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    pub(crate) message: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) email: Option<String>,
}

/// The files of a run, or of a folder in them, as a first commit. Its time is the run's, so the same run makes the same
/// commit, however often it is tried.
pub(crate) async fn commit(
    call: &Call<'_>,
    workspace: Workspace,
    source: Option<&str>,
    words: Words,
) -> Result<NewCommit, Failure> {
    let seconds = call.run.created_at.0.div_euclid(1000);
    let source = source.unwrap_or("./").to_owned();
    blocking(move || {
        Ok(NewCommit {
            files: files(&workspace.existing_folder(&source)?)?,
            message: words.message.unwrap_or_else(|| "initial commit".to_owned()),
            author: words.author.unwrap_or_else(|| "Scaffolder".to_owned()),
            email: words.email.unwrap_or_else(|| "scaffolder@backstage.io".to_owned()),
            seconds,
        })
    })
    .await
}

/// All files of a folder; links stay links.
pub(crate) fn files(folder: &Workspace) -> Result<Vec<CommitFile>, Failure> {
    let mut files = Vec::new();
    for item in folder.walk()? {
        let content = match item.kind {
            Kind::Folder => continue,
            Kind::Link => folder.link_target(&item.path)?.into_bytes(),
            Kind::File => folder.read(&item.path)?,
        };
        let link = item.kind == Kind::Link;
        files.push(CommitFile {
            path: item.path,
            content: content.into(),
            executable: item.executable,
            link,
        });
    }
    Ok(files)
}

/// Puts it on a branch that is not there yet. The commit's hash.
pub(crate) async fn pushed(
    hosts: &Hosts,
    remote: &str,
    branch: &str,
    commit: &NewCommit,
    room: Room,
    login: Option<&Login>,
) -> Result<String, Failure> {
    let address = address(remote)?;
    match hosts.push(&address, branch, commit, room, login).await.map_err(|error| failure(&error))? {
        Pushed::Made(id) | Pushed::Already(id) => Ok(id),
        Pushed::Taken(other) => Err(Failure::new(format!(
            "{} exists already, and has {other}: nothing was changed there",
            address.remote()
        ))),
    }
}

/// Puts it on top of a branch, for another one that is not there yet or for a review. The commit's hash.
pub(crate) async fn pushed_over(
    services: &Services,
    remote: &str,
    (base, goal): (&str, &Goal),
    commit: NewCommit,
    login: Option<&Login>,
) -> Result<String, Failure> {
    let hosts = services.hosts.as_deref().ok_or_else(|| Failure::new("this portal has no integrations"))?;
    let address = address(remote)?;
    let pushed = hosts.push_over(&address, (base, goal), commit, login).await;
    match pushed.map_err(|error| failure(&error))? {
        Pushed::Made(id) | Pushed::Already(id) => Ok(id),
        Pushed::Taken(other) => Err(Failure::new(format!("{} has {other} already", address.remote()))),
    }
}

fn address(remote: &str) -> Result<GitAddress, Failure> {
    let text = if GitAddress::is_meant_by(remote) { remote.to_owned() } else { format!("git::{remote}") };
    GitAddress::parse(&text).map_err(Failure::new)
}

/// Whether a repository that is there already may be one that this run has made, in an attempt that was cut off: by the
/// time that its host gives. Clocks differ by a minute.
pub(crate) fn may_be_ours(call: &Call<'_>, repository: &serde_json::Value) -> bool {
    let made = repository["created_at"].as_str().or_else(|| repository["created_on"].as_str());
    made.and_then(Timestamp::parse).is_none_or(|made| made.0 >= call.run.created_at.0 - 60_000)
}
