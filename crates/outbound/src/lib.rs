//! The only crate that opens a socket outward.
//!
//! Much of what Stagedoor reads is named by somebody else: a location that a developer registered, a redirect
//! that a server sent. [`Egress`] reads such addresses without becoming their way into the internal network.
//!
//! The address is checked where it is used: inside the resolver of the HTTP client, which connects to exactly the
//! addresses that passed. A check before the request would ask the name server twice, and it may answer
//! differently the second time. Redirects are followed by hand, so that each hop passes every check again.

mod address;
mod allow;
mod call;
mod deliver;
mod egress;
mod error;
mod names;
mod post;
mod ssh;
mod stream;
mod trust;

pub use allow::{AllowList, AllowListError};
pub use call::{Call, Reply};
pub use deliver::{Delivered, Delivery, Trust, Undelivered};
pub use egress::{Authorization, Egress, Fetched, GetOptions};
pub use error::{OutboundError, Refusal};
pub use names::{Lookup, Names, SystemNames};
pub use post::PostOptions;
pub use ssh::{SshCall, SshCommand, SshEnd};
pub use stream::{Stream, TlsOptions};
