//! The workspace: nothing that a template, an archive or an input names leads out of it. Attack cases 4 and 5.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stagedoor_actions::workspace::{Kind, Limits, Workspace, WorkspaceError};

/// A workspace beside a folder with something that nobody may see or change.
struct Place {
    folder: tempfile::TempDir,
    workspace: Workspace,
}

impl Place {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("outside")).unwrap();
        fs::write(folder.path().join("outside/secret"), "the secret").unwrap();
        let workspace = Workspace::open(&folder.path().join("inside"), limits).unwrap();
        Self { folder, workspace }
    }

    fn raw_link(&self, target: &str, at: &str) {
        symlink(target, self.folder.path().join("inside").join(at)).unwrap();
    }

    fn is_untouched(&self) {
        let names: Vec<_> = fs::read_dir(self.folder.path().join("outside"))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(names, ["secret"]);
        assert_eq!(fs::read_to_string(self.folder.path().join("outside/secret")).unwrap(), "the secret");
        assert_eq!(fs::read_dir(self.folder.path()).unwrap().count(), 2);
    }
}

#[test]
fn files_are_written_read_moved_and_removed() {
    let place = Place::new();
    let workspace = &place.workspace;
    workspace.write("./a/b/run.sh", b"#!/bin/sh\n", true).unwrap();
    workspace.write("a/b/c.txt", b"one", false).unwrap();
    workspace.write("a/b/c.txt", b"two", false).unwrap();
    workspace.link("a/link", "b/c.txt").unwrap();
    assert_eq!(workspace.read("a/link").unwrap(), b"two");
    assert_eq!(workspace.read("a/../a/b/c.txt").unwrap(), b"two");
    let all: Vec<_> = workspace.walk().unwrap().into_iter().map(|i| (i.path, i.kind, i.executable)).collect();
    assert_eq!(
        all,
        [
            ("a".to_owned(), Kind::Folder, false),
            ("a/b".to_owned(), Kind::Folder, false),
            ("a/b/c.txt".to_owned(), Kind::File, false),
            ("a/b/run.sh".to_owned(), Kind::File, true),
            ("a/link".to_owned(), Kind::Link, false),
        ]
    );
    workspace.rename("a/b", "x/y", false).unwrap();
    assert!(workspace.has("x/y/run.sh").unwrap() && !workspace.has("a/b").unwrap());
    assert_eq!(workspace.rename("a", "x", false), Err(WorkspaceError::Taken("x".into())));
    assert_eq!(workspace.rename("none", "x", true), Err(WorkspaceError::NotFound("none".into())));
    workspace.rename("a", "x", true).unwrap();
    workspace.remove("x").unwrap();
    workspace.remove("x").unwrap();
    assert_eq!(workspace.walk().unwrap(), []);
    assert!(workspace.remove(".").is_err() && workspace.remove("").is_err());
}

#[test]
fn no_path_leads_out() {
    let place = Place::new();
    let workspace = &place.workspace;
    let outside = place.folder.path().join("outside/secret");
    let outside = outside.to_str().unwrap();
    workspace.write("d/f", b"x", false).unwrap();
    for path in [
        "../outside/secret",
        "d/../../outside/secret",
        "./../outside/secret",
        outside,
        "/etc/passwd",
        "d/../../../etc/passwd",
    ] {
        let is_refused = |what: Result<(), WorkspaceError>| {
            assert!(matches!(what, Err(WorkspaceError::Outside(_))), "{path}: {what:?}")
        };
        is_refused(workspace.read(path).map(drop));
        is_refused(workspace.write(path, b"x", false));
        is_refused(workspace.link(path, "x"));
        is_refused(workspace.item(path).map(drop));
        is_refused(workspace.remove(path));
        is_refused(workspace.rename("d/f", path, true));
        is_refused(workspace.rename(path, "taken", true));
        is_refused(workspace.folder(&format!("{path}/x")).map(drop));
        is_refused(workspace.link_target(path).map(drop));
    }
    is_text(&workspace.read("../outside/secret").unwrap_err());
    place.is_untouched();
}

fn is_text(error: &WorkspaceError) {
    let text = "Relative path is not allowed to refer to a directory outside its parent";
    assert!(error.to_string().ends_with(text), "{error}");
}

