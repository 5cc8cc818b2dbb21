//! A look at a database that changes nothing.

use stagedoor_store::StoreError;

use super::link::Slot;
use super::migrate;
use super::target::Target;
use crate::Inspection;

pub(crate) fn inspect(url: &str) -> Result<Inspection, StoreError> {
    let target = Target::parse(url)?;
    let look = || {
        Slot::new()?.run(&target, async |link| {
            let row = link.client.query_one("SELECT current_setting('server_version')", &[]).await?;
            let server = row.get::<_, &str>(0).to_owned();
            let schema = migrate::version(link, &target.name).await?;
            Ok(Inspection { server: Some(server), schema, known: migrate::MIGRATIONS.len() as i64 })
        })
    };
    look().map_err(|failure| failure.explain(&target.name))
}
