//! What one operation may allocate at once. Outside of a worker it is little: there nothing else would stop it.

use std::cell::Cell;

/// In a worker: beyond it the memory limit would strike anyway, and this has a clearer text.
const IN_WORKER: f64 = 64.0 * 1024.0 * 1024.0;
/// In the process that serves.
pub(crate) const IN_PROCESS: f64 = 256.0;

thread_local! {
    static LIMIT: Cell<f64> = const { Cell::new(IN_WORKER) };
    static STRUCK: Cell<bool> = const { Cell::new(false) };
}

/// Lets an operation pass that allocates this many bytes because of a number, not because of its input's length.
pub(crate) fn length(bytes: f64) -> Result<(), &'static str> {
    if bytes <= LIMIT.get() {
        return Ok(());
    }
    STRUCK.set(true);
    Err("the result would be too long")
}

/// Runs with the small limit. The second tells whether something wanted more: then the result says nothing, even if
/// the program caught the error, and a worker has to do it.
pub(crate) fn in_process<T>(run: impl FnOnce() -> T) -> (T, bool) {
    let before = LIMIT.replace(IN_PROCESS);
    STRUCK.set(false);
    let result = run();
    LIMIT.set(before);
    (result, STRUCK.replace(false))
}
