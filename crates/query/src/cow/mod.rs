//! Containers that are cheap to copy as a whole and copy only what is written afterwards.
//!
//! They are what makes a snapshot immutable to readers while a commit allocates what changed, not
//! what exists: a copy shares every page, the first write to a page copies that page alone.

mod hashed;
mod paged;
mod sorted;

pub(crate) use hashed::Hashed;
pub(crate) use paged::PagedVec;
pub(crate) use sorted::SortedMap;
