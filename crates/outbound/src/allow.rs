//! What may be reached although it is not on the internet.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

use crate::address::{mapped, special, translated};

/// The hosts and ranges of `STAGEDOOR_OUTBOUND_ALLOW` or `stagedoor.outbound.allow`: what is private and may be
/// reached all the same. Public addresses need no entry.
///
/// An entry is a host (`git.example.com`, `*.example.com`), an address (`10.1.2.3`, `::1`) or a range
/// (`10.0.0.0/8`); each but a range may carry a port (`git.example.com:8443`, `[::1]:8080`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    entries: Vec<Entry>,
}

/// The entries that can't be read, with the reason of each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct AllowListError {
    /// `(entry, what is wrong with it)`.
    pub problems: Vec<(String, &'static str)>,
}

impl fmt::Display for AllowListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (entry, problem)) in self.problems.iter().enumerate() {
            write!(f, "{}`{entry}`: {problem}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    what: What,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Host(String),
    /// `.example.com`: every name that ends so.
    Below(String),
    Range(IpAddr, u8),
}

impl AllowList {
    /// Reads one entry each.
    ///
    /// # Errors
    /// Every entry that can't be read.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, AllowListError> {
        let mut list = Self::default();
        let mut problems = Vec::new();
        for entry in entries.into_iter().map(str::trim).filter(|entry| !entry.is_empty()) {
            match parse(entry) {
                Ok(read) => list.entries.push(read),
                Err(problem) => problems.push((entry.to_owned(), problem)),
            }
        }
        if problems.is_empty() { Ok(list) } else { Err(AllowListError { problems }) }
    }

    /// Both lists together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        self
    }

    /// The ports that some entry names: the only ones for which the answer depends on the port.
    pub(crate) fn names_port(&self, port: u16) -> bool {
        self.entries.iter().any(|entry| entry.port == Some(port))
    }

    pub(crate) fn permits_host(&self, host: &str, port: Option<u16>) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.on(port).any(|what| match what {
            What::Host(name) => *name == host,
            What::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
            What::Range(..) => false,
        })
    }

    pub(crate) fn permits_address(&self, address: IpAddr, port: Option<u16>) -> bool {
        if !self.names(address, port) {
            return mapped(address).is_some_and(|inner| self.names(inner, port));
        }
        // To allow the gateway is not to allow what it would reach.
        translated(address).is_none_or(|inner| special(inner).is_none() || self.names(inner, port))
    }

    fn names(&self, address: IpAddr, port: Option<u16>) -> bool {
        self.on(port).any(|what| matches!(what, What::Range(base, bits) if within(address, *base, *bits)))
    }

    fn on(&self, port: Option<u16>) -> impl Iterator<Item = &What> {
        self.entries.iter().filter(move |e| e.port.is_none() || e.port == port).map(|entry| &entry.what)
    }
}

impl FromStr for AllowList {
    type Err = AllowListError;

    /// Entries separated by commas.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.split(','))
    }
}

fn within(address: IpAddr, base: IpAddr, bits: u8) -> bool {
    match (address, base) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0) & (a.to_bits() ^ b.to_bits()) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0) & (a.to_bits() ^ b.to_bits()) == 0
        }
        _ => false,
    }
}

fn parse(entry: &str) -> Result<Entry, &'static str> {
    if entry.contains("://") {
        return Err("a host or a range is expected, not a URL");
    }
    if let Some((base, bits)) = entry.split_once('/') {
        let base: IpAddr = base.trim().parse().map_err(|_| "the range does not begin with an IP address")?;
        let bits: u8 = bits.trim().parse().map_err(|_| "the length of the range is not a number")?;
        if bits > if base.is_ipv4() { 32 } else { 128 } {
            return Err("the range is longer than an address");
        }
        return Ok(Entry { what: What::Range(base, bits), port: None });
    }
    if let Ok(address) = entry.parse() {
        return Ok(Entry { what: single(address), port: None });
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) if port > 0 => (host, Some(port)),
            _ => return Err("the port is not a number from 1 to 65535"),
        },
        _ => (entry, None),
    };
    Ok(Entry { what: parse_host(host)?, port })
}

