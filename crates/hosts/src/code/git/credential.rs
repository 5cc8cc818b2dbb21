//! What a git server is shown, and whom we believe to be it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use stagedoor_outbound::SshCall;

use super::place::GitAddress;
use super::wire::{Service, Wire};
use crate::code::address::decoded;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;

/// Of one entry of `integrations.git`. Nothing of it is ever printed.
#[derive(Default)]
pub(super) struct Credentials {
    /// An `Authorization` header.
    header: Option<String>,
    /// It may go over http, where everybody on the way can read it.
    over_http: bool,
    key: Option<Text>,
    known_hosts: Option<Text>,
    /// For addresses that name no user.
    user: Option<String>,
}

/// A text, or the file that it stands in.
enum Text {
    Here(String),
    File(String),
}

impl Credentials {
    pub(super) fn configured(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Self {
        let user = entry.get("username").text(problems);
        let password = entry.get("password").text(problems);
        let token = entry.get("token").text(problems);
        if password.is_some() && token.is_some() {
            entry.get("token").wrong(problems, "expected is a password or a token, not both");
        }
        if user.as_ref().is_some_and(|user| user.contains(':')) {
            entry.get("username").wrong(problems, "a user name has no colon");
        }
        // Servers that take a token for a password mostly do not look at the name.
        let header = password.or(token).map(|secret| basic(user.as_deref().unwrap_or("git"), &secret));
        let over_http = entry.get("plainHttp").flag(false, problems);
        let key = Text::configured(entry, "sshKey", problems);
        let known_hosts = Text::configured(entry, "knownHosts", problems);
        if key.is_some() && known_hosts.is_none() {
            let message = "knownHosts is required beside it: what `ssh-keyscan <host>` prints, after it was compared with what the server's administrator says";
            entry.get("sshKey").wrong(problems, message);
        }
        Self { header, over_http, key, known_hosts, user }
    }

    /// The way to a repository.
    pub(super) async fn wire(&self, address: &GitAddress, service: Service) -> Result<Wire, HostError> {
        let remote = address.remote();
        match (remote.scheme(), &self.header) {
            ("ssh", _) => self.ssh(address, service).await,
            ("http", Some(_)) if !self.over_http => Err(HostError::Denied(format!(
                "the password of {0} in integrations.git does not go over http: write https, or set plainHttp for {0}",
                address.host()
            ))),
            (_, header) => Ok(Wire::Http(remote.clone(), header.clone())),
        }
    }

    async fn ssh(&self, address: &GitAddress, service: Service) -> Result<Wire, HostError> {
        let (remote, name) = (address.remote(), address.host());
        let (Some(key), Some(known_hosts)) = (&self.key, &self.known_hosts) else {
            return Err(HostError::Denied(format!(
                "git over SSH needs an entry for {name} in integrations.git, with sshKey and knownHosts"
            )));
        };
        let (host, port) = (remote.host_str().unwrap_or_default(), remote.port().unwrap_or(22));
        let user = Some(remote.username()).filter(|user| !user.is_empty());
        let user = user.or(self.user.as_deref()).unwrap_or("git");
        let path = decoded(remote.path()).unwrap_or_default();
        // As git itself does it: below somebody's home.
        let path = path.strip_prefix('/').filter(|path| path.starts_with('~')).unwrap_or(&path);
        let known_as = if port == 22 { bare(host).to_owned() } else { format!("[{}]:{port}", bare(host)) };
        let call = SshCall {
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            key: key.read("sshKey", &name).await?.replace("\\n", "\n"),
            known_hosts: named(&known_hosts.read("knownHosts", &name).await?, &known_as),
            command: format!("git-{} {}", service.name(), quoted(path)),
            // Only reading has a version 2.
            variable: (service == Service::Fetch).then_some(("GIT_PROTOCOL", "version=2")),
        };
        Ok(Wire::Ssh(Box::new(call)))
    }
}

impl Text {
    /// `<key>`, or `<key>File` with the path of a file.
    fn configured(entry: &Fields<'_>, key: &str, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let here = Some(entry.get(key).texts(problems)).filter(|lines| !lines.is_empty());
        let file = entry.get(&format!("{key}File"));
        if here.is_some() && file.is_there() {
            file.wrong(problems, format!("expected is {key} or {key}File, not both"));
        }
        here.map(|lines| Self::Here(lines.join("\n"))).or_else(|| file.text(problems).map(Self::File))
    }

    /// Read anew each time: files are replaced when keys are.
    async fn read(&self, key: &str, host: &str) -> Result<String, HostError> {
        match self {
            Self::Here(text) => Ok(text.clone()),
            Self::File(path) => tokio::fs::read_to_string(path).await.map_err(|error| {
                HostError::Denied(format!(
                    "{key}File of {host} in integrations.git cannot be read: {path}: {error}"
                ))
            }),
        }
    }
}

/// RFC 7617.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Lines of `known_hosts`. One that is only a key is one of this host.
fn named(lines: &str, host: &str) -> String {
    let is_key = |line: &str| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| line.starts_with(start));
    let line = |line: &str| if is_key(line) { format!("{host} {line}") } else { line.to_owned() };
    lines.lines().map(|text| line(text.trim())).collect::<Vec<_>>().join("\n")
}

/// For the shell of the other machine, as git quotes it.
fn quoted(path: &str) -> String {
    format!("'{}'", path.replace('\'', "'\\''").replace('!', "'\\!'"))
}

#[cfg(test)]
mod tests {
    use super::{named, quoted};

    /// Attack case 6: a path is one argument, whatever stands in it.
    #[test]
    fn a_path_stays_one_argument() {
        assert_eq!(quoted("/team/repo.git"), "'/team/repo.git'");
        assert_eq!(quoted("/a'; touch x; '"), "'/a'\\''; touch x; '\\'''");
        assert_eq!(quoted("/a!b"), "'/a'\\!'b'");
    }

    #[test]
    fn a_key_alone_is_that_of_the_host() {
        assert_eq!(
            named(" ssh-ed25519 AAAA\n# x\nh ssh-rsa BBBB", "h"),
            "h ssh-ed25519 AAAA\n# x\nh ssh-rsa BBBB"
        );
    }
}
