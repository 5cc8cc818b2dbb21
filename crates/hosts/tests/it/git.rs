//! Plain git over HTTP, against git's own server.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use stagedoor_hosts::{HostError, Hosts};
use stagedoor_outbound::AllowList;

use crate::fake::{Fake, FakeReply};
use crate::git_server::{GitServer, Spoil, error, git, git_with, has_git, one, read};

/// How a server can be set up: only the old version, or the new one, with and without leaving contents out.
const SETUPS: [(&str, bool, bool); 3] =
    [("old", true, false), ("new", false, false), ("filtering", false, true)];

#[tokio::test]
async fn an_unchanged_reference_costs_one_request_and_no_pack() {
    if !has_git() {
        return;
    }
    for (setup, old, filters) in SETUPS {
        let server = GitServer::start().await;
        server.mood.lock().old = old;
        let repo = server.repo("team/repo.git");
        git(&repo.bare, &["config", "uploadpack.allowFilter", if filters { "true" } else { "false" }]);
        repo.put("catalog/a.yaml", "a: 1\n");
        repo.put("catalog/b c.yaml", "b: 1\n");
        repo.put("catalog/deep/er/c.yaml", "c: 1\n");
        repo.put("readme.md", "# read me\n");
        repo.push();
        let hosts = server.hosts(&json!({}));
        let (file, all) = (
            server.address("team/repo.git//catalog/a.yaml"),
            server.address("team/repo.git//catalog/**/*.yaml?ref=main"),
        );
        let again = if old { "refs" } else { "ls-refs" };

        assert_eq!(one(&hosts, &file).await, ("a: 1\n".to_owned(), false), "{setup}");
        let first = server.asked();
        let expected: &[&str] = match (old, filters) {
            (true, _) => &["refs", "fetch"],
            (_, false) => &["refs", "ls-refs", "fetch"],
            // Trees, then the one content.
            (_, true) => &["refs", "ls-refs", "fetch", "fetch"],
        };
        assert_eq!(first, expected, "{setup}");
        assert_eq!(one(&hosts, &file).await, ("a: 1\n".to_owned(), true), "{setup}");
        assert_eq!(server.asked(), [again], "{setup}");

        let found = read(&hosts, &all).await.unwrap();
        let urls: Vec<&str> = found.iter().map(|file| file.url.rsplit("//").next().unwrap()).collect();
        let expected =
            ["catalog/a.yaml?ref=main", "catalog/b%20c.yaml?ref=main", "catalog/deep/er/c.yaml?ref=main"];
        assert_eq!(urls, expected, "{setup}");
        assert_eq!(found[1].body, "b: 1\n");
        // What was fetched a moment ago is not fetched again; contents of a pattern come together.
        assert_eq!(server.asked(), if filters { vec!["ls-refs", "fetch"] } else { vec![again] }, "{setup}");
        assert!(read(&hosts, &all).await.unwrap().iter().all(|file| file.unchanged));
        assert_eq!(server.asked(), [again], "{setup}");

        repo.put("catalog/a.yaml", "a: 2\n");
        repo.push();
        let found = read(&hosts, &all).await.unwrap();
        let changed: Vec<bool> = found.iter().map(|file| !file.unchanged).collect();
        assert_eq!(
            (found[0].body.as_ref(), changed),
            (b"a: 2\n".as_slice(), vec![true, false, false]),
            "{setup}"
        );
        assert_eq!(one(&hosts, &file).await, ("a: 2\n".to_owned(), false), "{setup}");
        repo.put("readme.md", "# another\n");
        repo.push();
        assert_eq!(one(&hosts, &file).await, ("a: 2\n".to_owned(), true), "another file has changed");
        let budget = &hosts.budgets()[0];
        assert_eq!(budget.host, server.fake.host);
        assert!(budget.sent > budget.unchanged && budget.unchanged >= 3, "{budget:?}");
    }
}

