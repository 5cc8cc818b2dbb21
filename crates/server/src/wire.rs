//! Between the socket and the routes: connections that have to hurry, headers that every answer carries, pages of
//! other origins, how many requests whoever may make.
//!
//! [`serve`] takes connections; [`guard`] and [`meter`] are layers around the routes.

mod body;
mod connection;
mod cors;
mod guard;
mod io;
mod meter;
mod pace;
mod rates;
mod refusal;

pub use connection::serve;
pub(crate) use cors::{Policy, is_too_wide};
pub(crate) use guard::Guard;
pub(crate) use meter::Meter;
pub(crate) use refusal::{Asked, Why};
