//! What the command line and the environment decide.

use std::path::PathBuf;

/// Options of `stagedoor serve`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Configuration files, later ones over earlier ones.
    pub config: Vec<PathBuf>,
    /// `host:port`; from the configuration, else `127.0.0.1:7007`, when absent.
    pub listen: Option<String>,
    /// Folder of the embedded database; `.stagedoor` when absent.
    pub data_dir: Option<PathBuf>,
    /// A shared database instead of the embedded one.
    pub database_url: Option<String>,
    /// Local try-out mode: everyone is administrator.
    pub dev: bool,
}
