//! GitHub Apps: who one is (a JWT signed with its private key), where it is installed, and the short-lived token of
//! each installation. Source: docs.github.com/apps, "Authenticating with a GitHub App".

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};
use stagedoor_outbound::Call;
use tokio::sync::Mutex;
use url::Url;

use super::api::{self, Access, Api, get};
use crate::client::{Client, now};
use crate::code::address::below;
use crate::config::ConfigProblem;
use crate::error::HostError;
use crate::fields::Fields;

/// Where an app is installed is asked again after so many seconds.
const INSTALLATIONS_FOR: i64 = 600;
/// An owner without an installation may just have got one: asked again after so many seconds.
const NONE_FOR: i64 = 60;
/// A token is replaced so many seconds before its end.
const BEFORE_END: i64 = 300;
const PAGE: usize = 100;
const MOST_PAGES: usize = 1000;

/// One entry of `integrations.github[].apps`.
pub(crate) struct App {
    id: String,
    key: KeyPair,
    /// The owners whose installations are used; all where none is named.
    owners: Option<Vec<String>>,
    /// Held while GitHub is asked, so that it is asked once.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    installations: Vec<Installation>,
    asked: Option<i64>,
    /// By owner in lower case: the token, and until when it is used.
    tokens: HashMap<String, (String, i64)>,
}

#[derive(Clone)]
struct Installation {
    id: u64,
    owner: String,
    organization: bool,
    suspended: bool,
}

impl App {
    pub(super) fn read(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let id = fields.get("appId").required(problems);
        let pem = fields.get("privateKey").required(problems);
        let owners = fields.get("allowedInstallationOwners");
        let owners = owners.is_there().then(|| owners.texts(problems));
        let key = match key(&pem?) {
            Ok(key) => key,
            Err(reason) => {
                fields.get("privateKey").wrong(problems, reason);
                return None;
            }
        };
        Some(Self { id: id?, key, owners, state: Mutex::default() })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether it may be used for what belongs to an owner.
    pub(super) fn serves(&self, owner: &str) -> bool {
        self.owners.as_ref().is_none_or(|names| names.iter().any(|name| name.eq_ignore_ascii_case(owner)))
    }

    /// The token for what belongs to an owner; none where it is not installed.
    pub(super) async fn token(
        &self,
        client: &Client,
        api: &Api,
        owner: &str,
    ) -> Result<Option<String>, HostError> {
        let mut state = self.state.lock().await;
        let owner = owner.to_lowercase();
        if let Some((token, _)) = state.tokens.get(&owner).filter(|(_, until)| *until > now()) {
            return Ok(Some(token.clone()));
        }
        let Some(installation) = self.installation(&mut state, client, api, &owner).await? else {
            return Ok(None);
        };
        if installation.suspended {
            let text = format!("the GitHub App {} is suspended in {}", self.id, installation.owner);
            return Err(HostError::Denied(text));
        }
        let made = self.new_token(client, api, installation.id).await;
        if matches!(made, Err(HostError::Denied(_))) {
            // It may have been taken away since.
            state.asked = None;
        }
        let (token, until) = made?;
        state.tokens.insert(owner, (token.clone(), until));
        Ok(Some(token))
    }

    /// Forgets a token that is no longer taken.
    pub(super) async fn forget(&self, owner: &str) {
        let mut state = self.state.lock().await;
        state.tokens.remove(&owner.to_lowercase());
        state.asked = None;
    }

    /// The organizations in which it is installed and not suspended.
    pub(super) async fn organizations(&self, client: &Client, api: &Api) -> Result<Vec<String>, HostError> {
        let mut state = self.state.lock().await;
        self.refresh(&mut state, client, api, INSTALLATIONS_FOR).await?;
        let usable = state.installations.iter().filter(|i| i.organization && !i.suspended);
        Ok(usable.map(|installation| installation.owner.clone()).collect())
    }

    async fn installation(
        &self,
        state: &mut State,
        client: &Client,
        api: &Api,
        owner: &str,
    ) -> Result<Option<Installation>, HostError> {
        for age in [INSTALLATIONS_FOR, NONE_FOR] {
            self.refresh(state, client, api, age).await?;
            let found = state.installations.iter().find(|i| i.owner.eq_ignore_ascii_case(owner));
            if found.is_some() {
                return Ok(found.cloned());
            }
        }
        Ok(None)
    }

    /// Asks GitHub as the app. What is not found there is no file of anybody: the app has no right to it.
    async fn ask(&self, client: &Client, api: &Api, url: &Url, call: Call) -> Result<Value, HostError> {
        let jwt = self.jwt(now()).ok_or_else(|| {
            HostError::Denied(format!("the private key of the GitHub App {} cannot sign", self.id))
        })?;
        let access = Access::of_app(&jwt, &self.id);
        let reply = api.once(client, &access, url, call, "").await?;
        match api.meaning(client, &access, "", url, reply) {
            Ok(reply) => api::json(url, &reply),
            Err(HostError::NotFound(text)) => Err(HostError::Denied(text)),
            Err(error) => Err(error),
        }
    }

    /// Asks where it is installed, if the last answer is older than `age` seconds.
    async fn refresh(
        &self,
        state: &mut State,
        client: &Client,
        api: &Api,
        age: i64,
    ) -> Result<(), HostError> {
        if state.asked.is_some_and(|asked| asked + age > now()) {
            return Ok(());
        }
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let mut url = below(&api.base, ["app", "installations"]);
            url.query_pairs_mut()
                .append_pair("per_page", &PAGE.to_string())
                .append_pair("page", &page.to_string());
            let answer = self.ask(client, api, &url, get(api::JSON, None)).await?;
            let Some(list) = answer.as_array() else { break };
            all.extend(list.iter().filter_map(read_installation));
            if list.len() < PAGE {
                (state.installations, state.asked) = (all, Some(now()));
                return Ok(());
            }
        }
        let text = format!("{} does not say where the GitHub App {} is installed", api.host, self.id);
        Err(HostError::Unreachable(text))
    }

