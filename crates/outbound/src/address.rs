//! Which addresses belong to the internet, and which to this machine, this network or nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is special about an address; `None` for an ordinary public one.
pub(crate) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

/// The IPv4 address that a mapped one (`::ffff:10.0.0.1`) stands for.
pub(crate) fn mapped(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V6(address) => address.to_ipv4_mapped().map(IpAddr::V4),
        IpAddr::V4(_) => None,
    }
}

/// The IPv4 address that a NAT64 gateway would connect to (RFC 6052, well-known prefix).
pub(crate) fn translated(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V6(address) if address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let o = address.octets();
            Some(IpAddr::V4(Ipv4Addr::new(o[12], o[13], o[14], o[15])))
        }
        _ => None,
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = address.octets();
    Some(match (a, b, c, d) {
        // Amazon, Google, Azure and others; Alibaba; Oracle; Azure's host agent, which is a public address.
        (169, 254, 169, 254) | (100, 100, 100, 200) | (192, 0, 0, 192) | (168, 63, 129, 16) => {
            "a cloud metadata address"
        }
        (0, 0, 0, 0) => "the unspecified address",
        (0, ..) => "an address of this network",
        (127, ..) => "a loopback address",
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => "a private address",
        (100, 64..=127, ..) => "a carrier-grade NAT address",
        (169, 254, ..) => "a link-local address",
        (192, 0, 2, _) | (198, 51, 100, _) | (203, 0, 113, _) => "a documentation address",
        (192, 0, 0, _) | (192, 88, 99, _) | (198, 18..=19, ..) => "a reserved address",
        (224..=239, ..) => "a multicast address",
        (255, 255, 255, 255) => "the broadcast address",
        (240..=255, ..) => "a reserved address",
        _ => return None,
    })
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let s = address.segments();
    Some(match s {
        [0, 0, 0, 0, 0, 0, 0, 0] => "the unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        [0, 0, 0, 0, 0, 0xffff, ..] => "an IPv4-mapped address",
        [0, 0, 0, 0, 0, 0, ..] => "an IPv4-compatible address",
        [0x64, 0xff9b, ..] => "a NAT64 address",
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => {
            "a cloud metadata address"
        }
        [0xfc00..=0xfdff, ..] => "a unique local address",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xfec0..=0xfeff, ..] => "a site-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "a documentation address",
        // Teredo and 6to4 carry an IPv4 address that the gateway connects to.
        [0x2001, 0, ..] | [0x2002, ..] => "a tunnel address",
        [0x2001, 0..=0x1ff, ..] => "a reserved address",
        [0x2000..=0x3fff, ..] => return None,
        _ => "a reserved address",
    })
}

#[cfg(test)]
mod tests {
    use super::special;

    #[test]
    fn knows_the_internet_from_the_rest() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.0.1",
            "192.169.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2a00::1",
        ] {
            assert_eq!(special(public.parse().unwrap()), None, "{public}");
        }
        for (address, what) in [
            ("0.0.0.0", "unspecified"),
            ("0.1.2.3", "this network"),
            ("10.0.0.1", "private"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.255", "loopback"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.168.1.1", "private"),
            ("100.64.0.1", "carrier-grade"),
            ("100.127.255.255", "carrier-grade"),
            ("169.254.1.1", "link-local"),
            ("169.254.169.254", "metadata"),
            ("100.100.100.200", "metadata"),
            ("168.63.129.16", "metadata"),
            ("192.0.0.192", "metadata"),
            ("192.0.0.1", "reserved"),
            ("192.0.2.1", "documentation"),
            ("198.18.0.1", "reserved"),
            ("224.0.0.1", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("::ffff:8.8.8.8", "IPv4-mapped"),
            ("::ffff:169.254.169.254", "IPv4-mapped"),
            ("::127.0.0.1", "IPv4-compatible"),
            ("64:ff9b::a00:1", "NAT64"),
            ("64:ff9b:1::1", "NAT64"),
            ("fc00::1", "unique local"),
            ("fd12:3456::1", "unique local"),
            ("fd00:ec2::254", "metadata"),
            ("fe80::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::", "tunnel"),
            ("2001::1", "tunnel"),
            ("100::1", "reserved"),
            ("4000::1", "reserved"),
        ] {
            let found = special(address.parse().unwrap()).unwrap_or("nothing special");
            assert!(found.contains(what), "{address} is {found}, expected {what}");
        }
    }
}
