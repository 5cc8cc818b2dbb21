//! `app-config.yaml` as existing installations have it, and as people get it wrong.

mod back_ends;
mod guests;
mod runs;
mod wire;

use std::path::PathBuf;

use stagedoor_server::config::{
    AllowRule, Config, ConfigErrors, Environment, LocationKind, Polling, TargetMatcher, load,
};
use tempfile::TempDir;

/// A directory with these files; the files named `app-config...` are loaded, in this order.
struct Case {
    directory: TempDir,
    files: Vec<PathBuf>,
}

fn case(files: &[(&str, &str)]) -> Case {
    let directory = tempfile::tempdir().unwrap();
    let mut loaded = Vec::new();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        if name.starts_with("app-config") {
            loaded.push(path);
        }
    }
    Case { directory, files: loaded }
}

impl Case {
    fn load(&self, variables: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        let environment: Environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(&self.files, &environment)
    }

    fn good(&self, variables: &[(&str, &str)]) -> Config {
        self.load(variables).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// The errors, one a line, without the name of the directory.
    fn errors(&self, variables: &[(&str, &str)]) -> Vec<String> {
        let errors = self.load(variables).err().unwrap_or_else(|| panic!("should be refused"));
        self.lines(&errors.to_string())
    }

    fn lines(&self, text: &str) -> Vec<String> {
        let directory = format!("{}/", self.directory.path().display());
        text.replace(&directory, "").lines().map(str::to_owned).collect()
    }

    fn warnings(&self, config: &Config) -> Vec<String> {
        config.warnings.iter().flat_map(|warning| self.lines(&warning.to_string())).collect()
    }
}

fn one(text: &str) -> Case {
    case(&[("app-config.yaml", text)])
}

fn kinds(rules: &[AllowRule]) -> Vec<&str> {
    rules.iter().flat_map(|rule| rule.allow.iter().map(|allowed| allowed.kind.as_str())).collect()
}

/// As people carry it over from Backstage.
const STOCK: &str = r#"
app: { title: My Portal, baseUrl: http://localhost:7007 }
organization: { name: Acme }
backend:
  baseUrl: http://localhost:7007
  listen: { port: 7007 }
  auth: { externalAccess: [ { type: static, options: { token: "${CI_TOKEN}", subject: ci } } ] }
integrations: { github: [ { host: github.com, token: "${GITHUB_TOKEN}" } ] }
auth: { environment: development, providers: { guest: {} } }
catalog:
  rules: [ { allow: [Component, System, API, Resource, Location] } ]
  locations:
    - { type: file, target: ../../examples/entities.yaml }
    - { type: file, target: ../../examples/org.yaml, rules: [ { allow: [User, Group] } ] }
    - { type: file, target: ../../examples/template/template.yaml, rules: [ { allow: [Template] } ] }
  providers:
    github:
      acme: { organization: acme, catalogPath: /catalog-info.yaml, filters: { branch: main, repository: ".*" }, schedule: { frequency: { minutes: 30 }, timeout: { minutes: 3 } } }
techdocs: { builder: local, generator: { runIn: local }, publisher: { type: local } }
permission: { enabled: false }
"#;

#[test]
fn a_stock_configuration_starts_unchanged() {
    let case = one(STOCK);
    let config = case.good(&[("CI_TOKEN", "t0ken-of-ci"), ("GITHUB_TOKEN", "ghp_1")]);
    assert_eq!(config.title.as_deref(), Some("My Portal"));
    assert_eq!(config.organization.as_deref(), Some("Acme"));
    assert_eq!(config.base_url.as_deref(), Some("http://localhost:7007"));
    let listen = config.listen.clone().unwrap();
    assert_eq!((listen.host, listen.port), (None, Some(7007)));
    assert_eq!(
        kinds(config.rules.as_deref().unwrap()),
        ["Component", "System", "API", "Resource", "Location"]
    );

    assert_eq!(config.locations.len(), 3);
    let org = &config.locations[1];
    assert_eq!((org.kind, org.target.as_str()), (LocationKind::File, "../../examples/org.yaml"));
    assert_eq!(kinds(&org.rules), ["User", "Group"]);
    assert_eq!(org.place.line(), 14);
    assert_eq!(org.config_dir, case.directory.path());
    assert_eq!(org.paths()[1], case.directory.path().join("packages/backend/../../examples/org.yaml"));

    assert_eq!(case.warnings(&config), ["not used yet: techdocs, permission, auth.environment"]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("ghp_1") && !shown.contains("t0ken"), "{shown}");
}

#[test]
fn what_is_wrong_with_hosts_and_providers_is_told_with_its_place() {
    let text = "\
integrations:
  github:
    - host: github.com
      token: [secret]
  guthub: []
catalog:
  readonly: perhaps
  processingInterval: often
  defaultLocationConflictStrategy: refuse
  providers:
    github:
      acme:
        organization: acme
        schedule:
          frequency: often
";
    let errors = one(text).load(&[]).unwrap_err();
    let told: Vec<_> = errors.errors.iter().map(|e| (e.place.line(), e.message.as_str())).collect();
    assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 7, 8, 9, 15], "{told:?}");
    assert!(told[0].1.starts_with("integrations.github[0].token: "), "{told:?}");
    assert!(told[4].1.starts_with("catalog.providers.github.acme.schedule.frequency: "), "{told:?}");
    assert!(
        errors.warnings.iter().any(|w| w.message.contains("did you mean github?")),
        "{:?}",
        errors.warnings
    );
}

