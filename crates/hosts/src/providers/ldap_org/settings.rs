//! The keys of one directory: those of Backstage, and for TLS `startTls` and `ca`.

use std::path::PathBuf;

use serde_json::{Map, Value};
use stagedoor_outbound::TlsOptions;
use url::Url;

use super::connection::{Address, Security};
use super::filter;
use super::message::Search;
use crate::config::ConfigProblem;
use crate::fields::Fields;

/// Entries of a page. Active Directory gives at most 1000.
const PAGE: i32 = 500;

/// What is read from one directory, and how.
pub(super) struct Settings {
    pub(super) address: Address,
    /// Name and password; without them it is asked without a name.
    pub(super) bind: Option<(String, String)>,
    pub(super) users: Vec<Kind>,
    pub(super) groups: Vec<Kind>,
    pub(super) vendor: Vendor,
}

/// Which attributes hold an entry's full name and its unique id, where the configuration says so.
#[derive(Clone, Default)]
pub(super) struct Vendor {
    pub(super) dn: Option<String>,
    pub(super) uuid: Option<String>,
}

/// One place where users or groups are, and what their attributes mean.
pub(super) struct Kind {
    pub(super) search: Search,
    /// Values to be put at dotted paths of every document.
    pub(super) set: Map<String, Value>,
    pub(super) map: Attributes,
}

/// The names of attributes by what they mean.
pub(super) struct Attributes {
    pub(super) rdn: Option<String>,
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) member_of: Option<String>,
    pub(super) members: Option<String>,
}

impl Settings {
    /// None where something is wrong, which is said.
    pub(super) fn read(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let before = problems.len();
        let address = address(fields, problems);
        let bind = fields.get("bind");
        let bind = bind.is_there().then(|| {
            // A name without a password would pass for a bind and be none (RFC 4513, 5.1.2).
            (bind.get("dn").required(problems), bind.get("secret").required(problems))
        });
        let kinds = |key: &str, problems: &mut Vec<ConfigProblem>| {
            let entries = fields.get(key).list();
            entries.iter().filter_map(|entry| Kind::read(entry, key == "users", problems)).collect::<Vec<_>>()
        };
        let (users, groups) = (kinds("users", problems), kinds("groups", problems));
        let vendor = fields.get("vendor");
        let vendor = Vendor {
            dn: vendor.get("dnAttributeName").text(problems),
            uuid: vendor.get("uuidAttributeName").text(problems),
        };
        let bind = match bind {
            Some((Some(dn), Some(secret))) => Some((dn, secret)),
            _ => None,
        };
        let address = address.filter(|_| problems.len() == before)?;
        Some(Self { address, bind, users, groups, vendor })
    }
}

fn address(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Address> {
    let tls = fields.get("tls");
    let started = tls.get("startTls").flag(false, problems);
    let (certificates, keys) = (tls.get("certs").text(problems), tls.get("keys").text(problems));
    let identity = match (certificates, keys) {
        (Some(certificates), Some(keys)) => Some((PathBuf::from(certificates), PathBuf::from(keys))),
        (None, None) => None,
        _ => {
            tls.wrong(problems, "certs and keys belong together");
            None
        }
    };
    let options = TlsOptions {
        authorities: tls.get("ca").text(problems).map(PathBuf::from),
        identity,
        anyone: !tls.get("rejectUnauthorized").flag(true, problems),
    };
    let at = fields.get("target");
    let target = at.required(problems)?;
    let url = Url::parse(&target).ok().filter(|url| matches!(url.scheme(), "ldap" | "ldaps"));
    let Some((url, host)) = url.and_then(|url| {
        let host = url.host_str().filter(|host| !host.is_empty())?.to_lowercase();
        Some((url, host))
    }) else {
        at.wrong(problems, "an address such as ldaps://ds.example.net is expected");
        return None;
    };
    if !url.username().is_empty() || url.password().is_some() {
        at.wrong(problems, "name and password belong under bind");
        return None;
    }
    let security = match (url.scheme(), started) {
        ("ldaps", true) => {
            at.wrong(problems, "ldaps has TLS already: use ldap:// with startTls");
            return None;
        }
        ("ldaps", false) => Security::AtOnce,
        (_, true) => Security::Started,
        _ => Security::Never,
    };
    let port = url.port().unwrap_or(if security == Security::AtOnce { 636 } else { 389 });
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Address { host, port, tls: security, options })
}

