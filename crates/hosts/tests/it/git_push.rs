//! A commit put on a branch, the first one or one on top of others, over HTTP and SSH, against git's own server side.

use bytes::Bytes;
use serde_json::json;
use stagedoor_hosts::{CommitFile, GitAddress, Goal, HostError, Login, NewCommit, Priority, Pushed, Room};
use url::Url;

use crate::git_server::{GitServer, Repo, git, has_git};
use crate::git_ssh::sshd;

fn commit() -> NewCommit {
    let file = |path: &str, content: &str| CommitFile {
        path: path.to_owned(),
        content: Bytes::from(content.to_owned()),
        executable: path.ends_with(".sh"),
        link: path == "link",
    };
    NewCommit {
        files: vec![
            file("README.md", "# größe\n"),
            file("src/a/main.rs", &"fn main() {}\n".repeat(5000)),
            file("src.txt", ""),
            file("run.sh", "#!/bin/sh\n"),
            file("link", "README.md"),
            file(".gitignore", "target\n"),
        ],
        message: "initial commit".to_owned(),
        author: "Scaffolder".to_owned(),
        email: "scaffolder@larkfell.example".to_owned(),
        seconds: 1_790_000_000,
    }
}

fn is_whole(repo: &Repo, id: &str) {
    git(&repo.bare, &["fsck", "--strict"]);
    assert_eq!(git(&repo.bare, &["rev-parse", "refs/heads/main"]), id);
    assert_eq!(
        git(&repo.bare, &["log", "--format=%an <%ae> %at %s", "main"]),
        "Scaffolder <scaffolder@larkfell.example> 1790000000 initial commit"
    );
    let listed = git(&repo.bare, &["ls-tree", "-r", "--format=%(objectmode) %(path)", "main"]);
    assert_eq!(
        listed,
        "100644 .gitignore\n100644 README.md\n120000 link\n100755 run.sh\n100644 src.txt\n100644 src/a/main.rs"
    );
    assert_eq!(git(&repo.bare, &["show", "main:README.md"]), "# größe");
    assert_eq!(git(&repo.bare, &["show", "main:link"]), "README.md");
}