#[test]
fn the_pace_of_the_catalog_is_backstages() {
    let outside = |text: &str| one(text).good(&[]).outside.clone();
    let every = |seconds| Polling::Every(std::time::Duration::from_secs(seconds));
    assert_eq!(outside("catalog: {}\n").polling, Polling::Usual);
    assert_eq!(outside("catalog: { processingInterval: false }\n").polling, Polling::Never);
    assert_eq!(outside("catalog: { processingInterval: { minutes: 30 } }\n").polling, every(1800));
    assert_eq!(outside("catalog: { processingInterval: PT5M }\n").polling, every(300));
    let all = outside(
        "catalog: { readonly: true, defaultLocationConflictStrategy: refresh, orphanProviderStrategy: keep }\n",
    );
    assert!(all.readonly && all.refreshes_registered && all.keeps_abandoned);
}

#[test]
fn no_file_and_empty_files_are_a_configuration() {
    assert!(load(&[], &Environment::default()).unwrap().rules.is_none());
    assert!(one("# nothing\n").good(&[]).locations.is_empty());
}

#[test]
fn later_files_lie_over_earlier_ones() {
    let case = case(&[
        (
            "app-config.yaml",
            "app: {title: First, baseUrl: 'http://a.example'}\norganization: {name: Acme}\n\
             catalog:\n  rules: [{allow: [API]}]\n  locations: [{type: file, target: a}, {type: file, target: b}]\n",
        ),
        (
            "app-config.local.yaml",
            "app: {title: Second}\ncatalog: {locations: [{type: url, target: 'https://c'}]}\n",
        ),
        ("app-config.production.yaml", "organization: null\ncatalog: {rules: ~}\nbackend: {listen: ':80'}\n"),
    ]);
    let config = case.good(&[]);
    assert_eq!(config.title.as_deref(), Some("Second"));
    assert_eq!(config.base_url.as_deref(), Some("http://a.example"), "objects are merged");
    let targets: Vec<&str> = config.locations.iter().map(|location| location.target.as_str()).collect();
    assert_eq!(targets, ["https://c"], "lists are replaced");
    assert!(config.locations[0].place.to_string().ends_with("app-config.local.yaml:2:23"));
    assert!(config.organization.is_none(), "null removes");
    assert!(config.rules.is_none(), "null removes a list");
    assert_eq!(config.listen.unwrap().port, Some(80));
}