impl Kind {
    fn read(fields: &Fields<'_>, users: bool, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let base = fields.get("dn").required(problems);
        let search = search(base.clone().unwrap_or_default(), &fields.get("options"), problems);
        let set = fields.get("set");
        if set.is_there() && set.object().is_none() {
            set.wrong(problems, "an object of paths and values is expected");
        }
        let map = fields.get("map");
        let mut named = |key: &str, default: Option<&str>| {
            let at = map.get(key);
            // An empty name switches it off.
            let off = at.value().and_then(Value::as_str).is_some_and(|text| text.trim().is_empty());
            at.text(problems).or_else(|| default.filter(|_| !off).map(str::to_owned))
        };
        let own = if users { "uid" } else { "cn" };
        let only = |groups: bool, name: &'static str| (groups != users).then_some(name);
        let map = Attributes {
            rdn: named("rdn", Some(own)),
            name: named("name", Some(own)),
            description: named("description", only(true, "description")),
            display_name: named("displayName", Some("cn")),
            email: named("email", only(false, "mail")),
            picture: named("picture", None),
            kind: named("type", only(true, "groupType")).filter(|_| !users),
            member_of: named("memberOf", Some("memberOf")),
            members: named("members", only(true, "member")).filter(|_| !users),
        };
        base?;
        Some(Self { search: search?, set: set.object().cloned().unwrap_or_default(), map })
    }
}

fn search(base: String, options: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Search> {
    let scope = options.get("scope");
    let scope = match scope.text(problems).as_deref() {
        None | Some("one") => 1,
        Some("base") => 0,
        Some("sub") => 2,
        Some(_) => {
            scope.wrong(problems, "one of base, one and sub is expected");
            1
        }
    };
    let limit = |key: &str, problems: &mut Vec<ConfigProblem>| {
        let at = options.get(key);
        if at.is_there() { i32::try_from(at.count(1, problems)).unwrap_or(i32::MAX) } else { 0 }
    };
    let (size_limit, time_limit) = (limit("sizeLimit", problems), limit("timeLimit", problems));
    let aliases = options.get("derefAliases");
    let aliases = match aliases.value().and_then(Value::as_i64) {
        None if aliases.is_there() => {
            aliases.wrong(problems, "a number from 0 to 3 is expected");
            0
        }
        found => i32::try_from(found.unwrap_or(0).clamp(0, 3)).unwrap_or(0),
    };
    let mut attributes = options.get("attributes").texts(problems);
    if attributes.is_empty() {
        attributes = vec!["*".into(), "+".into()];
    }
    let filter = options.get("filter");
    let text = filter.text(problems).unwrap_or_else(|| "(objectClass=*)".into());
    let types_only = options.get("typesOnly").flag(false, problems);
    let page = page(&options.get("paged"), problems);
    let encoded = filter::encode(&text).map_err(|wrong| filter.wrong(problems, wrong)).ok()?;
    Some(Search {
        base,
        scope,
        aliases,
        size_limit,
        time_limit,
        types_only,
        filter: encoded,
        attributes,
        page,
    })
}

/// Pages are asked for unless they are switched off: a server that has none gives everything at once.
fn page(paged: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<i32> {
    if paged.object().is_some() {
        let size = paged.get("pageSize").count(u64::try_from(PAGE).unwrap_or(500), problems);
        return Some(i32::try_from(size).unwrap_or(i32::MAX));
    }
    paged.flag(true, problems).then_some(PAGE)
}
