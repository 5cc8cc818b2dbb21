//! Query parameters, read leniently: unknown ones are ignored, and so is a flag that is no boolean
//! (one client sends the address of its own).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::extract::decode;

/// The parameters in order, decoded.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Parameters {
    fn read(query: &str) -> Self {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name, true), decode(value, true))
        };
        Self(query.split('&').filter(|p| !p.is_empty()).map(pair).collect())
    }

    /// Whether a flag is `true`. Absent, empty or anything else is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.iter().any(|(n, v)| n == name && v == "true")
    }

    /// The first value of a name.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// An array: repeated keys (`a=x&a=y`, `a[]=x`), or one value with commas (`a=x,y`).
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let named = self.0.iter().filter(|(n, _)| n.strip_suffix("[]").unwrap_or(n) == name);
        let items = named.flat_map(|(_, v)| v.split(',')).map(str::trim);
        items.filter(|v| !v.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn arrays_come_in_three_forms_and_flags_may_be_nonsense() {
        for query in
            ["include=a&include=b", "include=a,b", "include[]=a&include%5B%5D=b", "x=1&include=a%2C+b&&"]
        {
            assert_eq!(Parameters::read(query).list("include"), ["a", "b"], "{query}");
        }
        let parameters = Parameters::read("upsert=true&merge=0xc000&validation_only=false&run_id=");
        assert!(parameters.flag("upsert"));
        for name in ["merge", "validation_only", "run_id", "absent"] {
            assert!(!parameters.flag(name), "{name}");
        }
    }
}
