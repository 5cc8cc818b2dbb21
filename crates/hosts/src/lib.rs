//! What stands outside and has a catalog in it: code hosts, object stores, directories of people.
//!
//! Two things are asked of it. A [`CodeHost`] reads files and lists folders by a URL that a person would copy from
//! the browser; [`Hosts`] finds the one that a URL belongs to. A [`Provider`] finds out what there is: the
//! repositories of an organization, its people. Both are data in the configuration, with Backstage's keys
//! (`integrations`, `catalog.providers`), and one file each: see the lists in `code.rs` and `providers.rs`.
//!
//! Nothing here knows the catalog. Whoever asks says how urgent it is; what a host says of its limits is kept to
//! (`budget.rs`), and every request goes out through `stagedoor_outbound`.

mod act;
mod budget;
mod choices;
mod client;
mod code;
mod config;
mod documents;
mod error;
mod events;
mod fields;
mod folder;
mod glob;
mod grant;
mod hosts;
mod pages;
mod providers;
mod schedule;
mod seen;

pub use act::{Act, Undone};
pub use budget::{Budget, Priority};
pub use choices::{Choice, NoChoices};
pub use client::Client;
pub use code::{
    CodeHost, CommitFile, Entry, File, GerritProject, GitAddress, Goal, Listing, Login, NewCommit, Pushed,
    Room,
};
pub use config::ConfigProblem;
pub use error::HostError;
pub use events::{Header, LARGEST_DELIVERY, Refused, Taken, Webhooks};
pub use folder::FolderFile;
pub use grant::{Grant, Granted};
pub use hosts::{Found, Hosts};
pub use providers::{Discovered, Discovery, Provider, ProviderEvent, Providers};
pub use schedule::{Rhythm, Schedule, duration_of};
