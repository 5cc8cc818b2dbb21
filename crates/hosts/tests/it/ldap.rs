//! People and groups of a directory, over a fake of one; `ldap_real` has the same with OpenLDAP.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stagedoor_hosts::{Discovery, HostError, Hosts, Priority, Providers};
use stagedoor_outbound::AllowList;

use crate::ldap_fake::{Directory, Fake, Trouble, entry};

const ADMIN: &str = "cn=robot,dc=larkfell,dc=example";
const SECRET: &str = "robot-password";

/// The provider of `catalog.providers.ldapOrg.default`, with what the test lays over it.
pub(crate) fn provider(port: u16, over: &Value) -> (Hosts, Providers) {
    let mut settings = json!({
        "target": format!("ldap://127.0.0.1:{port}"),
        "bind": {"dn": ADMIN, "secret": SECRET},
        "users": {"dn": "ou=people,dc=larkfell,dc=example"},
        "groups": {"dn": "ou=groups,dc=larkfell,dc=example"},
        "schedule": {"frequency": "PT1H", "timeout": "PT5M"},
    });
    for (key, value) in over.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    let (hosts, _) = Hosts::new(None, AllowList::default());
    let (providers, problems) = Providers::new(Some(&json!({"ldapOrg": {"default": settings}})), &hosts);
    assert_eq!(problems, []);
    (hosts, providers)
}

/// Documents by kind and name.
pub(crate) fn by_name(discovery: &Discovery) -> BTreeMap<String, Value> {
    let name =
        |d: &Value| format!("{}:{}", d["kind"].as_str().unwrap(), d["metadata"]["name"].as_str().unwrap());
    discovery.found.iter().map(|found| (name(&found.document), found.document.clone())).collect()
}

async fn read(fake: &Fake, over: &Value) -> Result<BTreeMap<String, Value>, HostError> {
    let (hosts, providers) = provider(fake.port, over);
    providers.0[0].discover(&hosts, Priority::Poll).await.map(|discovery| by_name(&discovery))
}

fn openldap() -> Directory {
    let people = "ou=people,dc=larkfell,dc=example";
    let groups = "ou=groups,dc=larkfell,dc=example";
    let person = |uid: &str, name: &str| {
        let dn = format!("uid={uid},{people}");
        let mail = format!("{uid}@larkfell.example");
        let uuid = format!("11111111-0000-0000-0000-{uid:0>12}");
        entry(&dn, &[("uid", uid), ("cn", name), ("mail", &mail), ("entryDN", &dn), ("entryUUID", &uuid)])
    };
    let group = |cn: &str, members: &[&str]| {
        let dn = format!("cn={cn},{groups}");
        let mut values = vec![("cn", cn), ("description", "a crew"), ("entryDN", dn.as_str())];
        values.extend(members.iter().map(|member| ("member", *member)));
        entry(&dn, &values)
    };
    Directory {
        entries: vec![
            entry("", &[("vendorName", "any")]),
            person("ann", "Ann Lee"),
            person("bo", "Bo Park"),
            // As people write names: another case, blanks.
            group(
                "crew",
                &["UID=ann, OU=People,dc=larkfell,dc=example", "cn=inner,ou=groups,dc=larkfell,dc=example"],
            ),
            group(
                "inner",
                &["uid=bo,ou=people,dc=larkfell,dc=example", "uid=nobody,ou=people,dc=larkfell,dc=example"],
            ),
        ],
        credentials: (ADMIN.into(), SECRET.into()),
        pages: true,
        ..Directory::default()
    }
}

