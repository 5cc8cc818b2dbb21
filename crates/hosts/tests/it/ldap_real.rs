//! The same with a real OpenLDAP: its filters, pages, limits, StartTLS and ldaps, and memberships from both sides.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Priority};

use crate::ldap::{by_name, provider};

const BASE: &str = "dc=larkfell,dc=example";
const PEOPLE: usize = 1200;

/// A directory in a temporary folder, on two free ports.
struct Slapd {
    port: u16,
    tls_port: u16,
    server: Child,
    folder: tempfile::TempDir,
}

/// `None`, with the reason printed, where OpenLDAP is not installed; in continuous integration that is a failure.
fn slapd() -> Option<Slapd> {
    static TOLD: OnceLock<()> = OnceLock::new();
    let program = ["/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/lib/openldap/slapd"];
    let Some(program) = program.into_iter().find(|program| Path::new(program).exists()) else {
        let reason = "OpenLDAP is not installed: no /usr/sbin/slapd; scripts/ensure-slapd installs it";
        assert!(std::env::var_os("CI").is_none(), "{reason}");
        TOLD.get_or_init(|| drop(writeln!(std::io::stderr(), "skipped: {reason}")));
        return None;
    };
    Some(Slapd::start(program))
}

impl Slapd {
    fn start(program: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("stagedoor-slapd-").tempdir().unwrap();
        let at = folder.path();
        fs::create_dir(at.join("db")).unwrap();
        fs::write(at.join("slapd.conf"), configuration(at)).unwrap();
        fs::write(at.join("data.ldif"), data()).unwrap();
        let conf = at.join("slapd.conf");
        let mut load = Command::new(program);
        load.args(["-T", "add", "-q", "-f"]).arg(&conf).arg("-l").arg(at.join("data.ldif"));
        let loaded = load.output().unwrap();
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (one, other) = (free(), free());
        let (port, tls_port) = (one.local_addr().unwrap().port(), other.local_addr().unwrap().port());
        drop((one, other));
        let log = fs::File::create(at.join("log")).unwrap();
        let server = Command::new(program)
            .args(["-d", "0", "-h", &format!("ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"), "-f"])
            .arg(&conf)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let slapd = Self { port, tls_port, server, folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", tls_port)).is_err() {
            let log = || fs::read_to_string(slapd.folder.path().join("log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(30), "slapd does not start: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        slapd
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn certificate(name: &str) -> String {
    format!("{}/../server/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn configuration(at: &Path) -> String {
    let schemas: String = ["core", "cosine", "nis", "inetorgperson", "dyngroup"]
        .iter()
        .map(|schema| format!("include /etc/ldap/schema/{schema}.schema\n"))
        .collect();
    format!(
        "{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload dynlist
TLSCertificateFile {}
TLSCertificateKeyFile {}
sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited
database mdb
maxsize 104857600
suffix {BASE}
rootdn cn=admin,{BASE}
rootpw admin-password
directory {}
access to dn.subtree=\"ou=private,{BASE}\" by * none
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=\"cn=robot,{BASE}\" read by anonymous auth by * none
overlay dynlist
dynlist-attrset groupOfURLs memberURL member+memberOf@groupOfNames
",
        certificate("first.cert.pem"),
        certificate("first.key.pem"),
        at.join("db").display(),
    )
}

fn data() -> String {
    let mut all = format!(
        "dn: {BASE}\nobjectClass: domain\ndc: larkfell\n\n\
         dn: cn=robot,{BASE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: robot\n\
         userPassword: robot-password\n\n"
    );
    for unit in ["people", "groups", "private"] {
        all += &format!("dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n\n");
    }
    let mut person = |uid: &str, unit: &str, name: &str| {
        all += &format!(
            "dn: uid={uid},ou={unit},{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {name}\nsn: x\n\
             mail: {uid}@larkfell.example\n\n"
        );
    };
    person("ann", "people", "Ann (North) Lee");
    person("bo", "people", "Bo Park");
    person("hidden", "private", "Hidden");
    for n in 0..PEOPLE {
        person(&format!("p{n}"), "people", "Somebody");
    }
    let mut group = |cn: &str, members: &[String]| {
        let members: String = members.iter().map(|member| format!("member: {member}\n")).collect();
        all += &format!("dn: cn={cn},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {cn}\n{members}\n");
    };
    group("inner", &[format!("uid=bo,ou=people,{BASE}")]);
    group("crew", &[format!("uid=ann,ou=people,{BASE}"), format!("cn=inner,ou=groups,{BASE}")]);
    let everyone: Vec<String> = (0..PEOPLE).map(|n| format!("uid=p{n},ou=people,{BASE}")).collect();
    group("everyone", &everyone);
    all
}

async fn read(port: u16, over: &Value) -> Result<std::collections::BTreeMap<String, Value>, HostError> {
    let (hosts, providers) = provider(port, over);
    providers.0[0].discover(&hosts, Priority::Poll).await.map(|discovery| by_name(&discovery))
}

fn users(options: &Value) -> Value {
    json!({"users": {"dn": format!("ou=people,{BASE}"), "options": options}, "groups": []})
}

#[tokio::test]
async fn a_whole_directory_is_read_in_pages() {
    let Some(slapd) = slapd() else { return };
    let all = read(slapd.port, &json!({})).await.unwrap();
    assert_eq!(all.len(), PEOPLE + 2 + 3, "more than the server gives at once");
    let ann = &all["User:ann"];
    assert_eq!(
        ann["spec"]["profile"],
        json!({"displayName": "Ann (North) Lee", "email": "ann@larkfell.example"})
    );
    assert_eq!(ann["spec"]["memberOf"], json!(["group:default/crew"]));
    let annotations = &ann["metadata"]["annotations"];
    assert_eq!(annotations["backstage.io/ldap-dn"], format!("uid=ann,ou=people,{BASE}"));
    assert_eq!(annotations["backstage.io/ldap-uuid"].as_str().unwrap().len(), 36);
    assert_eq!(all["Group:inner"]["spec"]["parent"], "group:default/crew");
    assert_eq!(all["Group:crew"]["spec"]["children"], json!(["group:default/inner"]));
    assert_eq!(all["User:p7"]["spec"]["memberOf"], json!(["group:default/everyone"]));
    assert!(!all.contains_key("User:hidden"));
    // Without pages the server gives a part, which is no answer.
    let error = read(slapd.port, &users(&json!({"paged": false}))).await.unwrap_err();
    assert!(error.to_string().contains("sizeLimitExceeded"), "{error}");
    // What may not be seen is not there, as far as the server says; nothing is taken for gone.
    let error = read(slapd.port, &json!({"users": {"dn": format!("ou=private,{BASE}")}})).await.unwrap_err();
    assert!(matches!(&error, HostError::Unreachable(text) if text.contains("may not be seen")), "{error:?}");
}

#[tokio::test]
async fn memberships_come_from_the_members_too() {
    let Some(slapd) = slapd() else { return };
    // Groups without their `member`: what is left is `memberOf` of the people.
    let only = json!({
        "users": {"dn": format!("ou=people,{BASE}"), "options": {
            "filter": "(|(uid=ann)(uid=bo))", "attributes": ["*", "+", "memberOf"],
        }},
        "groups": {"dn": format!("ou=groups,{BASE}"), "options": {"attributes": ["cn"]}},
    });
    let all = read(slapd.port, &only).await.unwrap();
    assert_eq!(all["User:ann"]["spec"]["memberOf"], json!(["group:default/crew"]));
    assert_eq!(all["User:bo"]["spec"]["memberOf"], json!(["group:default/inner"]));
    assert_eq!(
        all["Group:crew"]["metadata"]["annotations"]["backstage.io/ldap-dn"],
        format!("cn=crew,ou=groups,{BASE}")
    );
}

/// Attack case 32: what stands in a value stays in the value.
#[tokio::test]
async fn filters_mean_what_they_say() {
    let Some(slapd) = slapd() else { return };
    for (filter, expected) in [
        ("(uid=ann)", 1),
        ("uid=ann", 1),
        ("(&(objectClass=inetOrgPerson)\n  (|(uid=ann)(uid=bo)))", 2),
        ("(&(uid=*)(!(uid=p*)))", 2),
        ("(uid=p1*9)", 31),
        ("(cn=*\\28North\\29*)", 1),
        ("(cn=Ann \\28North\\29 Lee)", 1),
        ("(uid=\\61nn)", 1),
        ("(uid=ann\\29\\28uid=\\2a)", 0),
        ("(cn~=somebody)", PEOPLE),
        ("(uid:caseExactMatch:=ANN)", 0),
        ("(uid:caseIgnoreMatch:=ANN)", 1),
        ("(ou:dn:=people)", PEOPLE + 2),
        ("(&(createTimestamp>=19700101000000Z)(uid=bo))", 1),
    ] {
        let found = read(slapd.port, &users(&json!({"filter": filter}))).await.unwrap();
        assert_eq!(found.len(), expected, "{filter}");
    }
    let deep =
        json!({"users": {"dn": BASE, "options": {"scope": "sub", "filter": "(uid=ann)"}}, "groups": []});
    assert_eq!(read(slapd.port, &deep).await.unwrap().len(), 1);
    let one = json!({"users": {"dn": format!("uid=bo,ou=people,{BASE}"), "options": {"scope": "base"}}, "groups": []});
    assert_eq!(read(slapd.port, &one).await.unwrap().keys().next().unwrap(), "User:bo");
}

#[tokio::test]
async fn tls_is_believed_only_with_its_authority() {
    let Some(slapd) = slapd() else { return };
    let (plain, secure) = (slapd.port, slapd.tls_port);
    let with = |target: String, tls: Value| {
        let mut over = users(&json!({"filter": "(uid=ann)"}));
        over["target"] = json!(target);
        over["tls"] = tls;
        over
    };
    let (ldap, ldaps) = (format!("ldap://127.0.0.1:{plain}"), format!("ldaps://127.0.0.1:{secure}"));
    let (good, other) = (certificate("first.cert.pem"), certificate("second.cert.pem"));
    for over in [
        with(ldaps.clone(), json!({"ca": good})),
        with(ldap.clone(), json!({"ca": good, "startTls": true})),
        with(ldaps.clone(), json!({"rejectUnauthorized": false})),
        with(format!("ldaps://localhost:{secure}"), json!({"ca": good})),
    ] {
        assert_eq!(read(plain, &over).await.unwrap().len(), 1, "{over}");
    }
    for over in [
        with(ldaps.clone(), json!({})),
        with(ldaps.clone(), json!({"ca": other})),
        with(ldap, json!({"ca": other, "startTls": true})),
        with(format!("ldaps://127.0.0.1:{plain}"), json!({"ca": good})),
    ] {
        let error = read(plain, &over).await.unwrap_err();
        assert!(matches!(error, HostError::Unreachable(_)), "{over}: {error:?}");
        assert!(!error.to_string().contains("robot-password"));
    }
    let mut wrong = with(ldaps, json!({"ca": good}));
    wrong["bind"] = json!({"dn": format!("cn=robot,{BASE}"), "secret": "wrong-password"});
    assert!(matches!(read(plain, &wrong).await.unwrap_err(), HostError::Denied(_)));
}
