//! From names to addresses, and the check that sits between.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::special;
use crate::allow::AllowList;
use crate::error::Blocked;

/// The addresses of a name, to come.
pub type Lookup = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where names are looked up. Tests bring their own.
pub trait Names: Send + Sync {
    /// All addresses of `host`.
    fn lookup(&self, host: &str) -> Lookup;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn lookup(&self, host: &str) -> Lookup {
        let host = host.to_owned();
        Box::pin(async move {
            // RFC 6761: these never go to a name server, which could say anything.
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            if name == "localhost" || name.ends_with(".localhost") {
                return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
            }
            Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// The resolver of one HTTP client. What it lets through is what the client connects to.
pub(crate) struct Guard {
    pub(crate) allow: Arc<AllowList>,
    /// The port of all requests of this client, where some entry of the list names it.
    pub(crate) port: Option<u16>,
    pub(crate) names: Arc<dyn Names>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, port) = (Arc::clone(&self.allow), self.port);
        let host = name.as_str().to_owned();
        let lookup = self.names.lookup(&host);
        Box::pin(async move {
            let found = lookup.await?;
            let mut blocked = None;
            let mut open: Vec<SocketAddr> = Vec::with_capacity(found.len());
            for address in found {
                match check(&allow, Some(&host), address, port) {
                    // Port 0 is replaced by that of the URL.
                    Ok(()) => open.push(SocketAddr::new(address, 0)),
                    Err(why) => blocked = Some(why),
                }
            }
            match blocked {
                Some(why) if open.is_empty() => Err(why.into()),
                _ => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

/// Whether `address`, found under the name `host` where there is one, may be connected to.
pub(crate) fn check(
    allow: &AllowList,
    host: Option<&str>,
    address: IpAddr,
    port: Option<u16>,
) -> Result<(), Blocked> {
    match special(address) {
        Some(what)
            if !allow.permits_address(address, port)
                && !host.is_some_and(|host| allow.permits_host(host, port)) =>
        {
            Err(Blocked(what))
        }
        _ => Ok(()),
    }
}
