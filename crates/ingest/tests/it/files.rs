use std::fs;
use std::path::{Path, PathBuf};

use stagedoor_ingest::files::{FileErrorKind, absolute, exists, expand, read_text};

fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "a: 1\n").unwrap();
    }
    folder
}

fn found(target: &str, base: &Path) -> Vec<String> {
    let list = expand(target, base).unwrap().files;
    list.iter().map(|f| f.strip_prefix(base).unwrap().display().to_string()).collect()
}

#[test]
fn patterns_mean_files_in_order() {
    let files = [
        "b.yaml",
        "a.yaml",
        "a.yml",
        "x/c.yaml",
        "x/y/d.yaml",
        ".hid.yaml",
        ".git/e.yaml",
        "node_modules/f.yaml",
        ".own/g.yaml",
    ];
    let folder = folder(&files);
    let base = folder.path();
    assert_eq!(found("*.yaml", base), ["a.yaml", "b.yaml"]);
    assert_eq!(found("./x/../*.{yaml,yml}", base), ["a.yaml", "a.yml", "b.yaml"]);
    assert_eq!(found("**/*.yaml", base), ["a.yaml", "b.yaml", "x/c.yaml", "x/y/d.yaml"]);
    assert_eq!(found("*/c.yaml", base), ["x/c.yaml"]);
    assert_eq!(found(".own/*.yaml", base), [".own/g.yaml"]);
    assert_eq!(found("node_modules/*.yaml", base), ["node_modules/f.yaml"]);
    assert_eq!(found("[ab].yml", base), ["a.yml"]);
    assert_eq!(found("x/*.json", base), Vec::<String>::new());
    assert_eq!(found("x/c.yaml", base), ["x/c.yaml"]);
    let directories = expand("**/*.yaml", base).unwrap().directories;
    assert!(directories.contains(&base.join("x/y")) && !directories.contains(&base.join(".git")));
    assert!(exists("**/*.yaml", base) && exists("x/c.yaml", base) && !exists("z/*.yaml", base));
    assert_eq!(absolute("../a", Path::new("/x/y")), PathBuf::from("/x/a"));
}

#[test]
fn a_name_with_wildcards_may_be_a_file() {
    let folder = folder(&["[id].yaml", "i.yaml"]);
    assert_eq!(found("[id].yaml", folder.path()), ["[id].yaml"]);
}

#[test]
fn absence_is_told_apart() {
    let folder = folder(&["x/a.yaml"]);
    let base = folder.path();
    for target in ["y.yaml", "y/z/*.yaml", "x/a.yaml/b"] {
        let error = expand(target, base).unwrap_err();
        assert_eq!(error.kind, FileErrorKind::NotFound, "{target}");
        assert!(!error.directories().is_empty());
    }
    assert_eq!(expand("y.yaml", base).unwrap_err().directories(), [base.to_owned()]);
    assert!(
        expand("x", base).unwrap_err().to_string().contains("is a folder; name a file or a pattern such as")
    );
    assert_eq!(expand("x/{a", base).unwrap_err().kind, FileErrorKind::Pattern);
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    use std::os::unix::fs::symlink;
    let outside = folder(&["secret.yaml"]);
    let inside = folder(&["real/a.yaml"]);
    let base = inside.path();
    symlink(outside.path(), base.join("out")).unwrap();
    symlink(outside.path().join("secret.yaml"), base.join("s.yaml")).unwrap();
    symlink(base, base.join("real/up")).unwrap();
    symlink(base.join("real/a.yaml"), base.join("b.yaml")).unwrap();
    assert_eq!(found("**/*.yaml", base), ["b.yaml", "real/a.yaml"]);
}

#[test]
fn only_texts_of_a_sensible_size_are_read() {
    let folder = folder(&["a.yaml"]);
    let path = |name: &str| folder.path().join(name);
    assert_eq!(read_text(&path("a.yaml")).unwrap(), "a: 1\n");
    assert_eq!(read_text(&path("b.yaml")).unwrap_err().kind, FileErrorKind::NotFound);
    fs::write(path("latin.yaml"), b"a: 1\nb: \xe9\n").unwrap();
    assert!(read_text(&path("latin.yaml")).unwrap_err().to_string().ends_with("is not UTF-8 text (line 2)"));
    fs::write(path("wide.yaml"), b"\xff\xfea\0").unwrap();
    assert!(read_text(&path("wide.yaml")).unwrap_err().to_string().ends_with("is UTF-16; save it as UTF-8"));
    let big = fs::File::create(path("big.yaml")).unwrap();
    big.set_len(10 * 1024 * 1024 + 1).unwrap();
    assert!(read_text(&path("big.yaml")).unwrap_err().to_string().ends_with("is larger than 10 MiB"));
    assert!(read_text(folder.path()).unwrap_err().to_string().ends_with("is not a regular file"));
}
