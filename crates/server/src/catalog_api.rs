//! A catalog through Backstage's API, wherever it is: a Backstage or a Stagedoor that runs somewhere, or a portal
//! within this process, over a database that nothing else has open. `import` and `export` are written against it once.

mod door;
mod entity;
mod local;
mod pages;

pub(crate) use door::Door;
pub(crate) use entity::{authored, kind_of, origin_of, reference_of};
pub(crate) use local::{Local, exists};
pub(crate) use pages::{Pages, locations};

/// A line about work that takes long, for whoever waits.
pub(crate) fn progress(line: &str) {
    eprintln!("{line}");
}

/// What a command was for belongs on standard output.
#[expect(clippy::print_stdout, reason = "the outcome of a command")]
pub(crate) fn outcome(text: &str) {
    println!("{text}");
}

/// `1 entity`, `2 entities`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}
