//! Two documents, one name; and one document that moves.

use serde_json::json;

use super::A;
use crate::support::{Ask, Folder, component, component_with, stream};

#[tokio::test]
async fn of_two_files_that_claim_one_name_the_first_keeps_it_until_it_goes() {
    let folder = Folder::new();
    folder.write("m.yaml", &component_with("a", "from: m"));
    let portal = folder.portal(&["*.yaml"]).await;
    let uid = portal.uid(A).await;
    // One that is read earlier and one that is read later.
    folder.write("a.yaml", &component_with("a", "from: a")).write("z.yaml", &component_with("a", "from: z"));
    portal.sync().await;
    assert_eq!(portal.backstage(A).await["spec"]["from"], "m");
    let conflicts = portal.sources().await[0]["conflicts"].clone();
    let mut claimers: Vec<_> =
        conflicts.as_array().unwrap().iter().map(|c| c["claimer"].as_str().unwrap().to_owned()).collect();
    claimers.sort();
    assert!(
        claimers.len() == 2 && claimers[0].contains("a.yaml") && claimers[1].contains("z.yaml"),
        "{conflicts}"
    );
    assert!(conflicts[0]["holder"].as_str().unwrap().contains("m.yaml"));
    let revision = portal.revision();
    portal.sync().await;
    assert_eq!(portal.revision(), revision, "a conflict that stays writes nothing");

    folder.remove("m.yaml");
    portal.sync().await;
    let next = portal.backstage(A).await;
    assert_eq!(portal.uid(A).await, uid);
    assert!(next["spec"]["from"] == "a" || next["spec"]["from"] == "z", "{next}");
    folder.remove(&format!("{}.yaml", next["spec"]["from"].as_str().unwrap()));
    portal.sync().await;
    let last = portal.backstage(A).await;
    assert_ne!(last["spec"]["from"], next["spec"]["from"]);
    assert_eq!((portal.uid(A).await, &portal.sources().await[0]["conflicts"]), (uid, &json!([])));
}

#[tokio::test]
async fn of_two_sources_that_claim_one_name_the_first_keeps_it_until_it_goes() {
    let folder = Folder::new();
    folder
        .write("one/a.yaml", &component_with("a", "from: one"))
        .write("two/a.yaml", &component_with("a", "from: two"));
    let portal = folder.portal(&["one/*.yaml", "two/*.yaml"]).await;
    let uid = portal.uid(A).await;
    assert_eq!(portal.backstage(A).await["spec"]["from"], "one");
    let sources = portal.sources().await;
    assert_eq!((&sources[0]["conflicts"], &sources[1]["conflicts"][0]["ref"]), (&json!([]), &json!(A)));
    folder.remove("one/a.yaml");
    portal.sync().await;
    assert_eq!((&portal.backstage(A).await["spec"]["from"], portal.uid(A).await), (&json!("two"), uid));
    // The one that waits next is the other one.
    folder.write("one/a.yaml", &component_with("a", "from: one"));
    portal.sync().await;
    assert_eq!(portal.backstage(A).await["spec"]["from"], "two");
}

#[tokio::test]
async fn a_document_that_moves_keeps_its_uid() {
    let folder = Folder::new();
    folder.write("one/m.yaml", &stream(&[component("x"), component("a"), component("y")]));
    folder
        .write("one/a.yaml", &component("p"))
        .write("one/z.yaml", &component("q"))
        .write("two/k.yaml", &component("r"));
    let portal = folder.portal(&["one/*.yaml", "two/*.yaml"]).await;
    let uid = portal.uid(A).await;
    let without = stream(&[component("x"), component("y")]);
    for (what, from, to) in [
        ("to a file read earlier", "one/m.yaml", "one/a.yaml"),
        ("to a file read later", "one/a.yaml", "one/z.yaml"),
        ("to a later source", "one/z.yaml", "two/k.yaml"),
        ("to an earlier source", "two/k.yaml", "one/z.yaml"),
    ] {
        folder.write(from, &without).write(to, &stream(&[component("first"), component("a")]));
        portal.sync().await;
        assert_eq!(portal.uid(A).await, uid, "{what}");
        assert!(
            portal.page("component", A).await["source"]["file"].as_str().unwrap().ends_with(to),
            "{what}"
        );
    }
    // Within its file.
    folder.write("one/z.yaml", &stream(&[component("a"), component("first")]));
    portal.sync().await;
    assert_eq!(portal.uid(A).await, uid);
    assert_eq!(
        portal
            .sources()
            .await
            .iter()
            .flat_map(|s| s["conflicts"].as_array().unwrap())
            .filter(|c| c["ref"] == A)
            .count(),
        0
    );
}

#[tokio::test]
async fn a_file_that_is_renamed_keeps_its_entities() {
    let folder = Folder::new();
    folder.write("m.yaml", &stream(&[component("a"), component("b")]));
    let portal = folder.portal(&["*.yaml"]).await;
    let (uid, stamp) = (portal.uid(A).await, portal.port("component", A).await["createdAt"].clone());
    for (from, to) in [("m.yaml", "a.yaml"), ("a.yaml", "z.yaml")] {
        folder.rename(from, to);
        portal.sync().await;
        assert_eq!(
            (portal.uid(A).await, &portal.port("component", A).await["createdAt"]),
            (uid.clone(), &stamp),
            "{to}"
        );
    }
    assert_eq!(portal.filtered("kind=component").await.len(), 2);
}

#[tokio::test]
async fn one_name_twice_in_one_file_is_the_first_documents() {
    let folder = Folder::new();
    let two = [component_with("a", "from: first"), component_with("A", "from: second"), component("b")];
    folder.write("a.yaml", &stream(&two));
    let portal = folder.portal(&["a.yaml"]).await;
    assert_eq!(portal.backstage(A).await["spec"]["from"], "first");
    let source = portal.sources().await[0].clone();
    assert_eq!(source["conflicts"][0]["ref"], A);
    let revision = portal.revision();
    portal.sync().await;
    assert_eq!(portal.revision(), revision);
    let uid = portal.uid(A).await;
    folder.write("a.yaml", &stream(&two[1..]));
    portal.sync().await;
    let found = portal.backstage(A).await;
    assert_eq!((&found["spec"]["from"], portal.uid(A).await), (&json!("second"), uid));
    assert_eq!(portal.sources().await[0]["conflicts"], json!([]));
}