fn parse_host(host: &str) -> Result<What, &'static str> {
    if let Some(below) = host.strip_prefix("*.") {
        return match Host::parse(below) {
            Ok(Host::Domain(name)) => Ok(What::Below(format!(".{}", name.trim_end_matches('.')))),
            _ => Err("a host name is expected after `*.`"),
        };
    }
    if host.contains('*') {
        return Err("`*` may only stand for the first part of a host name, as in `*.example.com`");
    }
    match Host::parse(host) {
        Ok(Host::Domain(name)) => Ok(What::Host(name.trim_end_matches('.').to_owned())),
        Ok(Host::Ipv4(address)) => Ok(single(IpAddr::V4(address))),
        Ok(Host::Ipv6(address)) => Ok(single(IpAddr::V6(address))),
        Err(_) => Err("neither a host name nor an IP address nor a range"),
    }
}

fn single(address: IpAddr) -> What {
    What::Range(address, if address.is_ipv4() { 32 } else { 128 })
}

#[cfg(test)]
mod tests {
    use super::AllowList;

    fn permits(list: &str, host: &str, port: u16) -> bool {
        let list: AllowList = list.parse().unwrap();
        let port = Some(port);
        host.parse().map_or_else(|_| list.permits_host(host, port), |ip| list.permits_address(ip, port))
    }

    #[test]
    fn permits_what_it_names() {
        for (list, host, port) in [
            ("git.example.com", "git.example.com", 443),
            ("GIT.example.com.", "git.Example.com", 443),
            ("git.example.com", "git.example.com.", 443),
            ("a, git.example.com:8443 ,b", "git.example.com", 8443),
            ("*.example.com", "a.b.example.com", 80),
            ("bücher.example", "xn--bcher-kva.example", 80),
            ("10.1.2.3", "10.1.2.3", 80),
            ("10.1.2.3", "::ffff:10.1.2.3", 80),
            ("10.1.2.3:8080", "10.1.2.3", 8080),
            ("10.9.9.9/8", "10.1.2.3", 80),
            ("0.0.0.0/0", "127.0.0.1", 80),
            ("::1", "::1", 80),
            ("[::1]", "::1", 80),
            ("[::1]:8080", "::1", 8080),
            ("fd00::/8", "fd12::1", 80),
            ("64:ff9b::/96", "64:ff9b::808:808", 80),
            ("64:ff9b::/96,10.0.0.0/8", "64:ff9b::a00:1", 80),
        ] {
            assert!(permits(list, host, port), "{list} should permit {host}:{port}");
        }
    }

    #[test]
    fn permits_nothing_else() {
        for (list, host, port) in [
            ("", "10.1.2.3", 80),
            ("git.example.com", "example.com", 443),
            ("git.example.com", "evil-git.example.com", 443),
            ("git.example.com:8443", "git.example.com", 443),
            ("*.example.com", "example.com", 80),
            ("*.example.com", "badexample.com", 80),
            ("10.1.2.3:8080", "10.1.2.3", 80),
            ("10.0.0.0/8", "11.0.0.1", 80),
            ("10.0.0.0/8", "::1", 80),
            ("::ffff:0:0/96", "10.0.0.1", 80),
            ("64:ff9b::/96", "64:ff9b::a9fe:a9fe", 80),
        ] {
            assert!(!permits(list, host, port), "{list} should not permit {host}:{port}");
        }
    }

    #[test]
    fn names_every_entry_that_it_cannot_read() {
        let list = "ok.example,https://a.example,10.0.0.0/33,x/8,10.0.0.0/y,a:0,a:99999,*,a.*.b,a b,[::1";
        let error = list.parse::<AllowList>().unwrap_err();
        assert_eq!(error.problems.len(), 10, "{error}");
        assert!(
            error.to_string().starts_with("`https://a.example`: a host or a range is expected, not a URL; ")
        );
        assert!("".parse::<AllowList>().unwrap().entries.is_empty());
    }
}
