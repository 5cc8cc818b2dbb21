//! Writing below one folder and nowhere else, whatever the names are and whatever stands there.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

/// Of a file that is being written over another.
const PART: &str = ".part";

/// A folder that is held open: nothing that happens to its path leads elsewhere.
pub(super) struct Folder {
    handle: OwnedFd,
    force: bool,
    /// For messages.
    path: std::path::PathBuf,
}

impl Folder {
    /// Makes the folder, or takes it as it is.
    ///
    /// # Errors
    /// When there is something in it that could be overwritten, unless that is wanted; when it cannot be made.
    pub(super) fn at(path: &Path, force: bool) -> anyhow::Result<Self> {
        let cannot = || format!("{} cannot be written", path.display());
        fs::create_dir_all(path).with_context(cannot)?;
        let handle = OwnedFd::from(File::open(path).with_context(cannot)?);
        if !force && fs::read_dir(path).with_context(cannot)?.next().is_some() {
            bail!("{} is not empty: name another folder, or overwrite with --force", path.display());
        }
        Ok(Self { handle, force, path: path.to_owned() })
    }

    /// The folder of this name in it, made where it is not there.
    ///
    /// # Errors
    /// When something else has the name, a link to a folder too.
    pub(super) fn below(&self, name: &str) -> anyhow::Result<Self> {
        check(name)?;
        let path = self.path.join(name);
        match mkdirat(&self.handle, name, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error).with_context(|| format!("{} cannot be made", path.display())),
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::RDONLY | OFlags::CLOEXEC;
        let handle = openat(&self.handle, name, flags, Mode::empty())
            .with_context(|| format!("{} is no folder of its own", path.display()))?;
        Ok(Self { handle, force: self.force, path })
    }

    /// Writes a file that is not there, or overwrites it where that is wanted.
    ///
    /// # Errors
    /// When it is there, or cannot be written.
    pub(super) fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        match (self.make(name, text), self.force) {
            (Err(Errno::EXIST), true) => self.replace(name, text),
            (Err(Errno::EXIST), false) => {
                bail!("{} is there already: overwrite with --force", self.path.join(name).display())
            }
            (made, _) => made.with_context(|| self.cannot(name)),
        }
    }

    /// Writes a file over whatever has its name. A link of that name is replaced, not followed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn replace(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let part = format!("{name}{PART}");
        // What an interrupted export has left.
        match unlinkat(&self.handle, &part, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error).with_context(|| self.cannot(&part)),
        }
        self.make(&part, text).with_context(|| self.cannot(&part))?;
        renameat(&self.handle, &part, &self.handle, name).with_context(|| self.cannot(name))
    }

    fn cannot(&self, name: &str) -> String {
        format!("{} cannot be written", self.path.join(name).display())
    }

    fn make(&self, name: &str, text: &str) -> Result<(), Errno> {
        check(name).map_err(|_| Errno::INVAL)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = openat(&self.handle, name, flags, Mode::from_raw_mode(0o666))?;
        let written = File::from(file).write_all(text.as_bytes());
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

/// Refuses what is more than one step down.
fn check(name: &str) -> anyhow::Result<()> {
    if name.is_empty() || matches!(name, "." | "..") || name.contains(['/', '\\', '\0']) {
        bail!("{name:?} is no name of a file");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::Folder;

    #[test]
    fn nothing_is_written_outside_or_over_anything_unasked() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let outside = there.path().join("outside.yaml");
        std::fs::write(&outside, "as it was").unwrap();
        let root = Folder::at(here.path(), false).unwrap();
        root.write("a.yaml", "a").unwrap();
        assert!(root.write("a.yaml", "b").unwrap_err().to_string().contains("--force"));
        for name in ["../x", "..", ".", "", "a/b", "/etc/x", "a\0b"] {
            assert!(root.write(name, "x").is_err(), "{name:?}");
            assert!(root.below(name).is_err(), "{name:?}");
        }
        // Not empty any more.
        assert!(Folder::at(here.path(), false).is_err());
        // Links that somebody has put there, to a folder, a file, and to nothing.
        symlink(there.path(), here.path().join("component")).unwrap();
        symlink(&outside, here.path().join("link.yaml")).unwrap();
        symlink(there.path().join("new.yaml"), here.path().join("dangling.yaml")).unwrap();
        let root = Folder::at(here.path(), true).unwrap();
        assert!(root.below("component").is_err());
        root.write("link.yaml", "new").unwrap();
        root.write("dangling.yaml", "new").unwrap();
        root.write("a.yaml", "b").unwrap();
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "as it was");
        assert_eq!(std::fs::read_dir(there.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_to_string(here.path().join("link.yaml")).unwrap(), "new");
        assert_eq!(std::fs::read_to_string(here.path().join("a.yaml")).unwrap(), "b");
        assert!(!here.path().join("link.yaml").is_symlink());
    }
}
