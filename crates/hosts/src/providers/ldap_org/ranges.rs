//! Active Directory gives the first 1500 values of an attribute, as `member;range=0-1499`, and the others when asked
//! for them (MS-ADTS, 3.1.1.3.1.3.3). Half a group must not pass for the whole.

use super::connection::Connection;
use super::filter;
use super::message::{Entry, Search};
use crate::error::HostError;

/// Questions for one attribute. A hundred of them are 150,000 members.
const MOST: usize = 1000;

/// `member;range=0-1499`: the attribute and, where there are more values, the last that is here.
fn range(name: &str) -> Option<(&str, Option<usize>)> {
    let (attribute, option) = name.split_once(';')?;
    let (_, last) = option
        .to_ascii_lowercase()
        .strip_prefix("range=")?
        .split_once('-')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    if last == "*" {
        return Some((attribute, None));
    }
    last.parse().ok().map(|last| (attribute, Some(last)))
}

/// Whether some attribute came with a range.
pub(super) fn is_cut(entry: &Entry) -> bool {
    entry.attributes.iter().any(|(name, _)| range(name).is_some())
}

/// Fetches what is missing. The entry's own name is the base of each search, and in no filter.
pub(super) async fn complete(connection: &mut Connection, entry: &mut Entry) -> Result<(), HostError> {
    let cut: Vec<(usize, String, Option<usize>)> = entry
        .attributes
        .iter()
        .enumerate()
        .filter_map(|(n, (name, _))| range(name).map(|(attribute, last)| (n, attribute.to_owned(), last)))
        .collect();
    for (n, attribute, mut last) in cut {
        let mut asked = 0;
        while let Some(end) = last {
            asked += 1;
            if asked > MOST {
                return Err(HostError::Unreachable(format!("{} of {} has no end", attribute, entry.dn)));
            }
            let (values, next) = more(connection, &entry.dn, &attribute, end + 1).await?;
            entry.attributes[n].1.extend(values);
            last = next;
        }
        // Active Directory leaves an empty `member` beside the one with the range.
        entry.attributes[n].0 = attribute;
    }
    entry.attributes.retain(|(_, values)| !values.is_empty());
    Ok(())
}

async fn more(
    connection: &mut Connection,
    dn: &str,
    attribute: &str,
    from: usize,
) -> Result<(Vec<Vec<u8>>, Option<usize>), HostError> {
    let search = Search {
        base: dn.to_owned(),
        scope: 0,
        aliases: 0,
        size_limit: 0,
        time_limit: 0,
        types_only: false,
        filter: filter::encode("(objectClass=*)").map_err(HostError::Unreachable)?,
        attributes: vec![format!("{attribute};range={from}-*")],
        page: None,
    };
    let mut found = None;
    connection
        .search(&search, |entry| {
            found = entry.attributes.into_iter().find_map(|(name, values)| {
                let (of, last) = range(&name)?;
                of.eq_ignore_ascii_case(attribute).then_some((values, last))
            });
        })
        .await?;
    let missing = || HostError::Unreachable(format!("{attribute} of {dn} came without its end"));
    match found {
        // A range that does not go on would be asked for without end.
        Some((values, last)) if last.is_none_or(|last| last >= from) => Ok((values, last)),
        _ => Err(missing()),
    }
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("member;range=0-1499"), Some(("member", Some(1499))));
        assert_eq!(range("member;Range=1500-*"), Some(("member", None)));
        assert_eq!(range("userCertificate;binary"), None);
        assert_eq!(range("member"), None);
        assert_eq!(range("member;range=a-b"), None);
    }
}
