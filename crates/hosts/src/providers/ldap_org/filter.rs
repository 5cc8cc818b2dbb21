//! Filters: from the text of RFC 4515 to the structure of RFC 4511, section 4.5.1.7.
//!
//! A filter comes from the configuration alone. Nothing that a directory or a person says ever becomes part of one,
//! so there is nothing to escape: where a search is about one entry, its name is the base of the search.

use super::ber::{OCTETS, SEQUENCE, Writer};

/// Depth of what may be nested.
const DEEPEST: usize = 64;

/// The encoded filter, or what is wrong with the text.
pub(super) fn encode(text: &str) -> Result<Vec<u8>, String> {
    let text = text.trim();
    let wrapped;
    // `uid=*` is as good as `(uid=*)`.
    let text = if text.starts_with('(') {
        text
    } else {
        wrapped = format!("({text})");
        &wrapped
    };
    let mut parser = Parser { rest: text, all: text };
    let mut writer = Writer::default();
    parser.filter(&mut writer, 0)?;
    parser.blanks();
    if !parser.rest.is_empty() {
        return Err(parser.wrong("something follows the last )"));
    }
    Ok(writer.finish())
}

struct Parser<'a> {
    rest: &'a str,
    all: &'a str,
}

impl Parser<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("{what} at character {}", self.all.len() - self.rest.len() + 1)
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, c: char) -> Result<(), String> {
        self.blanks();
        self.rest = self.rest.strip_prefix(c).ok_or_else(|| self.wrong(&format!("a {c} is expected")))?;
        Ok(())
    }

    fn filter(&mut self, out: &mut Writer, depth: usize) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(self.wrong("too many levels"));
        }
        self.take('(')?;
        self.blanks();
        let tag = match self.rest.as_bytes().first() {
            Some(b'&') => 0xa0,
            Some(b'|') => 0xa1,
            Some(b'!') => 0xa2,
            _ => {
                self.item(out)?;
                return self.take(')');
            }
        };
        self.rest = &self.rest[1..];
        let mut inner = Writer::default();
        if tag == 0xa2 {
            self.filter(&mut inner, depth + 1)?;
        } else {
            loop {
                self.blanks();
                if !self.rest.starts_with('(') {
                    break;
                }
                self.filter(&mut inner, depth + 1)?;
            }
        }
        out.put(tag, &inner.finish());
        self.take(')')
    }

    /// `attribute=value` and its kin.
    fn item(&mut self, out: &mut Writer) -> Result<(), String> {
        let end = self.rest.find('=').ok_or_else(|| self.wrong("an = is expected"))?;
        let (left, kind) = match self.rest.as_bytes().get(end.wrapping_sub(1)) {
            Some(b'>') => (&self.rest[..end - 1], b'>'),
            Some(b'<') => (&self.rest[..end - 1], b'<'),
            Some(b'~') => (&self.rest[..end - 1], b'~'),
            Some(b':') => (&self.rest[..end - 1], b':'),
            _ => (&self.rest[..end], b'='),
        };
        let left = left.trim().to_owned();
        let close = self.rest[end..].find(')').ok_or_else(|| self.wrong("a ) is expected"))? + end;
        let value = &self.rest[end + 1..close];
        if value.contains('(') {
            return Err(self.wrong("a ( in a value has to be written \\28"));
        }
        let plain =
            |value: &str| unescape(value).ok_or_else(|| self.wrong("after \\ two hex digits are expected"));
        let valid = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.;_".contains(&b))
        };
        if kind == b':' {
            extensible(out, &left, &plain(value)?, valid)
                .ok_or_else(|| self.wrong("a matching rule is expected"))?;
        } else {
            if !valid(&left) {
                return Err(self.wrong("the name of an attribute is expected"));
            }
            match kind {
                b'=' if value == "*" => out.put(0x87, left.as_bytes()),
                b'=' if value.contains('*') => substrings(out, &left, value, &plain)?,
                _ => {
                    let value = plain(value)?;
                    let tag = match kind {
                        b'>' => 0xa5,
                        b'<' => 0xa6,
                        b'~' => 0xa8,
                        _ => 0xa3,
                    };
                    out.nest(tag, |inner| {
                        inner.put(OCTETS, left.as_bytes());
                        inner.put(OCTETS, &value);
                    });
                }
            }
        }
        self.rest = &self.rest[close..];
        Ok(())
    }
}