#[tokio::test]
async fn a_reference_is_a_branch_a_tag_or_a_commit() {
    if !has_git() {
        return;
    }
    for (setup, old, _) in SETUPS {
        let server = GitServer::start().await;
        server.mood.lock().old = old;
        let repo = server.repo("r.git");
        repo.put("f", "one");
        let first = repo.push();
        git(&repo.bare, &["tag", "-a", "v1", "-m", "a tag", "main"]);
        git(&repo.bare, &["tag", "light", "main"]);
        git(&repo.bare, &["update-ref", "refs/pull/7/head", "main"]);
        repo.put("f", "two");
        repo.push();
        repo.put("f", "three");
        repo.push_to("refs/heads/feature/x");
        git(&repo.bare, &["config", "uploadpack.allowReachableSHA1InWant", "true"]);
        let hosts = server.hosts(&json!({}));
        for (reference, content) in [
            ("", "two"),
            ("?ref=HEAD", "two"),
            ("?ref=main", "two"),
            ("?ref=feature/x", "three"),
            ("?ref=feature%2Fx", "three"),
            ("?ref=v1", "one"),
            ("?ref=light", "one"),
            ("?ref=refs/tags/v1", "one"),
            ("?ref=refs/heads/main", "two"),
            ("?ref=refs/pull/7/head", "one"),
            (&format!("?ref={first}"), "one"),
        ] {
            assert_eq!(
                one(&hosts, &server.address(&format!("r.git//f{reference}"))).await.0,
                content,
                "{setup} {reference}"
            );
        }
        for missing in
            ["?ref=mai", "?ref=x", "?ref=refs/heads/x", &format!("?ref={}", "1234567890".repeat(4))]
        {
            let error = error(&hosts, &server.address(&format!("r.git//f{missing}"))).await;
            assert!(matches!(error, HostError::NotFound(_)), "{setup} {missing}: {error}");
        }
        assert!(
            error(&hosts, &server.address("r.git//f?ref=x")).await.to_string().contains("no branch or tag x")
        );
        server.repo("empty.git");
        let error = error(&hosts, &server.address("empty.git//f")).await;
        assert!(
            matches!(&error, HostError::NotFound(text) if text.contains("no commit yet")),
            "{setup}: {error}"
        );
    }
}

#[tokio::test]
async fn a_private_repository_needs_its_credential() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("r.git");
    repo.put("f", "private");
    repo.push();
    server.mood.lock().demands = Some(format!("Basic {}", STANDARD.encode("robot:pass-word-1")));
    let target = server.address("r.git//f");
    for (more, over_http) in [
        (json!({}), true),
        (json!({ "username": "robot", "password": "wrong-word-2", "plainHttp": true }), true),
        // Everybody on the way could read it.
        (json!({ "username": "robot", "password": "pass-word-1" }), false),
    ] {
        let error = error(&server.hosts(&more), &target).await;
        assert!(matches!(error, HostError::Denied(_)), "{more}: {error}");
        assert!(!format!("{error:?}").contains("-word-"), "{error:?}");
        assert_eq!(!server.asked().is_empty(), over_http, "{more}");
    }
    let right = json!({ "username": "robot", "password": "pass-word-1", "plainHttp": true });
    assert_eq!(one(&server.hosts(&right), &target).await.0, "private");
    server.mood.lock().demands = Some(format!("Basic {}", STANDARD.encode("git:to-ken-3")));
    let token = json!({ "token": "to-ken-3", "plainHttp": true });
    assert_eq!(one(&server.hosts(&token), &target).await.0, "private");
    // What stood while it could be read still counts: this is no absence.
    let hosts = server.hosts(&token);
    assert_eq!(one(&hosts, &target).await.0, "private");
    server.mood.lock().demands = Some("other".to_owned());
    assert!(matches!(error(&hosts, &target).await, HostError::Denied(_)));
}

