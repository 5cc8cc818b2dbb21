//! What a template can call.

use std::cell::Cell;
use std::sync::Arc;

use crate::globals::Global;
use crate::methods::Method;
use crate::value::Value;

/// Something to call. Templates can pass it on and nothing else.
pub(crate) enum Function {
    /// A macro, by its number.
    Macro(usize),
    /// The body of a call block.
    Caller(usize),
    /// One that is built in.
    Global(&'static Global),
    /// A method of this value.
    Method {
        receiver: Value,
        method: &'static Method,
    },
    /// What `cycler()` returns.
    Cycler(std::rc::Rc<Cycler>),
    CyclerNext(std::rc::Rc<Cycler>),
    CyclerReset(std::rc::Rc<Cycler>),
    /// What `joiner()` returns.
    Joiner {
        separator: Value,
        used: Cell<bool>,
    },
    /// One of the caller's.
    Host(Arc<str>),
}

/// Values that are handed out in turn.
pub(crate) struct Cycler {
    pub(crate) values: Vec<Value>,
    pub(crate) at: Cell<Option<usize>>,
}