#[test]
fn null_removes_only_what_comes_before() {
    let case = case(&[
        ("app-config.yaml", "app: {title: null}\norganization: {name: {}}\n"),
        ("app-config.b.yaml", "app: {title: Later}\norganization: {name: Acme}\n"),
    ]);
    let config = case.good(&[]);
    assert_eq!((config.title.as_deref(), config.organization.as_deref()), (Some("Later"), Some("Acme")));
    assert!(config.warnings.is_empty());
}

#[test]
fn variables_are_put_in() {
    for (text, expected) in [
        ("${NAME} portal", Some("Acme portal")),
        ("${ NAME }", Some("Acme")),
        ("a ${NAME}${NAME} b", Some("a AcmeAcme b")),
        ("$${NAME}", Some("${NAME}")),
        ("$${NAME} ${NAME}", Some("${NAME} Acme")),
        ("${MISSING:-Default: x}", Some("Default: x")),
        ("${EMPTY:-Default}", Some("Default")),
        ("${NAME:-Default}", Some("Acme")),
        ("${MISSING:-}x", Some("x")),
        ("costs 5$ {x} ${", Some("costs 5$ {x} ${")),
        ("${a{NAME}", Some("${a{NAME}")),
        ("${MISSING}", None),
        ("${NAME} ${MISSING}", None),
    ] {
        let case = one(&format!("app: {{title: '{text}'}}"));
        let config = case.good(&[("NAME", " Acme \n"), ("EMPTY", "")]);
        assert_eq!(config.title.as_deref(), expected, "{text}");
        assert_eq!(config.warnings.len(), usize::from(expected.is_none()), "{text}");
    }
}

#[test]
fn an_unset_variable_drops_its_key_and_says_so() {
    let case = case(&[
        ("app-config.yaml", "app:\n  title: Earlier\norganization:\n  name: {$env: ORG}\n"),
        ("app-config.b.yaml", "app:\n  title: ${TITLE}\n"),
    ]);
    let config = case.good(&[]);
    assert_eq!(config.title.as_deref(), Some("Earlier"));
    assert!(config.organization.is_none());
    assert_eq!(
        case.warnings(&config),
        [
            "app-config.yaml:4:16: organization.name is left out: the variable ORG is not set",
            "app-config.b.yaml:2:10: app.title is left out: the variable TITLE is not set",
        ]
    );
}

#[test]
fn includes_are_read_beside_their_file() {
    let case = case(&[
        (
            "app-config.yaml",
            "app: {$include: 'parts/app.yaml#my.app'}\norganization: {name: {$file: './${DIR}/org.txt'}}\n\
             catalog: {$include: parts/catalog.json}\nstagedoor: {databaseUrl: {$env: DB}}\n",
        ),
        (
            "parts/app.yaml",
            "my: {app: {title: {$file: title.txt}, baseUrl: {$include: 'app.yaml#url'}}}\nurl: http://x\n",
        ),
        ("parts/title.txt", "From ${NOWHERE}\n\n"),
        ("parts/org.txt", "Acme\n"),
        (
            "parts/catalog.json",
            "{\n  \"locations\": [\n    {\"type\": \"file\", \"target\": \"./a.yaml\"}\n  ]\n}\n",
        ),
    ]);
    let config = case.good(&[("DIR", "parts"), ("DB", "postgres://u:p@db/x")]);
    assert_eq!(config.title.as_deref(), Some("From ${NOWHERE}"), "a file's text is taken as it is");
    assert_eq!(config.base_url.as_deref(), Some("http://x"), "a file may include another part of itself");
    assert_eq!(config.organization.as_deref(), Some("Acme"));
    assert_eq!(config.stagedoor.database_url.as_deref(), Some("postgres://u:p@db/x"));
    let location = &config.locations[0];
    assert_eq!(location.config_dir, case.directory.path().join("parts"));
    assert_eq!(case.lines(&location.place.to_string()), ["parts/catalog.json:3:5"]);
}