#[tokio::test]
async fn what_is_not_there_is_said_to_be_absent() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("r.git");
    repo.put("folder/f.yaml", "x");
    symlink("folder/f.yaml", repo.work.join("link.yaml")).unwrap();
    symlink("/etc", repo.work.join("outside")).unwrap();
    repo.push();
    let module = git(&repo.work, &["rev-parse", "HEAD"]);
    git(&repo.work, &["update-index", "--add", "--cacheinfo", &format!("160000,{module},module")]);
    git(&repo.work, &["commit", "-q", "-m", "a module"]);
    git(&repo.work, &["push", "-q", repo.bare.to_str().unwrap(), "HEAD:main"]);
    let hosts = server.hosts(&json!({}));
    for (target, says) in [
        ("other.git//f", "was not found"),
        ("r.git//g", "no such file"),
        ("r.git//folder", "no such file"),
        ("r.git//folder/f.yaml/x", "no such file"),
        ("r.git//none/*.yaml", "no folder"),
        ("r.git", "names no file"),
        ("r.git//link.yaml", "symbolic link"),
        ("r.git//outside", "symbolic link"),
        ("r.git//outside/passwd", "no such file"),
        ("r.git//outside/*", "no folder"),
        ("r.git//module", "submodule"),
        ("r.git//../x", "git::https://"),
        ("*/r.git//f", "wildcard"),
    ] {
        let error = error(&hosts, &server.address(target)).await;
        assert!(matches!(&error, HostError::NotFound(text) if text.contains(says)), "{target}: {error:?}");
    }
    let secret = server.address("r.git//f").replace("://", "://robot:hunter2@");
    assert!(!error(&hosts, &secret).await.to_string().contains("hunter2"));
    let found = read(&hosts, &server.address("r.git//**")).await.unwrap();
    assert_eq!(found.len(), 1, "only the file itself");
    assert!(read(&hosts, &server.address("r.git//folder/*.json")).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_a_long_history_only_the_newest_commit_comes() {
    if !has_git() {
        return;
    }
    for (setup, old, filters) in SETUPS {
        let server = GitServer::start().await;
        server.mood.lock().old = old;
        let repo = server.repo("r.git");
        git(&repo.bare, &["config", "uploadpack.allowFilter", if filters { "true" } else { "false" }]);
        repo.put("big.bin", noise(3 << 20, 1));
        let words: String = (0..4000).map(|n| format!("line {n} of a text\n")).collect();
        repo.put("text.yaml", &words);
        repo.push();
        std::fs::remove_file(repo.work.join("big.bin")).unwrap();
        for n in 0..5 {
            repo.put("text.yaml", words.replace("line 77 ", &format!("change {n} ")));
            // Much alike: the server sends them as deltas of each other.
            repo.put(&format!("more/{n}.yaml"), words.replace("line 99 ", &format!("kind {n} ")));
            repo.push();
        }
        git(&repo.bare, &["repack", "-q", "-a", "-d", "-f", "--depth=50"]);
        let deltas = git(&repo.bare, &["verify-pack", "-s", &pack_of(&repo.bare)]);
        assert!(deltas.contains("chain length"), "{deltas}");
        let hosts = server.hosts(&json!({}));
        let found = read(&hosts, &server.address("r.git//more/*.yaml")).await.unwrap();
        assert_eq!(found.len(), 5);
        for (n, file) in found.iter().enumerate() {
            assert_eq!(file.body, words.replace("line 99 ", &format!("kind {n} ")), "{setup} {n}");
        }
        assert_eq!(
            one(&hosts, &server.address("r.git//text.yaml")).await.0,
            words.replace("line 77 ", "change 4 ")
        );
        assert!(*server.sent.lock() < 1 << 20, "{setup}: {} bytes", server.sent.lock());
    }
}

fn pack_of(bare: &std::path::Path) -> String {
    let packs = std::fs::read_dir(bare.join("objects/pack")).unwrap();
    let pack =
        packs.map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|e| e == "idx"));
    pack.unwrap().to_str().unwrap().to_owned()
}

/// Bytes that cannot be packed.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..length / 8).flat_map(|_| next()).collect()
}

#[tokio::test]
async fn a_large_file_does_not_stand_in_the_way_of_others() {
    if !has_git() {
        return;
    }
    for (setup, old, filters) in SETUPS {
        let server = GitServer::start().await;
        server.mood.lock().old = old;
        let repo = server.repo("r.git");
        git(&repo.bare, &["config", "uploadpack.allowFilter", if filters { "true" } else { "false" }]);
        // Zeros are cheap to send, and far too many to hold.
        repo.put("large.bin", vec![0; (16 << 20) + 1]);
        repo.put("f.yaml", "small");
        repo.push();
        let hosts = server.hosts(&json!({}));
        assert_eq!(one(&hosts, &server.address("r.git//f.yaml")).await.0, "small", "{setup}");
        let error = error(&hosts, &server.address("r.git//large.bin")).await;
        assert!(
            matches!(&error, HostError::Unreachable(text) if text.contains("larger than")),
            "{setup}: {error:?}"
        );
    }
}

