//! `ldapOrg`: the people and groups of an LDAP directory.
//!
//! Protocol: RFC 4511 to 4515, pages after RFC 2696, long lists of values after MS-ADTS 3.1.1.3.1.3.3. It is small, and is
//! spoken here over a stream that `stagedoor_outbound` has opened, so that no other crate opens a socket.

mod ber;
mod connection;
mod dn;
mod documents;
mod filter;
mod message;
mod ranges;
mod relations;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use stagedoor_outbound::Egress;

use self::connection::{Connection, Security};
use self::documents::{Names, Thing};
use self::message::{Entry, Search};
use self::settings::{Kind, Settings};
use super::people::place;
use super::{Discovered, Discovery, Provider, ProviderEvent};
use crate::budget::Priority;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;
use crate::hosts::Hosts;
use crate::schedule::Schedule;

/// One directory.
struct LdapOrg {
    /// Its key in the configuration.
    name: String,
    id: String,
    schedule: Schedule,
    settings: Settings,
    egress: Arc<Egress>,
}

/// `catalog.providers.ldapOrg.<id>`.
pub(crate) fn make(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    if fields.object().is_none() {
        fields.wrong(problems, "an object of directories by their names is expected");
    }
    let entries = fields.entries();
    entries.iter().filter_map(|(name, entry)| one(name, entry, hosts, problems)).collect()
}

/// `ldap.providers`: the older form, a list without names. The first is `default`.
pub(crate) fn make_older(
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Vec<Arc<dyn Provider>> {
    let name = |n: usize| if n == 0 { "default".to_owned() } else { format!("default-{}", n + 1) };
    let entries = fields.list();
    entries.iter().enumerate().filter_map(|(n, entry)| one(&name(n), entry, hosts, problems)).collect()
}

fn one(
    name: &str,
    fields: &Fields<'_>,
    hosts: &Hosts,
    problems: &mut Vec<ConfigProblem>,
) -> Option<Arc<dyn Provider>> {
    let schedule = Schedule::read(&fields.get("schedule"), problems);
    let settings = Settings::read(fields, problems)?;
    let address = &settings.address;
    let loopback = matches!(address.host.as_str(), "localhost" | "127.0.0.1" | "::1");
    if settings.bind.is_some() && address.tls == Security::Never && !loopback {
        tracing::warn!(
            directory = name,
            "the password of the directory goes in clear: use ldaps or tls.startTls"
        );
    }
    if address.options.anyone && address.tls != Security::Never {
        tracing::warn!(directory = name, "any certificate is believed: name the authority in tls.ca instead");
    }
    let host = if address.host.contains(':') { format!("[{}]", address.host) } else { address.host.clone() };
    let egress = hosts.egress_to(&[format!("{host}:{}", address.port)]);
    let id = format!("LdapOrgEntityProvider:{name}");
    Some(Arc::new(LdapOrg { name: name.to_owned(), id, schedule, settings, egress }))
}

#[async_trait]
impl Provider for LdapOrg {
    fn id(&self) -> &str {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "ldapOrg"
    }

    fn target(&self) -> String {
        format!("people and groups of {}", self.settings.address.shown())
    }

    fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    async fn discover(&self, _: &Hosts, _: Priority) -> Result<Discovery, HostError> {
        let settings = &self.settings;
        let mut connection = Connection::open(&self.egress, &settings.address).await?;
        if let Some((dn, secret)) = &settings.bind {
            connection.bind(dn, secret).await?;
        }
        let names = self.names(&mut connection).await?;
        let mut users = self.things(&mut connection, &settings.users, &names, true).await?;
        let mut groups = self.things(&mut connection, &settings.groups, &names, false).await?;
        connection.close().await;
        relations::resolve(&mut users, &mut groups);
        let found =
            users.into_iter().chain(groups).map(|thing| Discovered { document: self.place(thing.document) });
        Ok(Discovery { found: found.collect(), missed: None })
    }

    fn concerns(&self, _: &ProviderEvent) -> bool {
        false
    }
}

impl LdapOrg {
    /// The names of attributes that the configuration says, else those of this kind of server.
    async fn names(&self, connection: &mut Connection) -> Result<Names, HostError> {
        let vendor = &self.settings.vendor;
        if let (Some(dn), Some(uuid)) = (&vendor.dn, &vendor.uuid) {
            return Ok(Names { dn: dn.clone(), uuid: uuid.clone() });
        }
        let search = Search {
            base: String::new(),
            scope: 0,
            aliases: 0,
            size_limit: 0,
            time_limit: 0,
            types_only: false,
            filter: filter::encode("(objectClass=*)").map_err(HostError::Unreachable)?,
            attributes: vec!["*".into(), "+".into()],
            page: None,
        };
        let mut root = Entry::default();
        connection.search(&search, |entry| root = entry).await?;
        let Names { dn, uuid } = Names::of(&root);
        Ok(Names { dn: vendor.dn.clone().unwrap_or(dn), uuid: vendor.uuid.clone().unwrap_or(uuid) })
    }

    async fn things(
        &self,
        connection: &mut Connection,
        kinds: &[Kind],
        names: &Names,
        users: bool,
    ) -> Result<Vec<Thing>, HostError> {
        let mut things = Vec::new();
        for kind in kinds {
            // Only entries with more to fetch are kept as they are; the others become documents at once.
            let mut long = Vec::new();
            connection
                .search(&kind.search, |entry| {
                    if ranges::is_cut(&entry) {
                        long.push(entry);
                    } else {
                        things.push(documents::thing(&entry, kind, names, users));
                    }
                })
                .await?;
            for mut entry in long {
                ranges::complete(connection, &mut entry).await?;
                things.push(documents::thing(&entry, kind, names, users));
            }
        }
        Ok(things)
    }

    /// Where a document comes from: `ldap://<name>/<entry>`.
    fn place(&self, mut document: Value) -> Value {
        let metadata = &document["metadata"];
        let of = metadata["annotations"][documents::DN].as_str().or_else(|| metadata["name"].as_str());
        let of = of.unwrap_or_default().to_owned();
        place(&mut document, "ldap://", &self.name, &of);
        document
    }
}
