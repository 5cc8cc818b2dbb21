//! Which credential goes with which organization: `credentials`, and the older `token` and `credential`.

use std::collections::HashSet;

use url::Url;

use crate::client::host_of;
use crate::code::address::base;
use crate::code::address::below;
use crate::code::credential::{Credential, Granted};
use crate::config::ConfigProblem;
use crate::fields::Fields;

/// Azure DevOps as a resource of Entra ID: the same everywhere.
const SCOPE: &str = "499b84ac-1321-427f-aa17-267ca6975798/.default";

pub(super) struct Credentials {
    /// With the organizations it is for; none of them means all others.
    known: Vec<(Vec<String>, Credential)>,
    nobody: Credential,
}

impl Credentials {
    pub(super) fn read(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let before = problems.len();
        let (token, older, list) = (entry.get("token"), entry.get("credential"), entry.get("credentials"));
        if list.is_there() && (token.is_there() || older.is_there()) {
            list.wrong(
                problems,
                "token and credential are older forms of this: only one of them is expected",
            );
        }
        let mut known = Vec::new();
        for each in list.list().iter().chain(Some(&older).filter(|older| older.is_there())) {
            known.extend(one(each, problems));
        }
        known.extend(token.text(problems).map(|token| (Vec::new(), Credential::basic("", &token))));
        let mut seen = HashSet::new();
        for (organizations, _) in &known {
            let names = organizations
                .iter()
                .map(|name| name.to_lowercase())
                .chain(organizations.is_empty().then(String::new));
            for name in names.filter(|name| !seen.insert(name.clone())).collect::<Vec<_>>() {
                let whose =
                    if name.is_empty() { "all others".to_owned() } else { format!("organization {name}") };
                list.wrong(problems, format!("two credentials are for {whose}"));
            }
        }
        (problems.len() == before).then_some(Self { known, nobody: Credential::None })
    }

    /// The credential of an organization, or the one for all others.
    pub(super) fn of(&self, owner: &str) -> &Credential {
        let owner = owner.rsplit('/').next().unwrap_or(owner);
        let named =
            self.known.iter().find(|(names, _)| names.iter().any(|name| name.eq_ignore_ascii_case(owner)));
        let found = named.or_else(|| self.known.iter().find(|(names, _)| names.is_empty()));
        found.map_or(&self.nobody, |(_, credential)| credential)
    }

    /// Whether there is any.
    pub(super) fn are_there(&self) -> bool {
        !self.known.is_empty()
    }

    /// Hosts that grant tokens.
    pub(super) fn reaches(&self) -> impl Iterator<Item = String> {
        self.known.iter().filter_map(|(_, credential)| match credential {
            Credential::Granted(granted) => Some(host_of(granted.url())),
            _ => None,
        })
    }
}

/// One credential: a personal access token, or an application with its secret.
fn one(entry: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<(Vec<String>, Credential)> {
    let organizations = entry.get("organizations").texts(problems);
    let mut text = |key: &str| entry.get(key).text(problems);
    let token = text("personalAccessToken").or_else(|| text("token"));
    let (tenant, id, secret) = (text("tenantId"), text("clientId"), text("clientSecret"));
    let credential = match (token, tenant, id, secret) {
        (Some(token), None, None, None) => Credential::basic("", &token),
        (None, Some(tenant), Some(id), Some(secret)) => {
            let authority = base(&entry.get("authority"), "https://login.microsoftonline.com", problems)?;
            let url: Url = below(&authority, [tenant.as_str(), "oauth2", "v2.0", "token"]);
            Credential::Granted(Granted::by_form(url, &id, &secret, SCOPE))
        }
        (None, _, Some(_), None) => {
            let message = "managed identities are not supported: expected is personalAccessToken, or tenantId, clientId and clientSecret";
            entry.wrong(problems, message);
            return None;
        }
        _ => {
            entry.wrong(problems, "expected is personalAccessToken, or tenantId, clientId and clientSecret");
            return None;
        }
    };
    Some((organizations, credential))
}
