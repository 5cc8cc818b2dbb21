//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::types::Config;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file.
    File {
        /// The file, as it was named.
        file: Arc<Path>,
        /// From 1.
        line: u32,
        /// From 1.
        column: u32,
    },
    /// In an environment variable.
    Variable(Arc<str>),
}

impl Place {
    /// A place in `file`.
    pub(super) fn new(file: &Arc<Path>, line: u32, column: u32) -> Self {
        Self::File { file: Arc::clone(file), line, column }
    }

    /// The directory of the file, absolute; the working directory for a variable.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        let directory = match self {
            Self::File { file, .. } => file.parent().unwrap_or(Path::new("")),
            Self::Variable(_) => Path::new(""),
        };
        std::path::absolute(directory.join(".")).unwrap_or_else(|_| directory.to_owned())
    }

    /// The line, 0 for a variable.
    #[must_use]
    pub fn line(&self) -> u32 {
        if let Self::File { line, .. } = self { *line } else { 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// One thing that must be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// One thing that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where, unless it concerns the whole configuration.
    pub place: Option<Place>,
    /// What.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// In the order of the files' places.
    pub errors: Vec<ConfigError>,
    /// What was found besides; it may explain an error.
    pub warnings: Vec<Warning>,
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.errors.iter().enumerate() {
            write!(f, "{}{error}", if n == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

/// Collects while reading goes on.
#[derive(Default)]
pub(super) struct Problems {
    errors: Vec<ConfigError>,
    warnings: Vec<Warning>,
}

impl Problems {
    pub(super) fn error(&mut self, place: &Place, message: impl Into<String>) {
        self.errors.push(ConfigError { place: place.clone(), message: message.into() });
    }

    pub(super) fn warn(&mut self, place: Option<&Place>, message: impl Into<String>) {
        self.warnings.push(Warning { place: place.cloned(), message: message.into() });
    }

    pub(super) fn finish(mut self, mut config: Config) -> Result<Config, ConfigErrors> {
        if self.errors.is_empty() {
            config.warnings = self.warnings;
            return Ok(config);
        }
        self.errors.sort_by(|a, b| a.place.cmp(&b.place));
        Err(ConfigErrors { errors: self.errors, warnings: self.warnings })
    }
}
