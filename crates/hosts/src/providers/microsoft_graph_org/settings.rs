//! The keys of one tenant, as Backstage has them.

use stagedoor_outbound::AllowList;
use url::Url;

use crate::client::host_of;
use crate::config::ConfigProblem;
use crate::fields::Fields;

const TARGET: &str = "https://graph.microsoft.com/v1.0";
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// What is read of one tenant, and how.
pub(super) struct Settings {
    /// Without a slash at its end.
    pub(super) target: Url,
    /// Where tokens are given out.
    pub(super) token_url: Url,
    pub(super) tenant: String,
    pub(super) client: String,
    pub(super) secret: String,
    /// Whether everything is asked in the mode with more operators (and no `$expand`).
    pub(super) advanced: bool,
    pub(super) user: Part,
    pub(super) photos: bool,
    pub(super) group: Part,
    pub(super) sub_groups: bool,
    /// Users are the members of these groups, where anything is said of them.
    pub(super) members_of: Option<Part>,
}

/// One collection and what of it is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) path: String,
    pub(super) filter: Option<String>,
    pub(super) search: Option<String>,
    pub(super) select: Vec<String>,
    pub(super) expand: Option<String>,
}

impl Settings {
    /// None where something is wrong, which is said.
    pub(super) fn read(fields: &Fields<'_>, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        let before = problems.len();
        let target = address(&fields.get("target"), TARGET, problems);
        let authority = address(&fields.get("authority"), AUTHORITY, problems);
        let [tenant, client, secret] =
            ["tenantId", "clientId", "clientSecret"].map(|key| fields.get(key).required(problems));
        let mode = fields.get("queryMode");
        let advanced = match mode.text(problems).as_deref() {
            None | Some("basic") => false,
            Some("advanced") => true,
            Some(_) => {
                mode.wrong(problems, "basic or advanced is expected");
                false
            }
        };
        let (user, group) = (fields.get("user"), fields.get("group"));
        let photos = user.get("loadPhotos").flag(true, problems);
        let sub_groups = group.get("includeSubGroups").flag(false, problems);
        let members = fields.get("userGroupMember");
        let members = members.is_there().then(|| Part::read(&members, "groups", problems));
        let (user, group) = (Part::read(&user, "users", problems), Part::read(&group, "groups", problems));
        let tenant = tenant.filter(|tenant| {
            // It becomes a part of an address.
            let plain = tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            if !plain {
                fields.get("tenantId").wrong(problems, "an id or a domain is expected");
            }
            plain
        });
        let settings = Self {
            token_url: authority?.join(&format!("{}/oauth2/v2.0/token", tenant.as_ref()?)).ok()?,
            target: target?,
            tenant: tenant?,
            client: client?,
            secret: secret?,
            advanced,
            user,
            photos,
            group,
            sub_groups,
            members_of: members,
        };
        (problems.len() == before).then_some(settings)
    }

    /// Both hosts: the configuration names them, so they may be in a private network.
    pub(super) fn reaches(&self) -> Vec<String> {
        let one = |url: &Url| {
            let host = host_of(url);
            // An address that the list cannot hold would take the others with it.
            AllowList::new([host.as_str()]).is_ok().then_some(host)
        };
        [&self.target, &self.token_url].into_iter().filter_map(one).collect()
    }

    /// What a token is for: everything that the client was granted there.
    pub(super) fn scope(&self) -> String {
        format!("{}/.default", self.target.origin().ascii_serialization())
    }
}

fn address(at: &Fields<'_>, default: &str, problems: &mut Vec<ConfigProblem>) -> Option<Url> {
    let text = at.text(problems).unwrap_or_else(|| default.to_owned());
    let url = Url::parse(&format!("{}/", text.trim_end_matches('/'))).ok();
    let good = url.filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.username().is_empty()
    });
    if good.is_none() {
        at.wrong(problems, "an address such as https://graph.microsoft.com/v1.0 is expected");
    }
    good
}

impl Part {
    fn read(fields: &Fields<'_>, path: &str, problems: &mut Vec<ConfigProblem>) -> Self {
        let named = fields.get("path").text(problems).unwrap_or_else(|| path.to_owned());
        Self {
            path: named.trim_matches('/').to_owned(),
            filter: fields.get("filter").text(problems),
            search: fields.get("search").text(problems),
            select: fields.get("select").texts(problems),
            expand: fields.get("expand").text(problems),
        }
    }
}
