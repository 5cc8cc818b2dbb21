//! From entries to documents, with the names and annotations of Backstage's module.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::people::put;
use super::dn;
use super::message::Entry;
use super::settings::{Attributes, Kind};

pub(super) const RDN: &str = "backstage.io/ldap-rdn";
pub(super) const DN: &str = "backstage.io/ldap-dn";
pub(super) const UUID: &str = "backstage.io/ldap-uuid";

/// Which attributes this server keeps an entry's full name and unique id in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) dn: String,
    pub(super) uuid: String,
}

impl Names {
    /// As the root entry tells: Active Directory, FreeIPA, Æ-DIR, LLDAP, Google, or anything by the standards.
    pub(super) fn of(root: &Entry) -> Self {
        let has = |name: &str| !root.values(name).is_empty();
        let vendor =
            root.values("vendorName").first().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let (dn, uuid) = if has("forestFunctionality") {
            ("distinguishedName", "objectGUID")
        } else if has("ipaDomainLevel") {
            ("dn", "ipaUniqueID")
        } else if has("aeRoot") {
            ("dn", "entryUUID")
        } else {
            match vendor.as_deref() {
                Some("LLDAP") => ("dn", "entryuuid"),
                Some(vendor) if vendor.starts_with("Google") => ("dn", "uid"),
                _ => ("entryDN", "entryUUID"),
            }
        };
        Self { dn: dn.into(), uuid: uuid.into() }
    }
}

/// A user or group with what it says of others, in the directory's own names.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) document: Value,
    /// Names under which others mean it, in a form that compares.
    pub(super) known_as: Vec<String>,
    /// The groups that it says it is in.
    pub(super) member_of: Vec<String>,
    /// The users and groups that it says are in it.
    pub(super) members: Vec<String>,
}

/// The document of one entry.
pub(super) fn thing(entry: &Entry, kind: &Kind, names: &Names, user: bool) -> Thing {
    let map = &kind.map;
    let mut document = if user {
        json!({
            "apiVersion": "backstage.io/v1beta1", "kind": "User",
            "metadata": {"name": "", "annotations": {}},
            "spec": {"profile": {}, "memberOf": []},
        })
    } else {
        json!({
            "apiVersion": "backstage.io/v1beta1", "kind": "Group",
            "metadata": {"name": "", "annotations": {}},
            "spec": {"type": "unknown", "profile": {}, "children": []},
        })
    };
    for (path, value) in &kind.set {
        put(&mut document, &steps(path), value.clone());
    }
    let mut known_as = Vec::new();
    let full_name = single(entry, Some(&names.dn)).unwrap_or_else(|| entry.dn.clone());
    let identity = [
        (RDN, single(entry, map.rdn.as_deref())),
        (UUID, single(entry, Some(&names.uuid))),
        (DN, Some(full_name)),
    ];
    for (annotation, value) in identity {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        known_as.push(dn::normal(&value));
        put(&mut document, &["metadata", "annotations", annotation], value.into());
    }
    fill(&mut document, entry, map);
    let others = |attribute: Option<&String>| match attribute {
        Some(name) => texts(entry, name).iter().map(|text| dn::normal(text)).collect(),
        None => Vec::new(),
    };
    Thing {
        document,
        known_as,
        member_of: others(map.member_of.as_ref()),
        members: others(map.members.as_ref()),
    }
}

fn fill(document: &mut Value, entry: &Entry, map: &Attributes) {
    let plain: [(&Option<String>, &[&str]); 5] = [
        (&map.name, &["metadata", "name"]),
        (&map.description, &["metadata", "description"]),
        (&map.kind, &["spec", "type"]),
        (&map.display_name, &["spec", "profile", "displayName"]),
        (&map.email, &["spec", "profile", "email"]),
    ];
    for (attribute, path) in plain {
        if let Some(value) = single(entry, attribute.as_deref()) {
            put(document, path, value.into());
        }
    }
    if let Some(picture) = map.picture.as_deref().and_then(|name| picture(entry, name)) {
        put(document, &["spec", "profile", "picture"], picture.into());
    }
}

/// The one value of an attribute. Of several only the one counts that the entry is named by.
fn single(entry: &Entry, attribute: Option<&str>) -> Option<String> {
    let attribute = attribute?;
    if attribute.eq_ignore_ascii_case("dn") {
        return Some(entry.dn.clone());
    }
    match entry.values(attribute) {
        [] => None,
        [one] => Some(text(attribute, one)),
        several => {
            let own = dn::own_value(&entry.dn, attribute)?;
            several.iter().map(|value| text(attribute, value)).find(|value| dn::normal(value) == own)
        }
    }
}

fn texts(entry: &Entry, attribute: &str) -> Vec<String> {
    entry.values(attribute).iter().map(|value| text(attribute, value)).collect()
}

/// A value as text. Active Directory's ids are sixteen bytes.
fn text(attribute: &str, value: &[u8]) -> String {
    if attribute.eq_ignore_ascii_case("objectGUID")
        && let Ok(bytes) = <[u8; 16]>::try_from(value)
    {
        return guid(bytes);
    }
    String::from_utf8_lossy(value).into_owned()
}

/// The first three groups of a GUID are little-endian (MS-DTYP, 2.3.4).
fn guid(b: [u8; 16]) -> String {
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut out = String::with_capacity(36);
    for (n, index) in order.into_iter().enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push_str(&format!("{:02x}", b[index]));
    }
    out
}

/// An address, or the picture itself as `jpegPhoto` and `thumbnailPhoto` have it.
fn picture(entry: &Entry, attribute: &str) -> Option<String> {
    let value = entry.values(attribute).first().filter(|value| !value.is_empty())?;
    let kind = match value.as_slice() {
        [0xff, 0xd8, ..] => "jpeg",
        [0x89, b'P', b'N', b'G', ..] => "png",
        _ => return String::from_utf8(value.clone()).ok(),
    };
    Some(format!("data:image/{kind};base64,{}", STANDARD.encode(value)))
}

/// `metadata.annotations["example.com/team"]` and `metadata.labels.team`, step by step.
fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (step, after) = inner.split_once(']').unwrap_or((inner, ""));
            steps.push(step.trim_matches(['"', '\'']).to_owned());
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(rest[..end].to_owned());
            rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_dots_and_brackets() {
        let mut document = json!({"metadata": {"name": "x"}});
        put(&mut document, &steps("metadata.labels.team"), json!("a"));
        put(&mut document, &steps(r#"metadata.annotations["example.com/x"]"#), json!("b"));
        put(&mut document, &steps("metadata.name.deep"), json!(1));
        let expected = json!({"metadata": {
            "name": {"deep": 1}, "labels": {"team": "a"}, "annotations": {"example.com/x": "b"},
        }});
        assert_eq!(document, expected);
    }

    #[test]
    fn ids_of_active_directory_are_read() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(text("objectGUID", &bytes), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(text("objectguid", b"short"), "short");
    }

    #[test]
    fn servers_are_told_apart() {
        let root = |name: &str, value: &str| Entry {
            dn: String::new(),
            attributes: vec![(name.to_owned(), vec![value.as_bytes().to_vec()])],
        };
        assert_eq!(Names::of(&root("forestFunctionality", "7")).uuid, "objectGUID");
        assert_eq!(Names::of(&root("ipaDomainLevel", "1")).uuid, "ipaUniqueID");
        assert_eq!(Names::of(&root("vendorName", "LLDAP")).uuid, "entryuuid");
        assert_eq!(Names::of(&root("vendorName", "any")).dn, "entryDN");
    }
}
