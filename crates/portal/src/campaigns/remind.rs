//! Reminding people of what is left to do in a campaign.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stagedoor_auth::Viewer;
use stagedoor_query::Catalog;

use super::progress::{by_team, fleet};
use super::{Reminded, Stored};
use crate::backstage_users::reference_of;
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, View, clock};

/// Who sends reminders, and their topic: what somebody turns them off by.
const ORIGIN: &str = "stagedoor";
const TOPIC: &str = "campaigns";
/// Milliseconds between two reminders of a campaign.
const APART: i64 = 60 * 1000;
/// People that one reminder reaches.
const MOST: usize = 1_000;
/// Entities that a notification names.
const NAMED: usize = 5;

/// What is left for somebody: how much, and the first of it.
#[derive(Default)]
struct Left {
    count: u64,
    named: Vec<String>,
}

impl Portal {
    /// Notifies the members of teams that own what is left to do, each of his teams' share. Answers how many people that
    /// are. Another reminder takes the place of the one before.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that is archived, or was reminded of a moment ago; `Invalid` where the goal is
    /// not there any more; `Forbidden`.
    pub async fn remind_campaign(&self, viewer: &Viewer, id: &str) -> Result<usize, PortalError> {
        let stored = self.may_change_campaign(viewer, id)?;
        if stored.archived {
            return Err(conflict("campaign_archived", "the campaign is archived"));
        }
        let now = clock::now();
        if stored.reminded.as_ref().is_some_and(|last| now.0 - last.at.0 < APART) {
            return Err(conflict("reminded_already", "people were reminded less than a minute ago"));
        }
        let view = self.view(&Viewer::system("campaign"))?;
        let goal = stored.goal.clone();
        let look = move || left_by_person(&view, &goal.blueprint, &fleet(&view, &goal)?.left());
        let looked = tokio::task::spawn_blocking(look).await;
        let left = looked.map_err(|error| PortalError::Internal(error.to_string()))?;
        let left = left.map_err(PortalError::invalid)?;
        let (people, by, key) = (left.len(), viewer.name().to_owned(), id.to_owned());
        let send = move |draft: &mut Draft| {
            let (mut stored, _) = Stored::find(&draft.catalog, &key)?;
            for (user, left) in &left {
                let payload = payload(&key, &stored, left);
                draft.notify_users(&BTreeSet::from([user.clone()]), ORIGIN, payload);
            }
            stored.reminded = Some(Reminded { by: by.clone(), at: draft.at, people });
            draft.put_campaign(&key, &stored);
            Ok(())
        };
        self.commit(viewer.actor("native"), false, send).await?;
        Ok(people)
    }
}

fn conflict(code: &'static str, message: &str) -> PortalError {
    PortalError::Conflict { code, message: message.into() }
}

/// What is left for each person, by the reference that notifications know him by.
fn left_by_person(
    view: &View,
    blueprint: &str,
    left: &stagedoor_query::NodeSet,
) -> Result<BTreeMap<String, Left>, String> {
    let members = view.members();
    let mut all: BTreeMap<String, Left> = BTreeMap::new();
    for (team, owned) in by_team(view, blueprint, left) {
        let Some(team) = team else { continue };
        let named: Vec<String> = owned
            .iter()
            .take(NAMED)
            .map(|node| view.title(node).unwrap_or_else(|| view.identifier(node)))
            .collect();
        for user in users(&team, members.get(&team), &view.catalog) {
            let left = all.entry(user).or_default();
            left.count += owned.len();
            left.named.extend(named.iter().take(NAMED.saturating_sub(left.named.len())).cloned());
        }
    }
    if all.len() > MOST {
        return Err(format!("a reminder reaches at most {MOST} people"));
    }
    Ok(all)
}

/// The members of a team, by accounts and by the group of its name.
fn users(team: &str, members: Option<&Vec<String>>, catalog: &Catalog) -> BTreeSet<String> {
    let accounts = members.into_iter().flatten();
    let mut users: BTreeSet<String> =
        accounts.filter_map(|email| reference_of(&Viewer::person(email), "", catalog)).collect();
    let group = if team.contains('/') { format!("group:{team}") } else { format!("group:default/{team}") };
    if let Some(node) = catalog.node_of_ref(&group.to_lowercase()) {
        let links = catalog.relations(node).into_iter().filter(|link| link.name == "hasMember");
        users.extend(
            links.map(|link| catalog.reference(link.other).to_owned()).filter(|r| r.starts_with("user:")),
        );
    }
    users
}

/// One per campaign: a newer one takes the place of that before.
fn payload(id: &str, stored: &Stored, left: &Left) -> Map<String, Value> {
    let cut = |text: &str| text.chars().take(500).collect::<String>();
    let day: String = stored.deadline.to_string().chars().take(10).collect();
    let more = if left.count > left.named.len() as u64 { ", …" } else { "" };
    let all = [
        ("title", cut(&format!("{}: {} left for you by {day}", stored.title, left.count))),
        ("description", cut(&format!("{}{more}", left.named.join(", ")))),
        ("link", format!("/scorecards/campaigns?id={id}")),
        ("severity", "normal".to_owned()),
        ("topic", TOPIC.to_owned()),
        ("scope", format!("campaign:{id}")),
    ];
    all.into_iter().map(|(key, text)| (key.to_owned(), Value::from(text))).collect()
}
