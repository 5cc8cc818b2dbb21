//! The messages of LDAP that reading needs: RFC 4511, and the control for pages of RFC 2696.

use super::ber::{BOOLEAN, Broken, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, Writer, frame};

/// The control for pages.
const PAGES: &str = "1.2.840.113556.1.4.319";
/// The extended operation that puts TLS over the connection.
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const CONTROLS: u8 = 0xa0;

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    pub(super) base: String,
    /// 0 this entry, 1 those directly below it, 2 all below it and itself.
    pub(super) scope: i32,
    /// 0 never, 1 below the base, 2 to find the base, 3 always.
    pub(super) aliases: i32,
    /// 0: none.
    pub(super) size_limit: i32,
    /// In seconds; 0: none.
    pub(super) time_limit: i32,
    pub(super) types_only: bool,
    /// Encoded.
    pub(super) filter: Vec<u8>,
    pub(super) attributes: Vec<String>,
    /// Entries of a page; none for all at once.
    pub(super) page: Option<i32>,
}

/// One entry of a directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) dn: String,
    /// Names as the server writes them.
    pub(super) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// The values of an attribute, whose name is compared without case.
    pub(super) fn values(&self, name: &str) -> &[Vec<u8>] {
        let found = self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, values)| values.as_slice()).unwrap_or_default()
    }
}

/// How an operation ended.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) code: i32,
    /// For people.
    pub(super) message: String,
}

/// What the server says.
#[derive(Debug)]
pub(super) enum Answer {
    Bound(Outcome),
    Entry(Entry),
    /// What is looked for may be on another server, too.
    Reference,
    /// The end of a search, with the place to go on from where there are more pages.
    Done(Outcome, Option<Vec<u8>>),
    Extended(Outcome),
    /// Nothing that we asked for.
    Other,
}

pub(super) fn bind(id: i32, dn: &str, secret: &str) -> Vec<u8> {
    envelope(id, |out| {
        out.nest(0x60, |bind| {
            bind.number(INTEGER, 3);
            bind.put(OCTETS, dn.as_bytes());
            bind.put(0x80, secret.as_bytes());
        });
    })
}

pub(super) fn start_tls(id: i32) -> Vec<u8> {
    envelope(id, |out| out.nest(0x77, |inner| inner.put(0x80, START_TLS.as_bytes())))
}

pub(super) fn unbind(id: i32) -> Vec<u8> {
    envelope(id, |out| out.put(0x42, &[]))
}

pub(super) fn search(id: i32, search: &Search, cookie: &[u8]) -> Vec<u8> {
    envelope(id, |out| {
        out.nest(0x63, |inner| {
            inner.put(OCTETS, search.base.as_bytes());
            inner.number(ENUMERATED, search.scope);
            inner.number(ENUMERATED, search.aliases);
            inner.number(INTEGER, search.size_limit);
            inner.number(INTEGER, search.time_limit);
            inner.flag(search.types_only);
            inner.raw(&search.filter);
            inner.nest(SEQUENCE, |names| {
                for name in &search.attributes {
                    names.put(OCTETS, name.as_bytes());
                }
            });
        });
        if let Some(size) = search.page {
            out.nest(CONTROLS, |controls| {
                controls.nest(SEQUENCE, |control| {
                    control.put(OCTETS, PAGES.as_bytes());
                    let mut value = Writer::default();
                    value.nest(SEQUENCE, |value| {
                        value.number(INTEGER, size);
                        value.put(OCTETS, cookie);
                    });
                    control.put(OCTETS, &value.finish());
                });
            });
        }
    })
}

fn envelope(id: i32, fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.nest(SEQUENCE, |inner| {
        inner.number(INTEGER, id);
        fill(inner);
    });
    writer.finish()
}

/// The length of the first message, once its beginning is there.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    match frame(bytes)? {
        Some((SEQUENCE, _, end)) => Ok(Some(end)),
        Some(_) => Err(Broken),
        None => Ok(None),
    }
}

