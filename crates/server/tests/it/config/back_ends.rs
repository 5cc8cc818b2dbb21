//! `stagedoor.ai`, `stagedoor.kafka`, `stagedoor.terraform` and `kubernetes`.

use super::one;

#[test]
fn back_ends_are_read_with_paths_beside_their_file() {
    let text = "stagedoor:\n  kafka: {brokers: ['k:9092', 'l:9092'], sasl: {username: a, password: hunter2hunter2}}\n  \
                ai: {baseUrl: 'https://models.example.com/v1/', apiKey: hunter5hunter5, model: m, timeoutSeconds: 30}\n  \
                terraform: {local: true, folders: [./scaling], token: hunter3hunter3}\nkubernetes:\n  clusterLocatorMethods:\n    \
                - type: config\n      clusters: [{name: prod, url: 'https://c:6443', serviceAccountToken: hunter4hunter4}]\n";
    let config = one(text).good(&[]);
    let settings = &config.stagedoor.back_ends;
    let ai = settings.ai.as_ref().unwrap();
    assert_eq!((ai.base_url.as_str(), ai.patience.as_secs()), ("https://models.example.com/v1", 30));
    let kafka = settings.kafka.as_ref().unwrap();
    assert_eq!(kafka.brokers, [("k".to_owned(), 9092), ("l".to_owned(), 9092)]);
    assert!(settings.terraform.local && !settings.terraform.downloads);
    let folder = &settings.terraform.folders[0];
    assert!(folder.is_absolute() && folder.ends_with("scaling"), "{}", folder.display());
    assert_eq!(settings.clusters[0].name, "prod");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}

#[test]
fn what_is_wrong_with_a_back_end_has_its_place() {
    let text = "app: {title: x}\nstagedoor:\n  kafka: {brokers: nowhere}\n  terraform: {local: perhaps}\n  \
                ai: {baseUrl: models.example.com, timeoutSeconds: 30}\n\
                kubernetes: {clusterLocatorMethods: [{clusters: [{name: x}]}]}\n";
    let errors = one(text).errors(&[]);
    let expected = [
        "app-config.yaml:3:10: stagedoor.kafka.brokers: one or more brokers are expected, each as host:port",
        "app-config.yaml:4:14: stagedoor.terraform.local: true or false is expected",
        "app-config.yaml:5:7: stagedoor.ai.baseUrl: an address such as https://api.example.com/v1 is expected",
        "app-config.yaml:6:13: kubernetes.clusterLocatorMethods[0].clusters[0].url: this is required",
    ];
    assert_eq!(errors, expected);
}
