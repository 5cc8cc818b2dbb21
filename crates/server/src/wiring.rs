//! From configuration to the parts that need it.

use std::path::PathBuf;
use std::sync::Arc;

use stagedoor_api_native::PortalInfo;
use stagedoor_auth::{Credentials, Realm, SecretsKey, Tokens, sealed_with};
use stagedoor_hosts::{Hosts, Providers, Webhooks};
use stagedoor_jq::{Jq, Limits, WorkerCommand};
use stagedoor_outbound::AllowList;
use stagedoor_portal::{Identity, LocationConfig, Pace, Portal, SourcesConfig};
use stagedoor_store::Store;

use crate::authentication::{Authenticator, Authority, External, SecretTokens, Sessions};
use crate::config::{AllowRule, Config, LocationKind, Outside, Polling, Raw, TargetMatcher};

/// The secret that signs this installation's tokens; kept in its database, made at the first start. Where there is a
/// key for secrets it lies sealed there.
pub struct SigningKey([u8; 32]);

const SIGNING_KEY: &str = "signing_key";

impl SigningKey {
    /// Reads the key of an installation without a key for secrets, or makes one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn of(store: &dyn Store) -> anyhow::Result<Self> {
        Self::under(store, None, true)
    }

    /// Reads the key, or makes one. One that lies open is sealed. One that was sealed with another key is made anew
    /// where the key for secrets is the right one all the same (`proven`: it is new, or opens what secrets there are);
    /// then no access token that was given out before is good any more.
    ///
    /// # Errors
    /// When it was sealed with another key, or the store fails.
    pub(crate) fn under(
        store: &dyn Store,
        secrets: Option<&SecretsKey>,
        proven: bool,
    ) -> anyhow::Result<Self> {
        // Two random UUIDs: 244 random bits from the system.
        let fresh = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let as_stored = |text: &str| match secrets {
            Some(key) => stagedoor_portal::seal(key, SIGNING_KEY, "", text),
            None => Ok(text.to_owned()),
        };
        let stored = store.put_setting_if_absent(SIGNING_KEY, &as_stored(&fresh)?)?;
        if sealed_with(&stored).is_none() {
            if secrets.is_some() {
                store.put_setting(SIGNING_KEY, Some(&as_stored(&stored)?))?;
            }
            return Self::read(&stored);
        }
        let opened = secrets.map(|key| key.open(SIGNING_KEY, "", &stored));
        if let Some(Ok(text)) = opened {
            return Self::read(text.expose());
        }
        if !proven {
            let other = sealed_with(&stored).unwrap_or("unknown");
            let own = secrets.map_or("none", SecretsKey::fingerprint);
            anyhow::bail!(
                "the database was written with the key for secrets {other}, and this start has {own}: give it the key \
                 {other} by STAGEDOOR_SECRETS_KEY, STAGEDOOR_SECRETS_KEY_FILE or STAGEDOOR_SECRETS_KEY_COMMAND"
            );
        }
        tracing::warn!(
            "the key that signs access tokens cannot be opened: a new one is made, and clients sign in again"
        );
        store.put_setting(SIGNING_KEY, Some(&as_stored(&fresh)?))?;
        Self::read(&fresh)
    }

    /// Forgets it: the next start makes another.
    pub(crate) fn forget(store: &dyn Store) -> anyhow::Result<()> {
        Ok(store.put_setting(SIGNING_KEY, None)?)
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
        }
        Ok(Self(key))
    }

    /// Stores it sealed with another key.
    pub(crate) fn seal(&self, store: &dyn Store, secrets: &SecretsKey) -> anyhow::Result<()> {
        let text: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let sealed = stagedoor_portal::seal(secrets, SIGNING_KEY, "", &text)?;
        Ok(store.put_setting(SIGNING_KEY, Some(&sealed))?)
    }
}

/// Every way to prove an identity besides access tokens, in the order in which they are asked.
fn ways(portal: &Portal, config: &Config) -> Vec<Box<dyn Authenticator>> {
    let mut ways: Vec<Box<dyn Authenticator>> =
        vec![Box::new(Sessions::new(portal)), Box::new(SecretTokens::new(portal))];
    if let Some(external) = External::new(&config.external_access, portal.egress().as_ref()) {
        ways.push(Box::new(external));
    }
    ways
}

