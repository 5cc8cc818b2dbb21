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
#[derive(Default)]
pub(crate) struct Cache(RwLock<HashMap<String, Compiled>>);

impl Cache {
    /// The program, compiled if it was not.
    pub(crate) fn get(&self, text: &str) -> Compiled {
        if let Some(known) = self.0.read().get(text) {
            return known.clone();
        }
        let compiled = Program::compile(text).map(Arc::new);
        // Whether a thread can be had says nothing about the program.
        if !matches!(compiled, Err(JqError::Unavailable(_))) {
            let mut known = self.0.write();
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
        write!(out, "{} programs", self.0.read().len())
    }
}