#[tokio::test]
async fn people_and_groups_are_named_and_linked_as_in_backstage() {
    let fake = Fake::start(openldap()).await;
    let (hosts, providers) = provider(fake.port, &json!({}));
    let provider = &providers.0[0];
    assert_eq!((provider.id(), provider.kind()), ("LdapOrgEntityProvider:default", "ldapOrg"));
    assert_eq!(provider.target(), format!("people and groups of ldap://127.0.0.1:{}", fake.port));
    let discovery = provider.discover(&hosts, Priority::Poll).await.unwrap();
    assert_eq!(discovery.missed, None);
    let all = by_name(&discovery);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["Group:crew", "Group:inner", "User:ann", "User:bo"]);
    let place = "ldap://default/uid%3Dann%2Cou%3Dpeople%2Cdc%3Dlarkfell%2Cdc%3Dexample";
    assert_eq!(
        all["User:ann"],
        json!({
            "apiVersion": "backstage.io/v1beta1",
            "kind": "User",
            "metadata": {"name": "ann", "annotations": {
                "backstage.io/ldap-rdn": "ann",
                "backstage.io/ldap-uuid": "11111111-0000-0000-0000-000000000ann",
                "backstage.io/ldap-dn": "uid=ann,ou=people,dc=larkfell,dc=example",
                "backstage.io/managed-by-location": place,
                "backstage.io/managed-by-origin-location": place,
            }},
            "spec": {
                "profile": {"displayName": "Ann Lee", "email": "ann@larkfell.example"},
                "memberOf": ["group:default/crew"],
            },
        })
    );
    assert_eq!(
        all["Group:crew"]["spec"],
        json!({
            "type": "unknown", "profile": {"displayName": "crew"}, "children": ["group:default/inner"],
        })
    );
    assert_eq!(all["Group:crew"]["metadata"]["description"], "a crew");
    assert_eq!(all["Group:inner"]["spec"]["parent"], "group:default/crew");
    assert_eq!(all["User:bo"]["spec"]["memberOf"], json!(["group:default/inner"]));
    // Nobody waits for the good-bye.
    assert_eq!(
        fake.asked()[..4],
        [
            &format!("bind {ADMIN}"),
            "search  0 * +",
            "search ou=people,dc=larkfell,dc=example 1 * +",
            "search ou=groups,dc=larkfell,dc=example 1 * +",
        ]
    );
}

#[tokio::test]
async fn pages_are_read_to_the_end() {
    let fake = Fake::start(openldap()).await;
    fake.change(|directory| {
        let more = (0..25).map(|n| {
            let uid = format!("p{n}");
            entry(&format!("uid={uid},ou=people,dc=larkfell,dc=example"), &[("uid", &uid)])
        });
        directory.entries.extend(more);
    });
    let users = json!({"dn": "ou=people,dc=larkfell,dc=example", "options": {"paged": {"pageSize": 4}}});
    let all = read(&fake, &json!({"users": users})).await.unwrap();
    assert_eq!(all.keys().filter(|name| name.starts_with("User:")).count(), 27);
    let searches = fake.asked().iter().filter(|line| line.starts_with("search ou=people")).count();
    assert_eq!(searches, 7);
    // A server without pages gives everything at once.
    fake.change(|directory| directory.pages = false);
    assert_eq!(read(&fake, &json!({"users": users})).await.unwrap().len(), 29);
    assert_eq!(fake.asked().iter().filter(|line| line.starts_with("search ou=people")).count(), 1);
    let unpaged = json!({"dn": "ou=people,dc=larkfell,dc=example", "options": {"paged": false}});
    fake.change(|directory| directory.pages = true);
    assert_eq!(read(&fake, &json!({"users": unpaged})).await.unwrap().len(), 29);
}

