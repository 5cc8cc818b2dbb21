//! A program whose output is the key, such as the client of a vault.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use stagedoor_auth::Secret;

/// It may ask somebody far away.
const PATIENCE: Duration = Duration::from_secs(30);
const MOST_OUTPUT: u64 = 4096;

/// What a command may be called in messages: its arguments may be nobody's business.
pub(super) fn name(words: &str) -> &str {
    words.split_whitespace().next().unwrap_or_default()
}

/// Runs a command, its words separated by spaces, without a shell.
///
/// # Errors
/// When it cannot be run, fails, says nothing, or takes longer than 30 seconds. No message has what it wrote.
pub(super) fn run(words: &str) -> anyhow::Result<Secret> {
    let mut arguments = words.split_whitespace();
    let program = arguments.next().context("the command for the key for secrets is empty")?;
    let what = format!("the command for the key for secrets ({program})");
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("{what} cannot be run"))?;
    let out = child.stdout.take();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        let read = out.map(|out| out.take(MOST_OUTPUT).read_to_string(&mut text));
        read.unwrap_or(Ok(0)).map(|_| text)
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                bail!("{what} took longer than {} seconds", PATIENCE.as_secs());
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    if !status.success() {
        bail!("{what} failed ({status}); what it said stands above");
    }
    let text = reading.join().ok().and_then(Result::ok).unwrap_or_default();
    if text.trim().is_empty() {
        bail!("{what} wrote nothing");
    }
    Ok(Secret::new(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn the_output_is_the_key_and_failures_are_named_without_it() {
        assert_eq!(run("echo  abc ").unwrap().expose(), "abc");
        for (words, named) in
            [("", "empty"), ("false", "failed"), ("true", "nothing"), ("/no/such/program", "cannot be run")]
        {
            let error = format!("{:#}", run(words).unwrap_err());
            assert!(error.contains(named), "{words}: {error}");
        }
    }
}