/// Who may call: whoever one of the ways knows, the credential from the environment, and everyone in local try-out
/// mode.
#[must_use]
pub fn authority(
    portal: &Portal,
    key: &SigningKey,
    config: &Config,
    credentials: Option<Credentials>,
    dev: bool,
) -> Authority {
    let identity = identity(config);
    let realm = Realm {
        issuer: "stagedoor".into(),
        audience: identity.base_url.clone().unwrap_or_else(|| "http://127.0.0.1:7007".into()),
        organization_id: identity.organization_id,
        organization_name: identity.organization,
    };
    Authority::new(Tokens::new(key.0, realm), credentials, dev)
        .knowing(portal)
        .with(ways(portal, config))
        .behind(config.wire.proxies.clone())
        .at(config.wire.tls.is_some(), identity.base_url.as_deref())
}

/// Who the installation is, in tokens and towards clients.
#[must_use]
pub fn identity(config: &Config) -> Identity {
    let default = Identity::default();
    Identity {
        organization: config.organization.as_deref().map_or(default.organization, str::to_owned),
        base_url: config.base_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
        ..default
    }
}

/// JQ with workers, each of which is this program again as `stagedoor jq-worker`.
#[must_use]
pub(crate) fn jq() -> Jq {
    let command = |program| WorkerCommand { program, args: vec!["jq-worker".into()] };
    std::env::current_exe()
        .map_or_else(|_| Jq::in_process(), |program| Jq::with_workers(command(program), Limits::default()))
}

/// What the installation says of itself.
#[must_use]
pub fn portal_info(config: &Config, dev: bool) -> PortalInfo {
    PortalInfo {
        title: config.title.as_deref().unwrap_or("Stagedoor").to_owned(),
        organization: config.organization.as_deref().map(str::to_owned),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        dev_mode: dev,
    }
}

/// What is read, under which rules, through which door.
#[must_use]
pub fn sources_config(config: &Config, outbound: AllowList) -> SourcesConfig {
    let rules = config.rules.as_ref().map(|r| r.iter().map(rule).collect());
    let (hosts, providers) = hosts(&config.outside, outbound);
    let default = Pace::default();
    let poll = match config.outside.polling {
        Polling::Usual => default.poll,
        Polling::Every(every) => Some(every),
        Polling::Never => None,
    };
    let working = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let location = |l: &crate::config::LocationConfig| LocationConfig {
        kind: match l.kind {
            LocationKind::File => "file".into(),
            LocationKind::Url => "url".into(),
        },
        target: l.target.as_str().to_owned(),
        rules: l.rules.iter().map(rule).collect(),
        base_dirs: vec![l.config_dir.clone(), working.clone(), l.config_dir.join("packages/backend")],
    };
    SourcesConfig {
        locations: config.locations.iter().map(location).collect(),
        rules: stagedoor_ingest::Rules::from_config(rules),
        hosts: Some(hosts),
        providers,
        pace: Pace { poll, ..default },
        readonly: config.outside.readonly,
        refreshes_registered: config.outside.refreshes_registered,
        keeps_abandoned: config.outside.keeps_abandoned,
        // Said by who knows where the data is.
        readings: None,
    }
}

/// The hosts and providers of the configuration, which has been found to be right.
#[must_use]
pub fn hosts(outside: &Outside, outbound: AllowList) -> (Arc<Hosts>, Providers) {
    let value = |raw: &Option<Raw>| raw.as_ref().map(|raw| raw.value().clone());
    let integrations = value(&outside.integrations);
    let webhooks = Webhooks::new(value(&outside.events).as_ref(), integrations.as_ref()).0;
    let hosts = Hosts::new(integrations.as_ref(), outbound).0.hearing(webhooks);
    let (mut providers, _) = Providers::new(value(&outside.providers).as_ref(), &hosts);
    providers.add_older_directories(value(&outside.ldap).as_ref(), &hosts);
    (Arc::new(hosts), providers)
}

fn rule(rule: &AllowRule) -> stagedoor_ingest::AllowRule {
    use stagedoor_ingest::{AllowRule, AllowedKind, LocationMatch, TargetMatch};
    let kind = |k: &crate::config::AllowedKind| AllowedKind {
        kind: k.kind.as_str().to_owned(),
        spec_type: k.spec_type.as_deref().map(str::to_owned),
    };
    let target = |t: &TargetMatcher| match t {
        TargetMatcher::Exact(text) => TargetMatch::Exact(text.as_str().to_owned()),
        TargetMatcher::Pattern(text) => TargetMatch::Pattern(text.as_str().to_owned()),
    };
    AllowRule {
        allow: rule.allow.iter().map(kind).collect(),
        locations: rule.locations.as_ref().map(|list| {
            let one = |l: &crate::config::LocationMatcher| LocationMatch {
                kind: l.kind.as_str().to_owned(),
                target: l.target.as_ref().map(target),
            };
            list.iter().map(one).collect()
        }),
    }
}
