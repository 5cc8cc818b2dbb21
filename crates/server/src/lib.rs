//! The composition root: configuration, HTTP, authentication, the embedded UI, start and shutdown.
//!
//! It knows every other crate and holds no rules of its own.

pub mod config;

mod assets;
mod authentication;
mod catalog_api;
mod database;
mod doctor;
mod export;
mod first_start;
mod gate;
mod http_stack;
mod import;
mod local_only;
mod openapi;
mod options;
mod own_api;
mod query;
mod runs;
mod secrets;
mod serve;
mod signing_key;
mod telemetry;
mod tls;
mod wire;
mod wiring;

pub use authentication::{Authenticator, Authority, Peer, Presented, TrustedProxies, Verdict};
pub use database::{DatabaseOptions, backup, migrate, restore};
pub use doctor::{Check, Outcome, doctor, examine};
pub use export::{ExportOptions, export_backstage};
pub use first_start::admin_link;
pub use http_stack::{app, configured_app, watched_app};
pub use import::{ImportOptions, import_backstage};
pub use openapi::{documents as openapi, write as write_openapi};
pub use options::Options;
pub use query::{QueryFormat, QueryOptions, query};
pub use secrets::{forget_secrets, rotate_secrets_key};
pub use serve::{run_blocking as run, serve};
pub use signing_key::SigningKey;
pub use telemetry::{Telemetry, TraceConfig, start_logging, trace_config};
pub use tls::Tls;
pub use wire::serve as serve_on;
pub use wiring::{authority, hosts, identity, portal_info, sources_config};