fn substrings(
    out: &mut Writer,
    name: &str,
    value: &str,
    plain: &impl Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<(), String> {
    let parts: Vec<&str> = value.split('*').collect();
    let mut inner = Writer::default();
    for (n, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
        let tag = if n == 0 {
            0x80
        } else if n + 1 == parts.len() {
            0x82
        } else {
            0x81
        };
        inner.put(tag, &plain(part)?);
    }
    let inner = inner.finish();
    if inner.is_empty() {
        out.put(0x87, name.as_bytes());
        return Ok(());
    }
    out.nest(0xa4, |outer| {
        outer.put(OCTETS, name.as_bytes());
        outer.put(SEQUENCE, &inner);
    });
    Ok(())
}

/// `attribute:dn:rule:=value`; Active Directory's nested membership is one.
fn extensible(out: &mut Writer, left: &str, value: &[u8], valid: impl Fn(&str) -> bool) -> Option<()> {
    let mut parts = left.split(':');
    let name = parts.next().unwrap_or_default();
    let mut parts: Vec<&str> = parts.collect();
    let dn = parts.first().is_some_and(|part| part.eq_ignore_ascii_case("dn"));
    if dn {
        parts.remove(0);
    }
    let rule = match parts.as_slice() {
        [] => None,
        [rule] if valid(rule) => Some(*rule),
        _ => return None,
    };
    if (name.is_empty() && rule.is_none()) || (!name.is_empty() && !valid(name)) {
        return None;
    }
    out.nest(0xa9, |inner| {
        if let Some(rule) = rule {
            inner.put(0x81, rule.as_bytes());
        }
        if !name.is_empty() {
            inner.put(0x82, name.as_bytes());
        }
        inner.put(0x83, value);
        if dn {
            inner.put(0x84, &[0xff]);
        }
    });
    Some(())
}

fn unescape(value: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'\\' {
            let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::encode;

    fn hex(text: &str) -> String {
        encode(text).unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn every_form_of_the_grammar() {
        assert_eq!(hex("(uid=*)"), "8703756964");
        assert_eq!(hex("uid=*"), "8703756964");
        assert_eq!(hex("(a=b)"), "a306040161040162");
        assert_eq!(hex("(a>=b)"), "a506040161040162");
        assert_eq!(hex("(a<=b)"), "a606040161040162");
        assert_eq!(hex("(a~=b)"), "a806040161040162");
        assert_eq!(hex("(!(a=b))"), "a208a306040161040162");
        assert_eq!(hex(" ( & (a=b)\n   (a=b) ) "), "a010a306040161040162a306040161040162");
        assert_eq!(hex("(|(a=b))"), "a108a306040161040162");
        assert_eq!(hex("(&)"), "a000", "absolutely true, RFC 4526");
        assert_eq!(hex("(a=b*c*d)"), "a40e040161300980016281016382 0164".replace(' ', ""));
        assert_eq!(hex("(a=*c*)"), "a408040161300381 0163".replace(' ', ""));
        assert_eq!(hex(r"(a=\28x\2a)"), "a308040161040328782a");
        assert_eq!(hex("(a:1.2:=v)"), "a90b8103312e32820161830176");
        assert_eq!(hex("(a:dn:=v)"), "a909820161830176 8401ff".replace(' ', ""));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, place) in [
            ("(a=b", "character"),
            ("(&(a=b)", "a ) is expected"),
            ("(a=b))", "follows the last )"),
            ("(a=(b)", "\\28"),
            (r"(a=\zz)", "two hex digits"),
            (r"(a=\4)", "two hex digits"),
            ("(=b)", "name of an attribute"),
            ("(a b=c)", "name of an attribute"),
            ("(a)", "an = is expected"),
            ("(:=v)", "matching rule"),
        ] {
            let wrong = encode(text).unwrap_err();
            assert!(wrong.contains(place), "{text}: {wrong}");
        }
        assert!(encode(&format!("{}(a=b){}", "(!".repeat(100), ")".repeat(100))).is_err());
    }
}
