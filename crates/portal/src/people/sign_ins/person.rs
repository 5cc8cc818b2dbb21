//! The `_user` entity behind an address.

use serde_json::{Map, Value};
use stagedoor_auth::{Account, Standing};
use stagedoor_model::Revision;
use stagedoor_query::Catalog;
use uuid::Uuid;

use super::super::USERS;
use crate::Portal;
use crate::entities::{Missing, WriteMode, WriteRequest};
use crate::error::PortalError;
use crate::rights::{Judge, account_of};
use crate::writer::Draft;

/// A person as the catalog has it.
pub(in crate::people) struct Holder {
    pub(in crate::people) uid: Uuid,
    pub(in crate::people) account: Account,
    /// `port_type`.
    pub(in crate::people) service: bool,
}

impl Holder {
    /// The person of a lower-case address.
    pub(in crate::people) fn of(email: &str, catalog: &Catalog) -> Option<Self> {
        let entity = catalog.entity(catalog.node_of_key(USERS, email)?)?;
        let properties = entity.record.contributed().properties;
        let service = properties.get("port_type").and_then(Value::as_str) == Some("Service Account");
        Some(Self { uid: entity.record.uid, account: account_of(email, catalog), service })
    }

    pub(in crate::people) fn is_active(&self) -> bool {
        matches!(self.account.standing, Standing::Administrator | Standing::Member)
    }
}

/// What somebody is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// As it is shown.
    pub title: Option<String>,
    /// First name.
    pub first: Option<String>,
    /// Last name.
    pub last: Option<String>,
}

impl Portal {
    /// What the person of a lower-case address is called; nothing where there is none.
    #[must_use]
    pub fn names_of(&self, email: &str) -> Names {
        let catalog = self.shared.catalog.load();
        let node = catalog.node_of_key(USERS, email);
        let Some((node, entity)) = node.and_then(|node| Some((node, catalog.entity(node)?))) else {
            return Names::default();
        };
        let properties = entity.record.contributed().properties;
        let text = |key: &str| {
            properties.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned)
        };
        Names { title: catalog.title(node), first: text("firstName"), last: text("lastName") }
    }

    /// Number of the newest commit.
    #[must_use]
    pub fn newest_revision(&self) -> Revision {
        self.shared.catalog.load().revision
    }
}

impl Draft {
    /// Merges into the `_user` entity of an address, or makes it. Whether that is allowed has been asked.
    pub(in crate::people) fn put_person(
        &mut self,
        email: &str,
        said: Map<String, Value>,
    ) -> Result<Uuid, PortalError> {
        let mut body = said;
        body.insert("identifier".into(), email.into());
        if self.catalog.node_of_key(USERS, email).is_none() {
            body.entry("title").or_insert_with(|| email.into());
        }
        let request = WriteRequest {
            blueprint: USERS.into(),
            mode: WriteMode::UpsertMerge,
            create_missing: false,
            validation_only: false,
            datasource: None,
            entities: Vec::new(),
        };
        self.write_entity(&request, &Value::Object(body), Missing::Refuse, &Judge::anything())?;
        let node = self.catalog.node_of_key(USERS, email);
        let entity = node.and_then(|node| self.catalog.entity(node));
        entity
            .map(|entity| entity.record.uid)
            .ok_or_else(|| PortalError::Internal("a person that was written is not there".into()))
    }
}

/// An address in the form that identifies a person: lower case, without spaces around it.
///
/// # Errors
/// When it is no plain e-mail address. Letters outside ASCII are refused: two addresses that look the same must not be
/// two persons.
pub(in crate::people) fn address(text: &str) -> Result<String, PortalError> {
    let email = text.trim().to_ascii_lowercase();
    let sign = |b: u8| {
        b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'(' | b')' | b',' | b';' | b':' | b'\\')
    };
    let good = match email.split_once('@') {
        Some((name, host)) => {
            !name.is_empty()
                && host.contains('.')
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
        }
        None => false,
    };
    if good && email.len() <= 254 && email.bytes().all(sign) {
        return Ok(email);
    }
    Err(PortalError::invalid("\"email\" must be an e-mail address, such as ada@larkfell.example"))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn one_person_has_one_address() {
        assert_eq!(address(" Ada.Stone@Larkfell.example ").unwrap(), "ada.stone@larkfell.example");
        assert_eq!(address("ada+portal@larkfell.example").unwrap(), "ada+portal@larkfell.example");
        for wrong in [
            "",
            "ada",
            "ada@",
            "@larkfell.example",
            "ada@larkfell",
            "ada@x@larkfell.example",
            "аda@larkfell.example",
            "ada @larkfell.example",
            "\"ada\"@larkfell.example",
            "ada@.example",
            "ada@example.",
            "Ada Stone <ada@larkfell.example>",
        ] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        assert!(address(&format!("{}@larkfell.example", "a".repeat(254))).is_err());
    }
}