    /// A new token of an installation, and until when it is used.
    async fn new_token(&self, client: &Client, api: &Api, id: u64) -> Result<(String, i64), HostError> {
        let url = below(&api.base, ["app", "installations", &id.to_string(), "access_tokens"]);
        let answer = self.ask(client, api, &url, Call { method: "POST", ..get(api::JSON, None) }).await?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let ends = text("expires_at").and_then(|text| text.parse::<Timestamp>().ok());
        match (text("token"), ends) {
            (Some(token), Some(ends)) => Ok((token.to_owned(), ends.as_second() - BEFORE_END)),
            _ => Err(HostError::Unreachable(format!("GitHub gave the app {} no token", self.id))),
        }
    }

    /// A statement of who the app is, for ten minutes; a minute in the past, as clocks differ.
    fn jwt(&self, now: i64) -> Option<String> {
        let issuer = self.id.parse::<u64>().map_or_else(|_| json!(self.id), |id| json!(id));
        let claims = json!({ "iat": now - 60, "exp": now + 540, "iss": issuer });
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
        Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn read_installation(value: &Value) -> Option<Installation> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
    Some(Installation {
        id: value.get("id")?.as_u64()?,
        owner: text("/account/login")?.to_owned(),
        organization: text("/target_type") == Some("Organization"),
        suspended: value.get("suspended_at").is_some_and(|at| !at.is_null()),
    })
}

/// A private key as GitHub gives it out (PKCS#1), or as other tools write it (PKCS#8). Line ends may stand as `\n`, as
/// they do in environment variables.
fn key(pem: &str) -> Result<KeyPair, String> {
    let pem = pem.replace("\\n", "\n");
    let read = |label: &str| {
        let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
        let (_, rest) = pem.split_once(&begin)?;
        let (body, _) = rest.split_once(&end)?;
        let body: String = body.split_whitespace().collect();
        STANDARD.decode(body).ok()
    };
    let unusable = |error: ring::error::KeyRejected| format!("the RSA key cannot be used: {error}");
    match (read("RSA PRIVATE KEY"), read("PRIVATE KEY")) {
        (Some(der), _) => KeyPair::from_der(&der).map_err(unusable),
        (None, Some(der)) => KeyPair::from_pkcs8(&der).map_err(unusable),
        (None, None) => Err("an RSA key in PEM is expected: -----BEGIN RSA PRIVATE KEY----- ...".to_owned()),
    }
}