/// CVE-2026-24046, CVE-2026-24047: chains of links, links to nothing, links on the way.
#[test]
fn no_link_leads_out() {
    let place = Place::new();
    let workspace = &place.workspace;
    place.raw_link("../outside", "up");
    place.raw_link("up", "chain");
    place.raw_link("chain/secret", "long");
    place.raw_link("../outside/new", "dangling");
    place.raw_link(place.folder.path().join("outside").to_str().unwrap(), "absolute");
    place.raw_link("loop", "loop");
    for path in ["up/secret", "chain/secret", "long", "absolute/secret", "dangling", "loop"] {
        assert!(workspace.read(path).is_err(), "{path}");
    }
    for path in ["up/new", "chain/new", "absolute/new", "up/a/b"] {
        assert!(workspace.write(path, b"x", false).is_err(), "{path}");
        assert!(
            workspace.remove(&path.replace("new", "secret")).is_err() || !path.ends_with("new"),
            "{path}"
        );
        assert!(workspace.link(path, "x").is_err(), "{path}");
        assert!(workspace.folder(path).is_err(), "{path}");
    }
    assert!(workspace.existing_folder("up").is_err() && workspace.existing_folder("chain").is_err());
    // What stands at the end of the way is replaced, and not what it leads to.
    workspace.write("dangling", b"mine", false).unwrap();
    workspace.write("long", b"mine", false).unwrap();
    assert_eq!(workspace.read("long").unwrap(), b"mine");
    workspace.remove("up").unwrap();
    let kinds: Vec<_> = workspace.walk().unwrap().into_iter().map(|item| item.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Link).count(), 3);
    place.is_untouched();
}

/// Attack case 4: a link that changes between two looks.
#[test]
fn a_link_that_flips_leads_nowhere() {
    let place = Place::new();
    let inside = place.folder.path().join("inside");
    fs::create_dir(inside.join("real")).unwrap();
    fs::write(inside.join("real/secret"), "harmless").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let flipping = {
        let stop = Arc::clone(&stop);
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                for target in ["real", "../outside"] {
                    let _ = symlink(target, inside.join("next"));
                    let _ = fs::rename(inside.join("next"), inside.join("flip"));
                }
            }
        })
    };
    for round in 0..3000 {
        if let Ok(content) = place.workspace.read("flip/secret") {
            assert_eq!(content, b"harmless");
        }
        let _ = place.workspace.write(&format!("flip/new{}", round % 10), b"x", false);
        let _ = place.workspace.remove("flip/new1");
        let _ = place.workspace.folder("flip/deep/er");
    }
    stop.store(true, Ordering::Relaxed);
    flipping.join().unwrap();
    place.is_untouched();
}

#[test]
fn a_workspace_holds_only_so_much() {
    let limits = Limits { files: 5, bytes: 100, file_bytes: 60, depth: 3, path_bytes: 40 };
    let place = Place::with(limits);
    let workspace = &place.workspace;
    let too_much = |what: Result<(), WorkspaceError>| {
        assert!(matches!(what, Err(WorkspaceError::TooMuch(_))), "{what:?}")
    };
    too_much(workspace.write("a", &[0; 61], false));
    workspace.write("a", &[0; 60], false).unwrap();
    // Written anew it counts once.
    workspace.write("a", &[0; 30], false).unwrap();
    workspace.write("b", &[0; 60], false).unwrap();
    too_much(workspace.write("c", &[0; 11], false));
    // What lies in it counts for whoever opens it next.
    let again = Workspace::open(&place.folder.path().join("inside"), limits).unwrap();
    too_much(again.write("c", &[0; 11], false));
    for name in ["c", "d", "e"] {
        again.write(name, b"", false).unwrap();
    }
    too_much(again.write("f", b"", false));
    let name =
        |what: Result<(), WorkspaceError>| assert!(matches!(what, Err(WorkspaceError::Name(_))), "{what:?}");
    name(workspace.write("1/2/3/4", b"", false));
    name(workspace.write(&"n".repeat(41), b"", false));
    for path in ["a\nb", "a\0b", "\u{1b}[31m", "a\u{85}"] {
        name(workspace.write(path, b"", false));
        name(workspace.read(path).map(drop));
    }
    fs::write(place.folder.path().join("inside/big"), [0; 61]).unwrap();
    too_much(workspace.read("big").map(drop));
    assert!(workspace.read("1").is_err());
}

#[test]
fn only_files_are_read() {
    let place = Place::new();
    let inside = place.folder.path().join("inside");
    let made = std::process::Command::new("mkfifo").arg(inside.join("pipe")).status();
    assert!(made.unwrap().success());
    assert!(place.workspace.read("pipe").is_err(), "a pipe would never end");
    place.workspace.write("x", b"#", true).unwrap();
    let mode = fs::metadata(inside.join("x")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7000, 0, "no bit but those for reading, writing and running");
    assert!(place.workspace.read(".").is_err());
}