#[tokio::test]
async fn active_directory_says_things_its_own_way() {
    let guid: Vec<u8> = (0..16).collect();
    let base = "ou=people,dc=larkfell,dc=example";
    let mut ann = entry(
        &format!("CN=Ann Lee,{base}"),
        &[
            ("sAMAccountName", "ann"),
            ("distinguishedName", "CN=Ann Lee,OU=People,DC=larkfell,DC=example"),
            ("cn", "Ann Lee"),
            ("memberOf", "CN=Crew,OU=Groups,DC=larkfell,DC=example"),
        ],
    );
    ann.1.push(("objectGUID".into(), vec![guid]));
    ann.1.push(("thumbnailPhoto".into(), vec![vec![0xff, 0xd8, 0xff, 0x00]]));
    let mut crew = entry(
        "CN=Crew,ou=groups,dc=larkfell,dc=example",
        &[("cn", "Crew"), ("distinguishedName", "CN=Crew,OU=Groups,DC=larkfell,DC=example")],
    );
    crew.1.push(("member".into(), Vec::new()));
    let people: Vec<_> =
        (0..7).map(|n| entry(&format!("CN=P{n},{base}"), &[("sAMAccountName", &format!("p{n}"))])).collect();
    let members = (0..7).map(|n| format!("CN=P{n},OU=People,DC=larkfell,DC=example").into_bytes()).collect();
    crew.1.push(("member".into(), members));
    // The fake gives ranges of any attribute with more values; `member` twice is what Active Directory does.
    crew.1.remove(2);
    let mut entries = vec![entry("", &[("forestFunctionality", "7")]), ann, crew];
    entries.extend(people);
    let credentials = (ADMIN.into(), SECRET.into());
    let fake =
        Fake::start(Directory { entries, credentials, pages: true, range: Some(3), ..Directory::default() })
            .await;
    let map = json!({"rdn": "cn", "name": "sAMAccountName", "picture": "thumbnailPhoto", "displayName": ""});
    let set = json!({"metadata.namespace": "staff", "spec.profile.office": "north"});
    let all = read(&fake, &json!({"users": [{"dn": base, "map": map, "set": set}]})).await.unwrap();
    let ann = &all["User:ann"];
    assert_eq!(
        ann["metadata"]["annotations"]["backstage.io/ldap-uuid"],
        "03020100-0504-0706-0809-0a0b0c0d0e0f"
    );
    assert_eq!(
        ann["metadata"]["annotations"]["backstage.io/ldap-dn"],
        "CN=Ann Lee,OU=People,DC=larkfell,DC=example"
    );
    assert_eq!(ann["metadata"]["namespace"], "staff");
    assert!(ann["spec"]["profile"]["displayName"].is_null(), "switched off");
    assert_eq!(ann["spec"]["profile"]["office"], "north");
    assert_eq!(ann["spec"]["profile"]["picture"], "data:image/jpeg;base64,/9j/AA==");
    assert_eq!(ann["spec"]["memberOf"], json!(["group:default/crew"]), "said by the user alone");
    let asked = fake.asked();
    let ranges: Vec<&String> = asked.iter().filter(|line| line.contains(";range=")).collect();
    assert_eq!(ranges.len(), 2, "{asked:?}");
    for n in 0..7 {
        assert_eq!(all[&format!("User:p{n}")]["spec"]["memberOf"], json!(["group:default/crew"]), "p{n}");
    }
}

