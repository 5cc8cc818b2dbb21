//! From text to a tree: pieces, then statements, then the expressions in them, then the places of what is bound.

mod cursor;
mod expression;
pub(crate) mod plan;
mod primary;
pub(crate) mod scan;
mod statement;
mod token;

pub(crate) use statement::parse;
