//! `stagedoor export backstage`: writes a catalog as files that give the same catalog when they are read again.
//!
//! One file for each entity, `<kind>/<namespace>/<name>.yaml`; a `catalog-info.yaml` for each kind that names them; one
//! at the root that names those. Blueprints of kinds that Backstage does not ship are in `blueprints.yaml`, which only
//! Stagedoor reads. `Location` entities are left out: they would lead a reader to the same entities once more.

mod blueprints;
mod folder;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde_json::{Value, json};
use stagedoor_portal::to_yaml;

use crate::catalog_api::{Door, Local, Pages, authored, counted, exists, kind_of, outcome, reference_of};
use crate::config::{self, Environment};
use crate::database::{self, DatabaseOptions};

use folder::Folder;
use names::{folder_name, name_of};

/// Who it is in a log that is thrown away.
const NAME: &str = "export backstage";
/// Lists the files of a kind, and at the root those lists.
const LIST: &str = "catalog-info.yaml";
const BLUEPRINTS: &str = "blueprints.yaml";

/// What is written, and where. It has no `Debug`: it holds a token.
pub struct ExportOptions {
    /// The folder.
    pub folder: PathBuf,
    /// Overwrite what is in it.
    pub force: bool,
    /// Address of a catalog that runs; without one a copy of the database is read.
    pub from: Option<String>,
    /// A token for that.
    pub token: Option<String>,
    /// The database, where no address is given.
    pub database: DatabaseOptions,
}

/// Writes it, and prints how much that was.
///
/// # Errors
/// When the catalog cannot be read, or the folder cannot be written or has something in it. The list at the root is
/// written last: without it an export is not complete.
pub fn export_backstage(options: &ExportOptions) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(options))
}

async fn run(options: &ExportOptions) -> anyhow::Result<()> {
    if let Some(address) = &options.from {
        let door = Door::far(address, options.token.clone(), "--token or STAGEDOOR_TOKEN")?;
        return write(&door, options).await;
    }
    let environment = Environment::of_process();
    let wrong = |wrong| anyhow::anyhow!("the configuration is wrong:\n{wrong}");
    let config = config::load(&options.database.config, &environment).map_err(wrong)?;
    let (url, data) = (options.database.database_url.as_deref(), options.database.data_dir.as_deref());
    let database = database::of(url, data, &config)?;
    if !exists(&database) {
        bail!("there is no database to export: name it with --data-dir, or a server that runs with --from");
    }
    // A copy can be read while a server has the database open, and shows one moment of it.
    let local = Local::over_copy(&database, &config, NAME)?;
    let written = write(&local.door, options).await;
    local.close().await?;
    written
}

/// What has been written so far.
#[derive(Default)]
struct Written {
    /// By kind, the paths below the kind's folder.
    kinds: BTreeMap<String, BTreeSet<String>>,
    /// Kinds as they are written.
    spelled: BTreeSet<String>,
    entities: usize,
    locations: usize,
    /// Without a kind or name.
    odd: usize,
}

async fn write(door: &Door, options: &ExportOptions) -> anyhow::Result<()> {
    let mut pages = Pages::of(door);
    // Read first: an address that is wrong leaves no folder.
    let mut page = pages.next().await?;
    let root = Folder::at(&options.folder, options.force)?;
    let mut written = Written::default();
    while let Some(entities) = page {
        for entity in entities {
            written.entity(&root, entity)?;
        }
        page = pages.next().await?;
    }
    let blueprints = blueprints::needed(door).await?;
    if !blueprints.is_empty() {
        let documents: Vec<String> = blueprints.iter().map(to_yaml).collect();
        root.write(BLUEPRINTS, &documents.join("---\n"))?;
    }
    written.lists(&root)?;
    outcome(&written.text(&options.folder, blueprints.len()));
    Ok(())
}

