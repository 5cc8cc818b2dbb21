//! Answers in pages.

use stagedoor_outbound::Reply;
use url::Url;

use crate::error::HostError;

/// More pages than this are no listing but a circle.
pub(crate) const MOST: usize = 20_000;

/// The query of the next page by the `Link` header (RFC 8288). Its host and path are not used: behind a proxy they
/// are often wrong, and a credential goes where the configuration says.
pub(crate) fn next_query(reply: &Reply) -> Option<String> {
    let mut links = reply.headers.iter().filter(|(name, _)| name == "link");
    links.find_map(|(_, value)| value.split(',').find_map(next_of))
}

fn next_of(link: &str) -> Option<String> {
    let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.split(';').any(|p| matches!(p.trim(), "rel=\"next\"" | "rel=next"));
    let base = Url::parse("http://none.invalid/").ok()?;
    base.join(address).ok()?.query().filter(|_| is_next).map(str::to_owned)
}

/// The page after `current` with a query; none where there is no more.
///
/// # Errors
/// When it is the same page again.
pub(crate) fn following(current: &Url, query: Option<String>) -> Result<Option<Url>, HostError> {
    let Some(query) = query else { return Ok(None) };
    let mut next = current.clone();
    next.set_query(Some(&query));
    if next == *current {
        let shown = crate::client::shown(current);
        return Err(HostError::Unreachable(format!("{shown} names itself as its next page")));
    }
    Ok(Some(next))
}