#[tokio::test]
async fn a_commit_is_pushed_over_http_once() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("team/new.git");
    git(&repo.bare, &["config", "http.receivepack", "true"]);
    let hosts = server.hosts(&json!({}));
    let address = GitAddress::parse(&server.address("team/new.git")).unwrap();
    assert_eq!(hosts.branch(&address, "main", None).await, Ok(None));
    let id = commit().id().unwrap();
    assert_eq!(
        hosts.push(&address, "main", &commit(), Room::Shared, None).await,
        Ok(Pushed::Made(id.clone()))
    );
    is_whole(&repo, &id);
    // Whoever does not know whether it happened does it again.
    assert_eq!(
        hosts.push(&address, "main", &commit(), Room::Shared, None).await,
        Ok(Pushed::Already(id.clone()))
    );
    assert_eq!(hosts.branch(&address, "main", None).await, Ok(Some(id.clone())));
    let other = NewCommit { message: "another".into(), ..commit() };
    assert_eq!(
        hosts.push(&address, "main", &other, Room::Shared, None).await,
        Ok(Pushed::Taken("refs/heads/main".into()))
    );
    is_whole(&repo, &id);
    // A repository that should be empty is left alone, but for what we put there ourselves.
    let taken = hosts.push(&address, "other", &commit(), Room::Empty, None).await;
    assert_eq!(taken, Ok(Pushed::Taken("refs/heads/main".into())));
    assert_eq!(
        hosts.push(&address, "main", &commit(), Room::Empty, None).await,
        Ok(Pushed::Already(id.clone()))
    );
    // And it can be read, with what may be run.
    let folder = Url::parse(&server.address("team/new.git?ref=main")).unwrap();
    let files = hosts.folder(&folder, Priority::Person, (100, 1 << 20)).await.unwrap();
    let names: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.executable)).collect();
    assert_eq!(
        names,
        [
            (".gitignore", false),
            ("README.md", false),
            ("run.sh", true),
            ("src.txt", false),
            ("src/a/main.rs", false)
        ]
    );
    for limits in [(4, 1 << 20), (100, 1000)] {
        let error = hosts.folder(&folder, Priority::Person, limits).await.unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_take_it_says_why() {
    if !has_git() {
        return;
    }
    let server = GitServer::start().await;
    let repo = server.repo("r.git");
    git(&repo.bare, &["config", "http.receivepack", "true"]);
    let hook = repo.bare.join("hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let hosts = server.hosts(&json!({}));
    let address = GitAddress::parse(&server.address("r.git")).unwrap();
    let refused = hosts.push(&address, "main", &commit(), Room::Shared, None).await.unwrap_err();
    assert!(matches!(&refused, HostError::Denied(text) if text.contains("hook")), "{refused}");
    assert_eq!(hosts.branch(&address, "main", None).await, Ok(None));
    for branch in ["--force", "a b", "../x", "refs/tags/v1", ""] {
        assert!(hosts.push(&address, branch, &commit(), Room::Shared, None).await.is_err(), "{branch:?}");
    }
    let missing = GitAddress::parse(&server.address("none.git")).unwrap();
    assert!(matches!(
        hosts.push(&missing, "main", &commit(), Room::Shared, None).await,
        Err(HostError::NotFound(_))
    ));
    // Attack case 7: a credential does not go where anybody can read it, nor into an error.
    let login = |over_http| Login { user: "x".into(), password: "hunter2".into(), over_http };
    let error = hosts.push(&address, "main", &commit(), Room::Shared, Some(&login(false))).await.unwrap_err();
    assert!(error.to_string().contains("https only"), "{error}");
    server.mood.lock().demands = Some("Basic eDpodW50ZXIy".to_owned());
    let denied = hosts.branch(&address, "main", None).await.unwrap_err();
    assert!(matches!(denied, HostError::Denied(_)), "{denied}");
    assert_eq!(hosts.branch(&address, "main", Some(&login(true))).await, Ok(None));
    let wrong = Login { password: "hunter3".into(), ..login(true) };
    let error = hosts.branch(&address, "main", Some(&wrong)).await.unwrap_err();
    assert!(matches!(error, HostError::Denied(_)) && !error.to_string().contains("hunter"), "{error}");
}

#[tokio::test]
async fn a_commit_is_pushed_over_ssh() {
    let Some(sshd) = sshd(true) else { return };
    let repo = Repo::new(sshd.folder.path(), "it's a/repo.git");
    let hosts = sshd.hosts(&json!({}));
    let address = GitAddress::parse(&sshd.address("it's%20a/repo.git")).unwrap();
    let id = commit().id().unwrap();
    assert_eq!(
        hosts.push(&address, "main", &commit(), Room::Shared, None).await,
        Ok(Pushed::Made(id.clone()))
    );
    is_whole(&repo, &id);
    assert_eq!(hosts.push(&address, "main", &commit(), Room::Shared, None).await, Ok(Pushed::Already(id)));
}

#[tokio::test]
async fn a_commit_on_top_of_a_branch_keeps_what_it_does_not_name() {
    if !has_git() {
        return;
    }
    for (old, filter) in [(false, false), (false, true), (true, false)] {
        let server = GitServer::start().await;
        let repo = server.repo("r.git");
        git(&repo.bare, &["config", "http.receivepack", "true"]);
        git(&repo.bare, &["config", "uploadpack.allowFilter", if filter { "true" } else { "false" }]);
        server.mood.lock().old = old;
        for path in ["src/a/old.rs", "src/größe", "src.d", "link/below", "keep/x.sh", "README.md"] {
            repo.put(path, format!("{path} as it was\n"));
        }
        std::os::unix::fs::symlink("README.md", repo.work.join("pointer")).unwrap();
        let x = repo.work.join("keep/x.sh");
        std::fs::set_permissions(x, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        git(&repo.work, &["update-index", "--add", "--cacheinfo", "160000", &"1".repeat(40), "module"]);
        repo.push();
        let tip = repo.push();
        let hosts = server.hosts(&json!({}));
        let address = GitAddress::parse(&server.address("r.git")).unwrap();
        let goal = Goal::Branch("feature/x".to_owned());
        let Ok(Pushed::Made(id)) = hosts.push_over(&address, ("main", &goal), commit(), None).await else {
            panic!("it is not taken")
        };
        assert_eq!(git(&repo.bare, &["rev-parse", "feature/x", "feature/x^"]), format!("{id}\n{tip}"));
        git(&repo.bare, &["fsck", "--strict", "--connectivity-only"]);
        let listed = git(
            &repo.bare,
            &["-c", "core.quotePath=false", "ls-tree", "-r", "--format=%(objectmode) %(path)", "feature/x"],
        );
        let mut wanted = vec![
            "100644 .gitignore",
            "100644 README.md",
            "100755 keep/x.sh",
            "120000 link",
            "120000 pointer",
            "100755 run.sh",
            "100644 src.d",
            "100644 src.txt",
            "100644 src/a/main.rs",
            "100644 src/a/old.rs",
            "100644 src/größe",
        ];
        if listed.contains("module") {
            wanted.insert(4, "160000 module");
        }
        assert_eq!(listed, wanted.join("\n"), "{old} {filter}");
        // The same again is there already; another one is not put over it, and nothing new is no commit.
        let push = async |base: &str, goal: &Goal, commit| {
            hosts.push_over(&address, (base, goal), commit, None).await
        };
        assert_eq!(push("main", &goal, commit()).await, Ok(Pushed::Already(id)));
        let other = NewCommit { message: "another".into(), ..commit() };
        assert_eq!(push("main", &goal, other).await, Ok(Pushed::Taken("refs/heads/feature/x".into())));
        let error = push("feature/x", &Goal::Branch("y".to_owned()), commit()).await.unwrap_err();
        assert!(error.to_string().contains("nothing changes"), "{error}");
        // Attack case 6: names that would be more than a name.
        for (base, goal) in [
            ("none", Goal::Review),
            ("main%submit", Goal::Review),
            ("--force", Goal::Review),
            ("main", Goal::Branch("../x".to_owned())),
            ("main", Goal::Branch("refs/for/main".to_owned())),
        ] {
            assert!(
                matches!(push(base, &goal, commit()).await, Err(HostError::NotFound(_))),
                "{base} {goal:?}"
            );
        }
        let bad = NewCommit {
            files: vec![CommitFile { path: ".git/config".into(), ..commit().files[0].clone() }],
            ..commit()
        };
        assert!(push("main", &Goal::Branch("z".to_owned()), bad).await.is_err());
    }
}
