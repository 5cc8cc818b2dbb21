//! Filter languages: each a file that turns its text or JSON into an [`crate::Expr`].
pub mod backstage;
pub mod port;