#[test]
fn what_cannot_be_included_is_refused() {
    for (text, error) in [
        ("{$include: app-config.yaml}", "app-config.yaml:1:23: app-config.yaml includes itself"),
        ("{$include: 'app-config.yaml#app.x'}", "app-config.yaml:1:23: there is no app.x in app-config.yaml"),
        (
            "{support: {$include: 'app-config.yaml#app'}}",
            "app-config.yaml:1:33: app-config.yaml#app includes itself",
        ),
        ("{$include: a.yaml}", "b.yaml:1:15: a.yaml includes itself"),
        ("{$include: missing.yaml}", "app-config.yaml:1:23: missing.yaml can't be read: No such file"),
        ("{$include: b.toml}", "app-config.yaml:1:23: $include reads .yaml, .yml and .json, not b.toml"),
        ("{$include: broken.yaml}", "broken.yaml:3:1: "),
        ("{$include: [a]}", "app-config.yaml:1:23: $include expects text"),
        ("{$file: missing.txt}", "app-config.yaml:1:20: missing.txt can't be read: No such file"),
        ("{$env: X, title: y}", "app-config.yaml:1:13: $env must be the only key of its object"),
    ] {
        let case = case(&[
            ("app-config.yaml", &format!("app:       {text}\n")),
            ("a.yaml", "x: {$include: b.yaml}\n"),
            ("b.yaml", "y: {$include: a.yaml}\n"),
            ("broken.yaml", "a: 1\nb: [\n"),
        ]);
        let errors = case.errors(&[]);
        assert!(errors.len() == 1 && errors[0].starts_with(error), "{text}: {errors:#?}");
    }
}

