//! The live catalog and the one query language underneath every dialect's own.
//!
//! A [`Catalog`] is an indexed snapshot; applying a change to a copy gives the next one while readers
//! keep theirs. Filters of both dialects compile to [`Expr`] ([`dialect`]), which is evaluated as sets
//! of nodes ([`eval`]) and then paged ([`page`]) or counted by value ([`facet`]). No I/O, no async, no clock.

pub mod aggregate;
mod beside;
pub mod blueprints;
pub mod budget;
pub mod catalog;
mod classes;
mod cow;
pub mod derived;
pub mod dialect;
pub mod eval;
pub mod expr;
pub mod facet;
pub mod graph;
mod holds;
mod index;
mod lens;
mod load;
pub mod page;
mod prepare;
pub mod reach;
mod redefined;
mod related;
mod relation_types;
pub mod standing;
pub mod suggest;
pub mod text;
mod texts;
pub mod top;
mod touched;
pub mod values;

pub use blueprints::{BlueprintEntry, Blueprints};
pub use catalog::{Catalog, Entity, NodeId};
pub use derived::Calculator;
pub use expr::{Collation, Expr, Meta, Order, Subject, Test};
pub use graph::Relation;
pub use index::term::{MAX_INDEXED_CHARS, Scalar, number_text};
pub use lens::Lens;
pub use load::Loader;
pub use page::Selection;
pub use prepare::stable_hash;
pub use roaring::RoaringBitmap as NodeSet;
pub use touched::Place;
