//! A command on another machine over SSH, run by the system's own `ssh`.
//!
//! Nothing of what somebody names becomes an option: the arguments are the ones below, in this order, and no
//! configuration file is read. `ssh` connects to an address, not a name: to one that was looked up and checked here. It
//! believes only the keys that it is given for the host, and proves itself only with the key that it is given.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use crate::egress::Egress;
use crate::error::OutboundError;
use crate::stream::unreachable;

/// For connecting, in seconds.
const PATIENCE: u64 = 10;
/// What is read of its complaints, in bytes.
const MOST_COMPLAINTS: u64 = 4096;

/// What is run where, as whom.
#[derive(Clone)]
pub struct SshCall {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The account there: letters, digits, `.`, `_` and `-`.
    pub user: String,
    /// A private key in OpenSSH's or PEM form, without a passphrase.
    pub key: String,
    /// Lines of a `known_hosts` file (sshd(8)): whom to believe. `ssh-keyscan` prints them.
    pub known_hosts: String,
    /// For the shell there.
    pub command: String,
    /// A variable of its environment, where that machine takes it.
    pub variable: Option<(&'static str, &'static str)>,
}

impl fmt::Debug for SshCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshCall").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A command that runs. It ends with this value.
pub struct SshCommand {
    child: Child,
    input: Option<pipe::Sender>,
    output: pipe::Receiver,
    errors: pipe::Receiver,
    /// Gone when the command has ended.
    _files: Files,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshEnd {
    /// Its status; 255 where `ssh` itself failed.
    pub status: Option<i32>,
    /// What it complained of, in one line.
    pub complaint: String,
}

impl Egress {
    /// Runs a command on another machine, at an address that the rules of this installation allow.
    ///
    /// # Errors
    /// When it cannot be begun. Whether the other machine lets us in shows only while reading: see
    /// [`SshCommand::ended`].
    pub async fn ssh(&self, call: &SshCall) -> Result<SshCommand, OutboundError> {
        let host = call.host.trim_start_matches('[').trim_end_matches(']');
        let failed = |reason: String| unreachable(host, call.port, reason);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if call.user.is_empty() || call.user.starts_with('-') || !call.user.chars().all(is_plain) {
            return Err(failed("the user name has other characters than letters, digits, . _ -".to_owned()));
        }
        if call.command.is_empty() || call.command.contains('\0') {
            return Err(failed("the command is none".to_owned()));
        }
        let found = timeout(Duration::from_secs(PATIENCE), self.first_open(host, call.port));
        let found = found.await.unwrap_or_else(|_| Err(failed("no connection in time".to_owned())))?;
        SshCommand::start(call, host, found).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed("there is no program ssh: install OpenSSH's client".to_owned()),
            _ => failed(format!("ssh cannot be started: {error}")),
        })
    }
}

impl Egress {
    /// The address to connect to: of several, the first that answers.
    async fn first_open(&self, host: &str, port: u16) -> Result<SocketAddr, OutboundError> {
        let found = self.addresses(host, port).await?;
        let failed = |reason: String| unreachable(host, port, reason);
        if let [one] = found.as_slice() {
            return Ok(*one);
        }
        let mut last = "its name has no address".to_owned();
        for address in found {
            match TcpStream::connect(address).await {
                Ok(_) => return Ok(address),
                Err(error) => last = error.to_string(),
            }
        }
        Err(failed(last))
    }
}