impl Written {
    fn entity(&mut self, root: &Folder, entity: Value) -> anyhow::Result<()> {
        let kind = kind_of(&entity);
        if kind == "location" {
            self.locations += 1;
            return Ok(());
        }
        let text = |path: &str| entity.pointer(path).and_then(Value::as_str);
        if text("/metadata/name").is_none() || text("/kind").is_none() {
            self.odd += 1;
            return Ok(());
        }
        let reference = reference_of(&entity);
        let spelled = text("/kind").unwrap_or_default().to_owned();
        let namespace = folder_name(text("/metadata/namespace").unwrap_or("default"));
        let mut name = name_of(text("/metadata/name").unwrap_or_default(), &reference);
        let (kind, files) = (folder_name(&kind), self.kinds.entry(folder_name(&kind)).or_default());
        // Two names may look alike once they are names of files.
        if !files.insert(format!("./{namespace}/{name}.yaml")) {
            name = names::stand_in(&reference);
            if !files.insert(format!("./{namespace}/{name}.yaml")) {
                // The same entity on two pages: it was changed meanwhile.
                return root.below(&kind)?.below(&namespace)?.replace(&file(&name), &text_of(entity));
            }
        }
        root.below(&kind)?.below(&namespace)?.write(&file(&name), &text_of(entity))?;
        self.spelled.insert(spelled);
        self.entities += 1;
        Ok(())
    }

    fn lists(&self, root: &Folder) -> anyhow::Result<()> {
        for (kind, files) in &self.kinds {
            let files: Vec<&String> = files.iter().collect();
            root.below(kind)?.write(LIST, &location(&format!("exported-{kind}"), &json!(files)))?;
        }
        let targets: Vec<String> = self.kinds.keys().map(|kind| format!("./{kind}/{LIST}")).collect();
        root.write(LIST, &location("exported-catalog", &json!(targets)))
    }

    fn text(&self, folder: &Path, blueprints: usize) -> String {
        let entities = counted(self.entities, "entity", "entities");
        let kinds: Vec<&str> = self.spelled.iter().map(String::as_str).collect();
        let mut text = format!("Wrote {entities} to {}", folder.display());
        for (count, what) in [
            (self.locations, "Location entities left out: they only lead to others"),
            (self.odd, "left out that have no kind or no name"),
        ] {
            if count > 0 {
                text.push_str(&format!("\n{count:8}  {what}"));
            }
        }
        text.push_str(&format!(
            "\nTo read them again, name {} in catalog.locations, and allow their kinds there: {}",
            folder.join(LIST).display(),
            kinds.join(", ")
        ));
        if blueprints > 0 {
            text.push_str(&format!(
                "\nStagedoor needs {} beside it, for kinds that Backstage does not ship",
                folder.join(BLUEPRINTS).display()
            ));
        }
        text
    }
}

fn file(name: &str) -> String {
    format!("{name}.yaml")
}

/// The keys that people expect first, in their order.
const FIRST: [&str; 3] = ["apiVersion", "kind", "metadata"];
const FIRST_OF_METADATA: [&str; 4] = ["name", "namespace", "title", "description"];

/// An entity as its file: some databases forget the order in which it was written.
fn text_of(entity: Value) -> String {
    let mut entity = authored(entity);
    put_first(&mut entity, &FIRST);
    if let Some(metadata) = entity.get_mut("metadata") {
        put_first(metadata, &FIRST_OF_METADATA);
    }
    to_yaml(&entity)
}

fn put_first(value: &mut Value, keys: &[&str]) {
    let Some(all) = value.as_object_mut() else { return };
    let mut rest = std::mem::take(all);
    all.extend(keys.iter().filter_map(|key| rest.shift_remove_entry(*key)));
    all.extend(rest);
}

/// A list of files, as a document.
fn location(name: &str, targets: &Value) -> String {
    to_yaml(&json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Location",
        "metadata": { "name": name, "description": "Written by stagedoor export" },
        "spec": { "targets": targets },
    }))
}
