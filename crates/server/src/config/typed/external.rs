//! Reading `backend.auth.externalAccess`. What is not understood here is an error and no warning: to pass over a
//! restriction would let somebody do more than was meant.

use serde_json::Value;
use stagedoor_auth::{ExternalRule, Scopes, legacy_secret};
use url::Url;

use super::super::external::{ExternalAccess, ExternalWay, Secret};
use super::super::types::Text;
use super::super::value::Data;
use super::{At, Reader};

const ENTRY: &[&str] = &["type", "options", "accessRestrictions"];
const STATIC: &[&str] = &["token", "subject"];
const LEGACY: &[&str] = &["secret", "subject"];
const JWKS: &[&str] = &["url", "issuer", "algorithm", "audience", "subjectPrefix", "claims"];
const RESTRICTION: &[&str] = &["plugin", "permission", "permissionAttribute"];
const ACTIONS: &[&str] = &["create", "read", "update", "delete"];
/// As Backstage demands it.
const SHORTEST_TOKEN: usize = 8;

impl Reader<'_> {
    pub(super) fn external_access(&mut self, at: &At<'_>) -> Vec<ExternalAccess> {
        if self.list(at).is_none() {
            return Vec::new();
        }
        at.items().filter_map(|entry| self.external_entry(&entry)).collect()
    }

    fn external_entry(&mut self, at: &At<'_>) -> Option<ExternalAccess> {
        self.only(at, ENTRY)?;
        let options = at.key("options");
        let kind = self.required(at, "type")?;
        if options.value.is_none() {
            self.wrong(at, "options is missing");
            return None;
        }
        let way = match kind.as_str() {
            "static" => self.static_way(&options),
            "legacy" => self.legacy_way(&options),
            "jwks" => self.jwks_way(&options),
            _ => {
                self.wrong(&at.key("type"), "expected static, jwks or legacy");
                None
            }
        };
        let scopes = self.restrictions(&at.key("accessRestrictions"));
        Some(ExternalAccess { way: way?, scopes: scopes? })
    }

    fn static_way(&mut self, at: &At<'_>) -> Option<ExternalWay> {
        self.only(at, STATIC)?;
        let (token, subject) = (self.unspaced(at, "token"), self.unspaced(at, "subject"));
        let token = token?;
        if token.len() < SHORTEST_TOKEN {
            self.wrong(&at.key("token"), &format!("must have at least {SHORTEST_TOKEN} characters"));
            return None;
        }
        Some(ExternalWay::Static { token: Text::new(token.into(), true), subject: subject? })
    }

    fn legacy_way(&mut self, at: &At<'_>) -> Option<ExternalWay> {
        self.only(at, LEGACY)?;
        let (secret, subject) = (self.unspaced(at, "secret"), self.unspaced(at, "subject"));
        let Some(secret) = legacy_secret(&secret?) else {
            self.wrong(&at.key("secret"), "must be base64 of at least 16 bytes");
            return None;
        };
        Some(ExternalWay::Legacy { secret: Secret(secret), subject: subject? })
    }

    fn jwks_way(&mut self, at: &At<'_>) -> Option<ExternalWay> {
        self.only(at, JWKS)?;
        let url = self.required(at, "url")?;
        let url = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none() {
            self.wrong(&at.key("url"), "expected an address such as https://id.example.com/jwks.json");
        }
        let algorithms = self.words(&at.key("algorithm"));
        let mut rule = ExternalRule::default();
        if let Err(wrong) = rule.set_algorithms(&algorithms) {
            self.wrong(&at.key("algorithm"), &wrong);
            return None;
        }
        rule.issuers = self.words(&at.key("issuer"));
        rule.audiences = self.words(&at.key("audience"));
        rule.subject_prefix = match at.key("subjectPrefix").value {
            Some(_) => Some(self.unspaced(at, "subjectPrefix")?.into()),
            None => None,
        };
        rule.claims = self.claims(&at.key("claims"))?;
        if rule.audiences.is_empty() && rule.claims.is_empty() {
            let text = format!(
                "{}: every token of this issuer is accepted, whoever it was issued for: set audience",
                at.path
            );
            self.problems.warn(at.value.map(|value| &value.place), text);
        }
        Some(ExternalWay::Jwks { url: url?, rule })
    }

    /// Claims that a token must have: each one of the values that are listed for it.
    fn claims(&mut self, at: &At<'_>) -> Option<Vec<(String, Vec<String>)>> {
        let Some(value) = at.value else { return Some(Vec::new()) };
        let Data::Object(claims) = &value.data else {
            self.expected(at, "an object");
            return None;
        };
        let mut all = Vec::new();
        for (claim, member) in claims {
            let one = |data: &Data| match data {
                Data::Scalar(Value::String(text)) if !text.is_empty() => Some(text.clone()),
                Data::Scalar(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
                _ => None,
            };
            let values: Option<Vec<String>> = match &member.value.data {
                Data::List(items) => items.iter().map(|item| one(&item.data)).collect(),
                data => one(data).map(|value| vec![value]),
            };
            match values.filter(|values| !values.is_empty()) {
                Some(values) => all.push((claim.clone(), values)),
                None => {
                    self.expected(&at.key(claim), "a text, a number, a boolean or a list of those");
                    return None;
                }
            }
        }
        Some(all)
    }

    /// The scopes that restrictions leave: outer `None` after an error, inner `None` without any restriction.
    #[expect(clippy::option_option, reason = "an error and no restriction are not the same")]
    fn restrictions(&mut self, at: &At<'_>) -> Option<Option<Scopes>> {
        if at.value.is_none() {
            return Some(None);
        }
        self.list(at)?;
        let (mut scopes, mut seen): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
        for item in at.items() {
            self.only(&item, RESTRICTION)?;
            let plugin = self.required(&item, "plugin")?;
            if seen.contains(&plugin.as_str().to_owned()) {
                self.wrong(&item.key("plugin"), "this plugin has a restriction already");
                return None;
            }
            seen.push(plugin.as_str().to_owned());
            scopes.extend(self.restriction(&item, &plugin)?);
        }
        // As in Backstage an empty list restricts nothing.
        if seen.is_empty() {
            return Some(None);
        }
        match Scopes::parse(scopes) {
            Ok(scopes) => Some(Some(scopes)),
            Err(unknown) => {
                self.wrong(at, &unknown.to_string());
                None
            }
        }
    }

    fn restriction(&mut self, at: &At<'_>, plugin: &str) -> Option<Vec<&'static str>> {
        let (names, actions) =
            (self.words(&at.key("permission")), self.actions(&at.key("permissionAttribute"))?);
        if plugin != "catalog" {
            let text = format!(
                "{}: this token may use nothing of this plugin: only catalog is served under Backstage's addresses",
                at.path
            );
            self.problems.warn(at.value.map(|value| &value.place), text);
            return Some(Vec::new());
        }
        let known = stagedoor_api_backstage::catalog_permissions();
        if let Some(unknown) = names.iter().find(|name| !known.iter().any(|(known, ..)| known == name)) {
            let hidden = at.key("permission").value.is_some_and(|value| value.secret);
            let shown = if hidden { "this" } else { unknown };
            let all: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
            let text = format!("{shown} is no permission of the catalog here: there are {}", all.join(", "));
            self.wrong(&at.key("permission"), &text);
            return None;
        }
        let left = known.iter().filter(|(name, action, _)| {
            (names.is_empty() || names.iter().any(|n| n == name))
                && (actions.is_empty() || action.is_some_and(|action| actions.iter().any(|a| a == action)))
        });
        Some(left.map(|(.., scope)| *scope).collect())
    }

    fn actions(&mut self, at: &At<'_>) -> Option<Vec<String>> {
        if at.value.is_none() {
            return Some(Vec::new());
        }
        self.only(at, &["action"])?;
        let actions = self.words(&at.key("action"));
        if actions.iter().all(|action| ACTIONS.contains(&action.as_str())) {
            return Some(actions);
        }
        self.wrong(&at.key("action"), &format!("expected some of {}", ACTIONS.join(", ")));
        None
    }

    /// A list of texts, or one; each may have several words, between commas or spaces.
    fn words(&mut self, at: &At<'_>) -> Vec<String> {
        let texts: Vec<Text> = match at.value.map(|value| &value.data) {
            None => return Vec::new(),
            Some(Data::List(_)) => at.items().filter_map(|item| self.text(&item)).collect(),
            Some(_) => self.text(at).into_iter().collect(),
        };
        let mut words: Vec<String> = Vec::new();
        for word in texts.iter().flat_map(|text| text.split([' ', ','])).filter(|word| !word.is_empty()) {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        words
    }

    /// A text without spaces in it.
    fn unspaced(&mut self, at: &At<'_>, key: &str) -> Option<Text> {
        let text = self.required(at, key)?;
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            self.wrong(&at.key(key), "must have no spaces");
            return None;
        }
        Some(text)
    }

    /// An object with no other keys than these.
    fn only(&mut self, at: &At<'_>, keys: &[&str]) -> Option<()> {
        let Data::Object(object) = &at.value?.data else {
            self.expected(at, "an object");
            return None;
        };
        let mut good = true;
        for (key, member) in object.iter().filter(|(key, _)| !keys.contains(&key.as_str())) {
            let text = format!("unknown key {}: expected {}", at.key(key).path, keys.join(", "));
            self.problems.error(&member.key, text);
            good = false;
        }
        good.then_some(())
    }
}
