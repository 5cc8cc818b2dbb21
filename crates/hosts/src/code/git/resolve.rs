//! The names of objects that a pack stores as deltas: each base is unpacked once, and what stands upon it made.

use std::collections::HashMap;
use std::rc::Rc;

use super::delta;
use super::pack::{Broken, Form, Kind, LARGEST, MOST_UNPACKED, Oid, Pack};

/// What bases that wait for their deltas may hold together, in bytes.
const MOST_HELD: usize = 256 << 20;

/// Deltas by what they stand upon.
#[derive(Default)]
struct Waiting {
    by_number: HashMap<u32, Vec<u32>>,
    by_name: HashMap<Oid, Vec<u32>>,
    left: usize,
    /// Something is too large to have a name, so what stands upon it by name is not found.
    lost: bool,
}

/// A base whose deltas are being made.
struct Base {
    /// None where it is too large to be held: nothing upon it can be read, either.
    content: Option<Rc<Vec<u8>>>,
    kind: Kind,
    deltas: Vec<u32>,
}

/// Names every delta of a pack. `made` counts the bytes that were unpacked so far.
pub(super) fn all(pack: &mut Pack, mut made: u64) -> Result<(), Broken> {
    let mut waiting = Waiting::of(pack);
    let mut names: HashMap<u32, Oid> = HashMap::new();
    for (oid, number) in pack.named() {
        names.insert(*number, *oid);
    }
    let count = u32::try_from(pack.entries().len()).unwrap_or(u32::MAX);
    for number in 0..count {
        let Form::Whole(kind) = pack.entries()[number as usize].form else { continue };
        let deltas = waiting.upon(number, names.get(&number));
        if !deltas.is_empty() {
            let content = held(pack.unpacked(number))?;
            from(Base { content, kind, deltas }, pack, &mut waiting, &mut made)?;
        }
    }
    // Also what stands upon itself.
    if waiting.left > 0 && !waiting.lost { Err(Broken::Wrong("a delta has no base")) } else { Ok(()) }
}

/// Everything that stands upon one base, however far.
fn from(base: Base, pack: &mut Pack, waiting: &mut Waiting, made: &mut u64) -> Result<(), Broken> {
    let mut holding = base.content.as_ref().map_or(0, |content| content.len());
    let mut stack = vec![base];
    while let Some(base) = stack.last_mut() {
        let Some(number) = base.deltas.pop() else {
            holding -= base.content.as_ref().map_or(0, |content| content.len());
            stack.pop();
            continue;
        };
        waiting.left -= 1;
        let kind = base.kind;
        let content = match base.content.clone() {
            None => None,
            Some(below) => held(pack.unpacked(number).and_then(|d| delta::applied(&below, &d, LARGEST)))?,
        };
        let oid = content.as_ref().map(|content| Oid::of(kind, content));
        if let (Some(oid), Some(content)) = (oid, &content) {
            pack.name(oid, number);
            *made += content.len() as u64;
        }
        waiting.lost |= content.is_none();
        let deltas = waiting.upon(number, oid.as_ref());
        if !deltas.is_empty() {
            holding += content.as_ref().map_or(0, |content| content.len());
            stack.push(Base { content, kind, deltas });
        }
        if *made > MOST_UNPACKED || holding > MOST_HELD {
            return Err(Broken::Wrong("its deltas make too much"));
        }
    }
    Ok(())
}

/// What is too large is none.
fn held(content: Result<Vec<u8>, Broken>) -> Result<Option<Rc<Vec<u8>>>, Broken> {
    match content {
        Ok(content) => Ok(Some(Rc::new(content))),
        Err(Broken::TooLarge) => Ok(None),
        Err(wrong) => Err(wrong),
    }
}

impl Waiting {
    fn of(pack: &Pack) -> Self {
        let mut waiting = Self::default();
        for (number, entry) in (0..).zip(pack.entries()) {
            match entry.form {
                Form::Whole(_) => continue,
                Form::Of(base) => waiting.by_number.entry(base).or_default().push(number),
                Form::Named(base) => waiting.by_name.entry(base).or_default().push(number),
            }
            waiting.left += 1;
        }
        waiting
    }

    /// The deltas upon an entry, once.
    fn upon(&mut self, number: u32, name: Option<&Oid>) -> Vec<u32> {
        let mut deltas = self.by_number.remove(&number).unwrap_or_default();
        deltas.extend(name.and_then(|name| self.by_name.remove(name)).into_iter().flatten());
        deltas
    }
}