/// Attack case 19: half an answer is none, and changes nothing.
#[tokio::test]
async fn a_broken_answer_is_an_error_until_it_is_whole_again() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("r.git");
    repo.put("f.yaml", noise(40_000, 3));
    repo.push();
    let target = server.address("r.git//f.yaml");
    let spoils: [(&str, Spoil); 7] = [
        ("empty", Vec::clear),
        ("half", |body| body.truncate(body.len() / 2)),
        ("without its last packet", |body| body.truncate(body.len() - 4)),
        ("a bit", |body| {
            let middle = body.len() / 2;
            body[middle] ^= 1;
        }),
        ("no packets", |body| body.splice(..4, *b"zzzz").for_each(drop)),
        ("a page", |body| *body = b"<html>sign in</html>".to_vec()),
        ("an error", |body| *body = b"0018ERR \x1b[31mno room\n".to_vec()),
    ];
    for (name, spoil) in spoils {
        server.mood.lock().spoil = Some(spoil);
        let hosts = server.hosts(&json!({}));
        let error = error(&hosts, &target).await;
        assert!(matches!(error, HostError::Unreachable(_)), "{name}: {error:?}");
        assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
        server.mood.lock().spoil = None;
        assert_eq!(read(&hosts, &target).await.unwrap().len(), 1, "{name}");
    }
    for (name, reply) in [
        (
            "broken off",
            FakeReply::ok(vec![b'0'; 1000])
                .with("content-type", "application/x-git-upload-pack-result")
                .cut(),
        ),
        ("another type", FakeReply::ok("000000")),
        ("no server", FakeReply::status(502)),
    ] {
        server.mood.lock().faults = vec![("git-upload-pack".to_owned(), reply)];
        let error = error(&server.hosts(&json!({})), &target).await;
        assert!(matches!(error, HostError::Unreachable(_)), "{name}: {error:?}");
    }
    server.mood.lock().faults =
        vec![("git-upload-pack".to_owned(), FakeReply::status(429).with("retry-after", 7))];
    assert!(matches!(error(&server.hosts(&json!({})), &target).await, HostError::Exhausted { .. }));
    let page = FakeReply::ok("<html>sign in</html>").with("content-type", "text/html");
    server.mood.lock().faults = vec![("info/refs".to_owned(), page)];
    let error = error(&server.hosts(&json!({})), &target).await;
    assert!(error.to_string().contains("not as a git server does"), "{error}");
}

/// Attack cases 12 and 13: neither an address nor a redirect leads into the network.
#[tokio::test]
async fn redirects_and_private_addresses_are_checked() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("r.git");
    repo.put("f", "x");
    repo.push();
    // Not in integrations.
    let (strangers, _) = Hosts::new(None, AllowList::default());
    for target in [
        server.address("r.git//f"),
        "git::http://169.254.169.254/r.git//f".into(),
        "git::http://[::1]/r//f".into(),
    ] {
        let error = error(&strangers, &target).await;
        assert!(error.to_string().contains("is refused"), "{target}: {error}");
    }
    assert_eq!(server.asked().len(), 0);
    // A repository that has moved on its own server.
    let moved = FakeReply::status(301).with("location", "/r.git/info/refs?service=git-upload-pack");
    server.mood.lock().faults = vec![("old.git".to_owned(), moved)];
    assert_eq!(one(&server.hosts(&json!({})), &server.address("old.git//f")).await.0, "x");
    // To a server that the configuration does not name.
    let other = Fake::start(|_| FakeReply::status(200)).await;
    let away = FakeReply::status(302).with("location", other.url("/r.git/info/refs?service=git-upload-pack"));
    server.mood.lock().faults = vec![("r.git".to_owned(), away)];
    let error =
        error(&server.hosts(&json!({ "token": "to-ken-3", "plainHttp": true })), &server.address("r.git//f"))
            .await;
    assert!(error.to_string().contains("is refused") && !error.to_string().contains("to-ken"), "{error}");
    assert_eq!(other.take().len(), 0);
    // To one that it does name, but without the credential of this one.
    let entries = json!({ "git": [
        { "host": server.fake.host, "token": "to-ken-3", "plainHttp": true }, { "host": other.host },
    ] });
    let (both, _) = Hosts::new(Some(&entries), AllowList::default());
    assert!(read(&both, &server.address("r.git//f")).await.is_err());
    let asked = other.take();
    assert_eq!((asked.len(), asked[0].header("authorization")), (1, None));
}