/// What the configuration sets may be anything; a document that makes no sense is for the catalog to refuse.
#[tokio::test]
async fn values_that_are_set_may_be_anything() {
    let fake = Fake::start(openldap()).await;
    let set = json!({"metadata": "x", "spec": 7, "spec.profile": [], "": 1, "kind": null});
    let people = json!({"dn": "ou=people,dc=larkfell,dc=example", "set": set});
    let groups = json!({"dn": "ou=groups,dc=larkfell,dc=example", "set": set});
    let (hosts, providers) = provider(fake.port, &json!({"users": people, "groups": groups}));
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap().found;
    assert_eq!(found.len(), 4);
    assert_eq!(found[0].document["spec"]["memberOf"], json!(["group:default/crew"]));
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_no_answer() {
    let fake = Fake::start(openldap()).await;
    for (trouble, words) in [
        (Trouble::Code(4), "sizeLimitExceeded"),
        (Trouble::Code(3), "timeLimitExceeded"),
        (Trouble::Code(32), "no such entry"),
        (Trouble::Code(10), "referral"),
        (Trouble::Code(51), "busy"),
        (Trouble::Cut, "in the middle of an answer"),
        (Trouble::Gone, "in the middle of an answer"),
        (Trouble::Http, "no LDAP"),
        (Trouble::Notice, "it ended the connection"),
        (Trouble::Huge, "more than"),
    ] {
        fake.change(|directory| directory.trouble = trouble);
        let error = read(&fake, &json!({})).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{error:?}");
        assert!(error.to_string().contains(words), "{error} has no {words}");
        assert!(!error.to_string().contains(SECRET));
    }
    fake.change(|directory| directory.trouble = Trouble::Referrals);
    assert_eq!(read(&fake, &json!({})).await.unwrap().len(), 4, "referrals are passed over");
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_server_that_is_away() {
    let fake = Fake::start(openldap()).await;
    let error = read(&fake, &json!({"bind": {"dn": ADMIN, "secret": "wrong-password"}})).await.unwrap_err();
    assert!(
        matches!(&error, HostError::Denied(text) if text.contains("wrong name or password")),
        "{error:?}"
    );
    assert!(!error.to_string().contains("wrong-password"));
    let error = read(&fake, &json!({"tls": {"startTls": true}})).await.unwrap_err();
    assert!(error.to_string().contains("StartTLS"), "{error}");
    assert!(!fake.asked().iter().skip(1).any(|line| line.starts_with("bind")), "no password before TLS");
    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (hosts, providers) = provider(port, &json!({}));
    let error = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap_err();
    assert!(matches!(error, HostError::Unreachable(_)), "{error:?}");
}

#[test]
fn wrong_settings_are_named_by_their_places() {
    let (hosts, _) = Hosts::new(None, AllowList::default());
    let problems = |settings: Value| {
        let (providers, problems) = Providers::new(Some(&json!({"ldapOrg": {"x": settings}})), &hosts);
        assert_eq!(providers.0.len(), 0);
        problems.iter().map(|p| format!("{}: {}", p.path.join("."), p.message)).collect::<Vec<_>>()
    };
    let at = "catalog.providers.ldapOrg.x";
    assert_eq!(problems(json!({})), [format!("{at}.target: this is required")]);
    let found = problems(json!({
        "target": "https://ds.larkfell.example",
        "bind": {"dn": "cn=robot", "secret": ""},
        "users": [{"options": {"scope": "all", "filter": "(uid=*", "paged": {"pageSize": 0}}}],
        "groups": {"dn": "ou=groups", "set": []},
        "tls": {"certs": "own.pem"},
    }));
    for place in [
        "target: an address such as ldaps://",
        "bind.secret: this is required",
        "users.0.dn: this is required",
        "users.0.options.scope: one of base",
        "users.0.options.filter: a ) is expected",
        "users.0.options.paged.pageSize: a whole number",
        "groups.set: an object",
        "tls: certs and keys",
    ] {
        assert!(found.iter().any(|text| text.starts_with(&format!("{at}.{place}"))), "{place} in {found:?}");
    }
    for target in ["ldap://robot:secret@ds.larkfell.example", "ds.larkfell.example", "ldap://"] {
        assert_eq!(problems(json!({"target": target})).len(), 1, "{target}");
    }
}

#[tokio::test]
async fn the_older_form_is_read_too() {
    let fake = Fake::start(openldap()).await;
    let (hosts, _) = Hosts::new(None, AllowList::default());
    let ldap = json!({"providers": [{
        "target": format!("ldap://127.0.0.1:{}", fake.port),
        "bind": {"dn": ADMIN, "secret": SECRET},
        "users": {"dn": "ou=people,dc=larkfell,dc=example"},
    }]});
    let mut providers = Providers::default();
    assert_eq!(providers.add_older_directories(Some(&ldap), &hosts), []);
    assert_eq!(providers.0[0].id(), "LdapOrgEntityProvider:default");
    let found = providers.0[0].discover(&hosts, Priority::Poll).await.unwrap();
    assert_eq!(by_name(&found).keys().collect::<Vec<_>>(), ["User:ann", "User:bo"]);
    assert_eq!(providers.add_older_directories(Some(&ldap), &hosts), []);
    assert_eq!(providers.0.len(), 1, "what is there is not there twice");
}