impl SshCommand {
    fn start(call: &SshCall, host: &str, address: SocketAddr) -> io::Result<Self> {
        let files = Files::new()?;
        let key = files.put("key", &call.key)?;
        let known = files.put("known_hosts", &call.known_hosts)?;
        let mut command = Command::new("ssh");
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.args(["-F", "none", "-T", "-x", "-a"]);
        for option in OPTIONS {
            command.args(["-o", option]);
        }
        // The name that the keys are known by; the connection goes to the address that was checked.
        let alias = if call.port == 22 { host.to_owned() } else { format!("[{host}]:{}", call.port) };
        command.arg("-o").arg(format!("HostKeyAlias={alias}"));
        command.arg("-o").arg(format!("UserKnownHostsFile=\"{}\"", known.display()));
        command.arg("-o").arg(format!("ConnectTimeout={PATIENCE}"));
        if let Some((name, value)) = call.variable {
            command.arg("-o").arg(format!("SetEnv={name}={value}"));
        }
        command.arg("-i").arg(key).arg("-p").arg(call.port.to_string()).args(["-l", &call.user]);
        command.arg("--").arg(address.ip().to_string()).arg(&call.command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let pipes = || {
            let gone = || io::Error::other("a pipe is missing");
            let input = pipe::Sender::from_owned_fd(OwnedFd::from(input.ok_or_else(gone)?))?;
            let output = pipe::Receiver::from_owned_fd(OwnedFd::from(output.ok_or_else(gone)?))?;
            let errors = pipe::Receiver::from_owned_fd(OwnedFd::from(errors.ok_or_else(gone)?))?;
            Ok((input, output, errors))
        };
        match pipes() {
            Ok((input, output, errors)) => {
                Ok(Self { child, input: Some(input), output, errors, _files: files })
            }
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// Reads exactly as much as there is room for.
    ///
    /// # Errors
    /// When the command ends before.
    pub async fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.output.read_exact(buffer).await.map(drop)
    }

    /// Reads what comes until the command ends, at most `limit` bytes.
    ///
    /// # Errors
    /// When there is more.
    pub async fn read_to_end(&mut self, limit: usize) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        (&mut self.output).take(limit as u64 + 1).read_to_end(&mut all).await?;
        if all.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes came")));
        }
        Ok(all)
    }

    /// Writes the command's last input.
    ///
    /// # Errors
    /// When the command has ended.
    pub async fn write_last(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(input) = &mut self.input {
            input.write_all(bytes).await?;
        }
        self.input = None;
        Ok(())
    }

    /// Waits for its end: how it ended, and what it complained of.
    pub async fn ended(mut self) -> SshEnd {
        self.input = None;
        let mut complaint = Vec::new();
        let _ = (&mut self.errors).take(MOST_COMPLAINTS).read_to_end(&mut complaint).await;
        // Its errors are closed, so this is a matter of moments, unless it does not mean to end.
        let mut status = None;
        for _ in 0..100 {
            match self.child.try_wait() {
                Ok(None) => tokio::time::sleep(Duration::from_millis(10)).await,
                Ok(Some(ended)) => {
                    status = ended.code();
                    break;
                }
                Err(_) => break,
            }
        }
        let text = String::from_utf8_lossy(&complaint);
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        SshEnd { status, complaint: text.split_whitespace().collect::<Vec<_>>().join(" ") }
    }
}

impl Drop for SshCommand {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Whatever could be asked, forwarded, stored or run is not.
const OPTIONS: [&str; 24] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "CheckHostIP=no",
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "HashKnownHosts=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "PreferredAuthentications=publickey",
    "PasswordAuthentication=no",
    "KbdInteractiveAuthentication=no",
    "NumberOfPasswordPrompts=0",
    "ProxyCommand=none",
    "ProxyJump=none",
    "ControlMaster=no",
    "ControlPath=none",
    "PermitLocalCommand=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "Tunnel=no",
    "EscapeChar=none",
    "ServerAliveInterval=15",
    "LogLevel=ERROR",
];

/// A folder that only we may look into; `ssh` takes keys only from files.
struct Files(PathBuf);

impl Files {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let base = std::env::temp_dir();
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("stagedoor-ssh-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                // Of a process before us, or somebody's trap: either way it is not ours.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn put(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(content.as_bytes())?;
        file.write_all(b"\n")?;
        Ok(path)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(Path::new(&self.0));
    }
}

impl fmt::Debug for SshCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SshCommand")
    }
}
