//! From configuration to the parts that need it.

use std::path::PathBuf;
use std::sync::Arc;

use stagedoor_api_backstage::{Frontend, Guests};
use stagedoor_api_native::PortalInfo;
use stagedoor_auth::{BackstageTokens, Credentials, Realm, Tokens};
use stagedoor_hosts::{Hosts, Providers, Webhooks};
use stagedoor_jq::{Jq, Limits, WorkerCommand};
use stagedoor_outbound::AllowList;
use stagedoor_portal::{Identity, LocationConfig, MostFiles, Pace, Portal, SourcesConfig};

use crate::authentication::{Authenticator, Authority, Backstage, External, SecretTokens, Sessions};
use crate::config::{AllowRule, Config, LocationKind, Outside, Polling, Raw, TargetMatcher};
pub(crate) use crate::signing_key::SigningKey;

/// Every way to prove an identity besides access tokens, in the order in which they are asked.
fn ways(portal: &Portal, config: &Config, frontend: &Frontend, dev: bool) -> Vec<Box<dyn Authenticator>> {
    let (tokens, guests) = (Arc::clone(&frontend.tokens), Arc::clone(&frontend.guests));
    let mut ways: Vec<Box<dyn Authenticator>> = vec![
        Box::new(Backstage::new(portal, tokens, guests, dev)),
        Box::new(Sessions::new(portal)),
        Box::new(SecretTokens::new(portal)),
    ];
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
    let frontend = frontend(portal, key, config, dev);
    Authority::new(Tokens::new(key.secret(), realm), credentials, dev)
        .knowing(portal)
        .with(ways(portal, config, &frontend, dev))
        .answering(frontend)
        .behind(config.wire.proxies.clone())
        .at(config.wire.tls.is_some(), identity.base_url.as_deref())
}

/// What Backstage's frontend is answered with.
fn frontend(portal: &Portal, key: &SigningKey, config: &Config, dev: bool) -> Frontend {
    let backend = config.backend_url.as_deref().or(config.base_url.as_deref());
    let issuer = format!("{}/api/auth", backend.unwrap_or("http://127.0.0.1:7007").trim_end_matches('/'));
    let anywhere = config.guests.as_ref().is_some_and(|guests| guests.anywhere);
    let guests = Guests {
        configured: config.guests.is_some(),
        // Everybody is administrator there anyway.
        allowed: dev || anywhere,
        reference: portal.identity().guest.clone(),
        ownership: config.guests.as_ref().and_then(|guests| guests.ownership.clone()),
    };
    Frontend {
        portal: portal.clone(),
        tokens: Arc::new(BackstageTokens::new(key.backstage(), issuer)),
        guests: Arc::new(guests),
        secure: config.wire.secure,
        cross_site: config.wire.cors.as_ref().is_some_and(|cors| cors.credentials),
    }
}

/// Who the installation is, in tokens and towards clients.
#[must_use]
pub fn identity(config: &Config) -> Identity {
    let default = Identity::default();
    Identity {
        organization: config.organization.as_deref().map_or(default.organization, str::to_owned),
        base_url: config.base_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
        guest: config.guests.as_ref().and_then(|guests| guests.user.clone()).unwrap_or(default.guest),
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
        frames: config.wire.frames.clone(),
    }
}

/// What every run of a template is given.
pub(crate) fn templates_config(config: &Config) -> stagedoor_portal::TemplatesConfig {
    let values = |all: &[(String, crate::config::Text)]| {
        all.iter().map(|(name, text)| (name.clone(), text.as_str().into())).collect()
    };
    stagedoor_portal::TemplatesConfig {
        parameters: values(&config.templates.parameters),
        secrets: values(&config.templates.secrets),
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
        most_files: MostFiles::default(),
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