#[test]
fn includes_that_multiply_are_cut_off() {
    let mut files = vec![("app-config.yaml".to_owned(), "app: {$include: 0.yaml}".to_owned())];
    for n in 0..30 {
        let next = n + 1;
        files.push((
            format!("{n}.yaml"),
            format!("a: {{$include: {next}.yaml}}\nb: {{$include: {next}.yaml}}\n"),
        ));
    }
    files.push(("30.yaml".to_owned(), "x: 1".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let errors = case(&files).errors(&[]);
    assert!(errors.len() == 1 && errors[0].ends_with("more than 1000 includes"), "{errors:#?}");
}

#[test]
fn environment_variables_have_the_last_word() {
    let case =
        one("app: {title: File, baseUrl: 'http://x'}\ncatalog: {locations: [{type: file, target: a}]}\n");
    let config = case.good(&[
        ("APP_CONFIG_app_title", "Plain text"),
        ("APP_CONFIG_organization_name", "\"Quoted\""),
        ("APP_CONFIG_backend_listen", r#"{"host": "127.0.0.1", "port": 8080}"#),
        ("APP_CONFIG_catalog_locations", r#"[{"type": "url", "target": "https://x"}]"#),
        ("APP_CONFIG_app_support", ""),
        ("APP_CONFIG", "nothing"),
    ]);
    assert_eq!(config.title.as_deref(), Some("Plain text"));
    assert_eq!(config.base_url.as_deref(), Some("http://x"));
    assert_eq!(config.organization.as_deref(), Some("Quoted"));
    assert_eq!(config.listen.unwrap().port, Some(8080));
    assert_eq!(config.locations[0].target.as_str(), "https://x");
    assert_eq!(config.locations[0].place.to_string(), "APP_CONFIG_catalog_locations");

    assert_eq!(
        case.errors(&[
            ("APP_CONFIG_backend", r#"{"baseUrl": "http://x"}"#),
            ("APP_CONFIG_stagedoor", "[]"),
            ("APP_CONFIG_stagedoor_dataDir", "y"),
            ("APP_CONFIG_backend_listen_port", "true"),
            ("APP_CONFIG_catalog__rules", "[]"),
            ("APP_CONFIG_organization_name", "null"),
        ]),
        [
            "APP_CONFIG_backend_listen_port: backend.listen.port: expected a port number from 0 to 65535",
            "APP_CONFIG_catalog__rules: the name is no path of keys that begin with a letter, joined by `_`",
            "APP_CONFIG_organization_name: a variable can't remove a key; use null in a file",
            "APP_CONFIG_stagedoor: stagedoor: expected an object, found a list",
            "APP_CONFIG_stagedoor_dataDir: APP_CONFIG_stagedoor sets this already, as a whole",
        ]
    );
}

#[test]
fn every_problem_is_shown_at_once() {
    let case = case(&[
        (
            "app-config.yaml",
            "app:\n  title: 42\n  baseUrl: portal.example.com\norganization: Acme\nbackend:\n  listen:\n    \
             port: 70000\ncatalog:\n  rules:\n    - allow: Component\n    - {}\n    - allow: [{kind: API, spec.type: 1}, [x]]\n      \
             locations: [{type: file, exact: a, pattern: b}, {}]\n  locations:\n    - target: ./a.yaml\n    - \
             {type: file, target: ''}\n    - just text\nstagedoor:\n  outbound: {allow: [10.0.0.0/99, ok.example]}\n",
        ),
        ("app-config.b.yaml", "app: [\n"),
        ("app-config.c.yaml", "- a list\n"),
    ]);
    let missing = case.directory.path().join("app-config.missing.yaml");
    let case = Case { files: [case.files.clone(), vec![missing]].concat(), ..case };
    assert_eq!(
        case.errors(&[]),
        [
            "app-config.b.yaml:2:1: While parsing a node, did not find expected node content",
            "app-config.c.yaml:1:1: expected an object, found a list",
            "app-config.missing.yaml:1:1: app-config.missing.yaml can't be read: No such file or directory (os error 2)",
            "app-config.yaml:2:10: app.title: expected text, found a number",
            "app-config.yaml:3:12: app.baseUrl: expected an address such as https://portal.example.com",
            "app-config.yaml:4:15: organization: expected an object, found text",
            "app-config.yaml:7:11: backend.listen.port: expected a port number from 0 to 65535",
            "app-config.yaml:10:14: catalog.rules[0].allow: expected a list, found text",
            "app-config.yaml:11:7: catalog.rules[1]: allow is missing",
            "app-config.yaml:12:38: catalog.rules[2].allow[0].spec.type: expected text, found a number",
            "app-config.yaml:12:42: catalog.rules[2].allow[1]: expected a kind, or an object with kind and spec.type, found a list",
            "app-config.yaml:13:19: catalog.rules[2].locations[0]: exact and pattern exclude each other",
            "app-config.yaml:13:55: catalog.rules[2].locations[1]: type is missing",
            "app-config.yaml:15:7: catalog.locations[0]: type is missing",
            "app-config.yaml:16:28: catalog.locations[1].target: expected text, found an empty text",
            "app-config.yaml:17:7: catalog.locations[2]: expected an object, found text",
            "app-config.yaml:19:22: stagedoor.outbound.allow[0]: `10.0.0.0/99`: the range is longer than an address",
        ]
    );
}

#[test]
fn unknown_keys_are_named_and_not_fatal() {
    let case = one(
        "ap: {}\napp: {titel: x}\ncatalog:\n  location: []\n  rules: [{allow: [API], location: []}]\n  \
         locations:\n    - {type: file, target: a, rulez: []}\n    - {type: github-discovery, target: 'https://x'}\n\
         somethingElse: {a: 1}\n",
    );
    let config = case.good(&[]);
    assert_eq!(config.locations.len(), 1);
    assert_eq!(
        case.warnings(&config),
        [
            "app-config.yaml:1:1: unknown key ap; did you mean app?",
            "app-config.yaml:9:1: unknown key somethingElse",
            "app-config.yaml:2:7: unknown key app.titel; did you mean title?",
            "app-config.yaml:4:3: unknown key catalog.location; did you mean locations?",
            "app-config.yaml:7:31: unknown key catalog.locations[0].rulez; did you mean rules?",
            "app-config.yaml:8:7: catalog.locations[1] is not read: locations of github-discovery are not supported",
            "app-config.yaml:5:26: unknown key catalog.rules[0].location; did you mean locations?",
        ]
    );
}

#[test]
fn addresses_to_listen_on() {
    for (text, host, port) in [
        (":7007", None, Some(7007)),
        ("'7007'", None, Some(7007)),
        ("7007", None, Some(7007)),
        ("127.0.0.1:80", Some("127.0.0.1"), Some(80)),
        ("'[::1]:80'", Some("::1"), Some(80)),
        ("{host: 0.0.0.0}", Some("0.0.0.0"), None),
        ("{host: localhost, port: '8080'}", Some("localhost"), Some(8080)),
        ("{host: localhost, port: '${PORT}'}", Some("localhost"), Some(9090)),
    ] {
        let listen = one(&format!("backend: {{listen: {text}}}")).good(&[("PORT", "9090")]).listen.unwrap();
        assert_eq!((listen.host.as_deref(), listen.port), (host, port), "{text}");
    }
    for text in ["localhost", "a:b", "':70000'", "true", "[1]", "-1"] {
        assert_eq!(one(&format!("backend: {{listen: {text}}}")).errors(&[]).len(), 1, "{text}");
    }
}

#[test]
fn rules_keep_what_they_say() {
    let case = one(
        "catalog:\n  rules:\n    - allow: [Component, {kind: Template, spec.type: website}]\n      locations:\n        \
         - {type: url, pattern: 'https://github.com/acme/**'}\n        - {type: file, exact: a.yaml}\n        \
         - {type: file}\n    - {allow: [], locations: []}\n",
    );
    let rules = case.good(&[]).rules.unwrap();
    assert_eq!(rules[0].allow[1].spec_type.as_deref(), Some("website"));
    let locations = rules[0].locations.as_ref().unwrap();
    assert_eq!(locations[0].target, Some(TargetMatcher::Pattern("https://github.com/acme/**".into())));
    assert_eq!(locations[1].target, Some(TargetMatcher::Exact("a.yaml".into())));
    assert_eq!((locations[2].kind.as_str(), &locations[2].target), ("file", &None));
    assert_eq!((rules[1].allow.len(), rules[1].locations.as_deref()), (0, Some([].as_slice())));
    assert_eq!(one("catalog: {rules: []}").good(&[]).rules, Some(vec![]), "nothing is allowed");
}

#[test]
fn own_settings() {
    let case = one("stagedoor:\n  dataDir: ./data\n  outbound: {allow: [10.0.0.0/8, 'git.example:8443']}\n");
    let config = case.good(&[]);
    assert_eq!(config.stagedoor.data_dir, Some(case.directory.path().join("./data")));
    let expected = "10.0.0.0/8,git.example:8443";
    assert_eq!(config.stagedoor.outbound_allow, expected.parse().unwrap());
    let text = one(&format!("stagedoor: {{outbound: {{allow: '{expected}'}}}}")).good(&[]);
    assert_eq!(text.stagedoor.outbound_allow, expected.parse().unwrap());
}

#[test]
fn secrets_are_not_printed() {
    let case = case(&[
        (
            "app-config.yaml",
            "app: {title: 'x ${S}'}\norganization: {name: {$env: S}}\nbackend: {listen: '${S}:1'}\n\
             stagedoor: {databaseUrl: 'plain-s3cret'}\ncatalog: {locations: [{type: url, target: {$file: s.txt}}]}\n",
        ),
        ("s.txt", "s3cret"),
    ]);
    let text = format!("{:?}", case.good(&[("S", "s3cret")]));
    assert!(!text.contains("s3cret"), "{text}");
    assert!(text.contains("[redacted]"));

    let case = one(
        "app: {baseUrl: '${S}'}\nstagedoor: {outbound: {allow: '${S}'}}\ncatalog: {locations: [{type: '${S}', target: x}]}\n",
    );
    let errors = case.load(&[("S", "s3cret/x")]).unwrap_err();
    assert_eq!(errors.errors.len(), 2);
    let text =
        format!("{errors} {errors:?} {:?}", Environment::from_iter([("S".to_owned(), "s3cret".to_owned())]));
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn the_quickstart_is_read() {
    let file =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/quickstart/app-config.yaml"));
    let config = load(&[file], &Environment::default()).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert!(config.locations.len() > 3);
}
