//! Compiled programs by their text.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::JqError;
use crate::program::Program;

/// How many programs are kept, good or bad.
const KEPT: usize = 1024;

/// What compiling gave.
type Compiled = Result<Arc<Program>, JqError>;

/// When it is full it is emptied: what is in use comes back at once, and nobody can fill it for good.
pub(crate) struct Cache {
    known: RwLock<HashMap<String, Compiled>>,
    compile: fn(&str) -> Result<Program, JqError>,
}

impl Default for Cache {
    fn default() -> Self {
        Self { known: RwLock::default(), compile: Program::compile }
    }
}

impl Cache {
    /// Of a worker, which has a large stack already, and no memory for another.
    pub(crate) fn of_worker() -> Self {
        Self { compile: Program::compile_here, ..Self::default() }
    }

    /// The program, compiled if it was not.
    pub(crate) fn get(&self, text: &str) -> Compiled {
        if let Some(known) = self.known.read().get(text) {
            return known.clone();
        }
        let compiled = (self.compile)(text).map(Arc::new);
        // Whether a thread can be had says nothing about the program.
        if !matches!(compiled, Err(JqError::Unavailable(_))) {
            let mut known = self.known.write();
            if known.len() >= KEPT {
                known.clear();
            }
            known.insert(text.to_owned(), compiled.clone());
        }
        compiled
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "{} programs", self.known.read().len())
    }
}
