//! What names mean while a template is evaluated.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::tree::{NameId, Slot};
use crate::value::Value;

/// Names that were set, and where to go on asking.
pub(crate) struct Scope {
    parent: Option<Rc<Scope>>,
    /// Whether what is set here stays here, even if an outer scope has the name.
    isolated: bool,
    entries: RefCell<HashMap<NameId, Value>>,
}

impl Scope {
    pub(crate) fn root() -> Rc<Scope> {
        Rc::new(Scope { parent: None, isolated: true, entries: RefCell::default() })
    }

    pub(crate) fn child(self: &Rc<Scope>, isolated: bool) -> Rc<Scope> {
        Rc::new(Scope { parent: Some(self.clone()), isolated, entries: RefCell::default() })
    }

    pub(crate) fn get(&self, name: NameId) -> Option<Value> {
        let mut scope = Some(self);
        while let Some(current) = scope {
            if let Some(value) = current.entries.borrow().get(&name) {
                return Some(value.clone());
            }
            scope = current.parent.as_deref();
        }
        None
    }

    /// Sets the name in this very scope.
    pub(crate) fn set(&self, name: NameId, value: Value) {
        self.entries.borrow_mut().insert(name, value);
    }

    /// Sets the name where it is, if that can be reached without leaving an isolated scope; else here.
    pub(crate) fn assign(&self, name: NameId, value: Value) {
        let mut scope = self;
        loop {
            if scope.isolated || scope.entries.borrow().contains_key(&name) {
                break;
            }
            match scope.parent.as_deref() {
                Some(parent) => scope = parent,
                None => break,
            }
        }
        let found = scope.entries.borrow().contains_key(&name);
        if found { scope.set(name, value) } else { self.set(name, value) }
    }
}

/// What loops, macros and parameters have bound in one run of a macro, a block or the template.
pub(crate) struct Frame {
    values: RefCell<Vec<Value>>,
    parent: Option<Rc<Frame>>,
}

impl Frame {
    pub(crate) fn new(slots: u32, parent: Option<Rc<Frame>>) -> Rc<Frame> {
        Rc::new(Frame { values: RefCell::new(vec![Value::UNDEFINED; slots as usize]), parent })
    }

    fn owner(&self, slot: Slot) -> Option<&Frame> {
        let mut frame = self;
        for _ in 0..slot.up {
            frame = frame.parent.as_deref()?;
        }
        Some(frame)
    }

    pub(crate) fn get(&self, slot: Slot) -> Value {
        let frame = self.owner(slot);
        frame
            .and_then(|frame| frame.values.borrow().get(slot.index as usize).cloned())
            .unwrap_or(Value::UNDEFINED)
    }

    pub(crate) fn set(&self, slot: Slot, value: Value) {
        if let Some(frame) = self.owner(slot)
            && let Some(place) = frame.values.borrow_mut().get_mut(slot.index as usize)
        {
            *place = value;
        }
    }
}

/// Where a statement runs.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) scope: Rc<Scope>,
    pub(crate) frame: Rc<Frame>,
    /// What macros see beside their parameters: the names that the template or block has set at its top.
    pub(crate) shared: Rc<Scope>,
    pub(crate) shares_macros: bool,
    pub(crate) shares_sets: bool,
}