/// Trees that git itself would refuse to check out, and one that unfolds without end.
#[tokio::test]
async fn strange_trees_lead_nowhere() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("r.git");
    repo.put("f.yaml", "fine");
    repo.push();
    let blob = git(&repo.bare, &["rev-parse", "main:f.yaml"]);
    let tree = |entries: &[(&str, &str, &str)]| {
        let mut content = Vec::new();
        for (mode, name, oid) in entries {
            content.extend(format!("{mode} {name}\0").into_bytes());
            content.extend(
                oid.as_bytes()
                    .chunks(2)
                    .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()),
            );
        }
        git_with(&repo.bare, &["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], &content)
    };
    let commit = |tree: &str, branch: &str| {
        let commit = git(&repo.bare, &["commit-tree", tree, "-m", "x"]);
        git(&repo.bare, &["update-ref", &format!("refs/heads/{branch}"), &commit]);
    };
    let inner = tree(&[("100644", "f.yaml", &blob)]);
    let names = ["..", ".", ".git", ".GIT", "a/b", "a\\b", "c\nd"];
    let entries: Vec<_> = names.iter().map(|name| ("40000", *name, inner.as_str())).collect();
    let mut all = vec![("100644", "f.yaml", blob.as_str())];
    all.extend(entries);
    commit(&tree(&all), "strange");
    let hosts = server.hosts(&json!({}));
    let found = read(&hosts, &server.address("r.git//**/*.yaml?ref=strange")).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].url.ends_with("//f.yaml?ref=strange"));
    // Ten folders in each of ten, ten levels deep, with a hundred files in each of the last: in eleven objects.
    let many: Vec<String> = (0..100).map(|n| format!("{n}.yaml")).collect();
    let mut level =
        tree(&many.iter().map(|name| ("100644", name.as_str(), blob.as_str())).collect::<Vec<_>>());
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    for _ in 0..10 {
        level = tree(&letters.map(|name| ("40000", name, level.as_str())));
    }
    commit(&level, "bomb");
    let began = Instant::now();
    let error = error(&hosts, &server.address("r.git//**/*.yaml?ref=bomb")).await;
    assert!(matches!(&error, HostError::Unreachable(text) if text.contains("more than")), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(one(&hosts, &server.address("r.git//f.yaml")).await.0, "fine");
}

#[test]
fn entries_are_checked() {
    let problems = |entry: serde_json::Value| {
        let (_, problems) = Hosts::new(Some(&json!({ "git": [entry] })), AllowList::default());
        problems.into_iter().map(|problem| problem.path[3..].join(".")).collect::<Vec<_>>()
    };
    assert_eq!(problems(json!({ "host": "git.example.com", "token": "x" })), [""; 0]);
    assert_eq!(problems(json!({ "token": "x" })), ["host"]);
    assert_eq!(problems(json!({ "host": "h", "token": "x", "password": "y" })), ["token"]);
    assert_eq!(problems(json!({ "host": "h", "sshKey": "x" })), ["sshKey"]);
    assert_eq!(
        problems(json!({ "host": "h", "sshKeyFile": "x", "sshKey": "y", "knownHosts": "z" })),
        ["sshKeyFile"]
    );
    assert_eq!(
        problems(json!({ "host": "h", "username": "a:b", "plainHttp": 1 })),
        ["username", "plainHttp"]
    );
}