/// Reads one message: the number of what it answers, and what it says.
pub(super) fn read(bytes: &[u8]) -> Result<(i32, Answer), Broken> {
    let mut message = Reader(bytes).open(SEQUENCE)?;
    let id = message.number(INTEGER)?;
    let (tag, content) = message.next()?;
    let mut content = Reader(content);
    let answer = match tag {
        0x61 => Answer::Bound(outcome(&mut content)?),
        0x64 => Answer::Entry(entry(&mut content)?),
        0x65 => Answer::Done(outcome(&mut content)?, cookie(&mut message)?),
        0x73 => Answer::Reference,
        0x78 => Answer::Extended(outcome(&mut content)?),
        _ => Answer::Other,
    };
    Ok((id, answer))
}

fn outcome(content: &mut Reader<'_>) -> Result<Outcome, Broken> {
    let code = content.number(ENUMERATED)?;
    content.expect(OCTETS)?;
    let message = content.text()?;
    Ok(Outcome { code, message: message.trim_end_matches('\0').chars().take(200).collect() })
}

fn entry(content: &mut Reader<'_>) -> Result<Entry, Broken> {
    let dn = content.text()?;
    let mut all = content.open(SEQUENCE)?;
    let mut attributes = Vec::new();
    while !all.is_empty() {
        let mut attribute = all.open(SEQUENCE)?;
        let name = attribute.text()?;
        let mut set = attribute.open(SET)?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.expect(OCTETS)?.to_vec());
        }
        attributes.push((name, values));
    }
    Ok(Entry { dn, attributes })
}

/// The place to go on from, of the control for pages.
fn cookie(message: &mut Reader<'_>) -> Result<Option<Vec<u8>>, Broken> {
    if message.tag() != Some(CONTROLS) {
        return Ok(None);
    }
    let mut controls = message.open(CONTROLS)?;
    while !controls.is_empty() {
        let mut control = controls.open(SEQUENCE)?;
        let kind = control.text()?;
        if control.tag() == Some(BOOLEAN) {
            control.next()?;
        }
        if kind == PAGES {
            let mut value = Reader(control.expect(OCTETS)?).open(SEQUENCE)?;
            value.expect(INTEGER)?;
            let cookie = value.expect(OCTETS)?;
            return Ok((!cookie.is_empty()).then(|| cookie.to_vec()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bind_is_as_in_the_standard() {
        let bytes = bind(1, "cn=a", "s");
        // SEQUENCE { INTEGER 1, [APPLICATION 0] { INTEGER 3, OCTET STRING "cn=a", [0] "s" } }
        let expected = [0x30, 17, 2, 1, 1, 0x60, 12, 2, 1, 3, 4, 4, b'c', b'n', b'=', b'a', 0x80, 1, b's'];
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_entry_and_the_end_of_a_page_are_read() {
        let mut out = Writer::default();
        out.nest(SEQUENCE, |message| {
            message.number(INTEGER, 7);
            message.nest(0x64, |entry| {
                entry.put(OCTETS, b"uid=a");
                entry.nest(SEQUENCE, |all| {
                    all.nest(SEQUENCE, |one| {
                        one.put(OCTETS, b"Mail");
                        one.nest(SET, |values| values.put(OCTETS, b"a@b"));
                    });
                });
            });
        });
        let (id, answer) = read(&out.finish()).unwrap();
        let Answer::Entry(entry) = answer else { panic!("no entry") };
        assert_eq!((id, entry.dn.as_str(), entry.values("mail")), (7, "uid=a", &[b"a@b".to_vec()][..]));

        let mut out = Writer::default();
        out.nest(SEQUENCE, |message| {
            message.number(INTEGER, 7);
            message.nest(0x65, |done| {
                done.number(ENUMERATED, 0);
                done.put(OCTETS, b"");
                done.put(OCTETS, b"");
            });
            message.nest(CONTROLS, |controls| {
                controls.nest(SEQUENCE, |control| {
                    control.put(OCTETS, PAGES.as_bytes());
                    control.flag(false);
                    let mut value = Writer::default();
                    value.nest(SEQUENCE, |value| {
                        value.number(INTEGER, 0);
                        value.put(OCTETS, b"next");
                    });
                    control.put(OCTETS, &value.finish());
                });
            });
        });
        let bytes = out.finish();
        let (_, Answer::Done(outcome, cookie)) = read(&bytes).unwrap() else { panic!("no end") };
        assert_eq!((outcome.code, cookie.as_deref()), (0, Some(&b"next"[..])));
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(length(&bytes), Ok(Some(bytes.len())));
    }
}
