//! A fake directory. It speaks as much LDAP as RFC 4511 and RFC 2696 ask of a server that is only read: bind, search with
//! pages, StartTLS refused, unbind; with Active Directory's ranges of values where a test wants them. Filters are
//! written down and not applied: the tests with a real slapd are about those.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An attribute and its values.
type Attribute = (String, Vec<Vec<u8>>);
/// The name of an entry, and its attributes.
pub(crate) type Entry = (String, Vec<Attribute>);

/// What the directory has and how it behaves.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) entries: Vec<Entry>,
    /// Who may bind.
    pub(crate) credentials: (String, String),
    /// Whether pages are known.
    pub(crate) pages: bool,
    /// Values of an attribute that are given at once.
    pub(crate) range: Option<usize>,
    pub(crate) trouble: Trouble,
}

/// What goes wrong.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// A search below a base other than the root ends with this code after its first entry.
    Code(i32),
    /// The connection ends in the middle of the second entry.
    Cut,
    /// The connection ends between two entries.
    Gone,
    /// It is a web server.
    Http,
    /// It says that it ends the connection.
    Notice,
    /// Every page leads to another.
    Endless,
    /// It names other servers.
    Referrals,
    /// An entry says that it is larger than anything.
    Huge,
}

/// A running fake; it ends with the test's runtime.
pub(crate) struct Fake {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    directory: Arc<Mutex<Directory>>,
}

impl Fake {
    pub(crate) async fn start(directory: Directory) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, directory) = (Arc::new(Mutex::default()), Arc::new(Mutex::new(directory)));
        let shared = (Arc::clone(&asked), Arc::clone(&directory));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, directory) = (Arc::clone(&shared.0), shared.1.lock().unwrap().clone());
                tokio::spawn(async move { serve(stream, &directory, &asked).await });
            }
        });
        Self { port, asked, directory }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Directory)) {
        change(&mut self.directory.lock().unwrap());
    }

    /// What was asked since the last time, in words.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// An entry by name and texts; one attribute may come more than once.
pub(crate) fn entry(dn: &str, values: &[(&str, &str)]) -> Entry {
    let mut attributes: Vec<Attribute> = Vec::new();
    for (name, value) in values {
        match attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, all)) => all.push(value.as_bytes().to_vec()),
            None => attributes.push(((*name).to_owned(), vec![value.as_bytes().to_vec()])),
        }
    }
    (dn.to_owned(), attributes)
}

async fn serve(mut stream: TcpStream, directory: &Directory, asked: &Mutex<Vec<String>>) -> Option<()> {
    loop {
        let message = read_message(&mut stream).await?;
        let (mut fields, mut at) = (values(&message), 0);
        let id = fields.remove(0).1;
        let (tag, operation) = fields.remove(0);
        let parts = values(&operation);
        let text = |n: usize| String::from_utf8_lossy(&parts[n].1).into_owned();
        let log = |line: String| asked.lock().unwrap().push(line);
        if directory.trouble == Trouble::Http {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.ok()?;
            return None;
        }
        match tag {
            0x60 => {
                log(format!("bind {}", text(1)));
                let good = directory.credentials == (text(1), text(2));
                let code = if good { 0 } else { 49 };
                stream.write_all(&message_of(&id, &result(0x61, code), &[])).await.ok()?;
            }
            0x77 => stream.write_all(&message_of(&id, &result(0x78, 2), &[])).await.ok()?,
            0x42 => {
                log("unbind".into());
                return None;
            }
            0x63 => {
                let attributes: Vec<String> = values(&parts[7].1)
                    .iter()
                    .map(|(_, name)| String::from_utf8_lossy(name).into_owned())
                    .collect();
                let page = fields.first().and_then(|(_, controls)| page_of(controls));
                let search = Search { base: text(0), scope: parts[1].1[0], attributes, page };
                log(format!("search {} {} {}", search.base, search.scope, search.attributes.join(" ")));
                at += 1;
                answer(&mut stream, directory, &id, &search).await?;
            }
            _ => return None,
        }
        assert!(at < 2, "one search a message");
    }
}

struct Search {
    base: String,
    scope: u8,
    attributes: Vec<String>,
    /// Size, and where to go on.
    page: Option<(usize, usize)>,
}

async fn answer(stream: &mut TcpStream, directory: &Directory, id: &[u8], search: &Search) -> Option<()> {
    let base = search.base.to_lowercase();
    let matches = |dn: &str| {
        let dn = dn.to_lowercase();
        let below =
            dn.strip_suffix(&format!(",{base}")).is_some_and(|rest| search.scope == 2 || !rest.contains(','));
        match search.scope {
            0 => dn == base,
            1 => below,
            _ => below || dn == base,
        }
    };
    let found: Vec<_> = directory.entries.iter().filter(|(dn, _)| matches(dn)).collect();
    let (size, start) = search.page.filter(|_| directory.pages).unwrap_or((usize::MAX, 0));
    let trouble = if base.is_empty() { Trouble::None } else { directory.trouble };
    for (n, (dn, attributes)) in found.iter().skip(start).take(size).enumerate() {
        let bytes = message_of(id, &encode_entry(dn, attributes, search, directory.range), &[]);
        match trouble {
            Trouble::Cut if n == 1 => {
                stream.write_all(&bytes[..bytes.len() / 2]).await.ok()?;
                return None;
            }
            Trouble::Gone if n == 1 => return None,
            Trouble::Huge => {
                stream.write_all(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 2, 1, 2]).await.ok()?;
                return None;
            }
            Trouble::Code(code) if n == 1 => {
                stream.write_all(&message_of(id, &result(0x65, code), &[])).await.ok()?;
                return Some(());
            }
            _ => stream.write_all(&bytes).await.ok()?,
        }
    }
    if trouble == Trouble::Notice {
        stream.write_all(&message_of(&[0], &result(0x78, 52), &[])).await.ok()?;
        return None;
    }
    if trouble == Trouble::Referrals {
        let reference = value(0x73, &value(4, b"ldap://other.larkfell.example/"));
        stream.write_all(&message_of(id, &reference, &[])).await.ok()?;
    }
    let next = start.saturating_add(size);
    let more =
        search.page.is_some() && directory.pages && (next < found.len() || trouble == Trouble::Endless);
    let controls = if directory.pages && search.page.is_some() {
        let cookie = if more { next.min(found.len()).to_string() } else { String::new() };
        let inner = value(0x30, &[value(2, &[0]), value(4, cookie.as_bytes())].concat());
        let control = [value(4, b"1.2.840.113556.1.4.319"), value(4, &inner)].concat();
        value(0xa0, &value(0x30, &control))
    } else {
        Vec::new()
    };
    stream.write_all(&message_of(id, &result(0x65, 0), &controls)).await.ok()
}

fn encode_entry(dn: &str, attributes: &[Attribute], search: &Search, range: Option<usize>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, all) in attributes {
        // `member;range=2-*`
        let from = search.attributes.iter().find_map(|asked| {
            asked.strip_prefix(&format!("{name};range="))?.split('-').next()?.parse::<usize>().ok()
        });
        let wanted = search
            .attributes
            .iter()
            .any(|asked| asked == "*" || asked == "+" || asked.eq_ignore_ascii_case(name));
        if from.is_none() && !wanted {
            continue;
        }
        let (mut shown, mut given) = (name.clone(), &all[..]);
        if let Some(most) = range.filter(|most| all.len() > *most || from.is_some()) {
            let start = from.unwrap_or(0).min(all.len());
            let end = (start + most).min(all.len());
            given = &all[start..end];
            let last = if end == all.len() { "*".to_owned() } else { (end - 1).to_string() };
            shown = format!("{name};range={start}-{last}");
        }
        let set: Vec<u8> = given.iter().flat_map(|one| value(4, one)).collect();
        out.extend(value(0x30, &[value(4, shown.as_bytes()), value(0x31, &set)].concat()));
    }
    value(0x64, &[value(4, dn.as_bytes()), value(0x30, &out)].concat())
}

fn page_of(controls: &[u8]) -> Option<(usize, usize)> {
    let control = values(controls).remove(0).1;
    let inner = values(&control).pop()?.1;
    let parts = values(&values(&inner).remove(0).1);
    let size = parts[0].1.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let cookie = String::from_utf8_lossy(&parts[1].1).parse().unwrap_or(0);
    Some((size, cookie))
}

fn result(tag: u8, code: i32) -> Vec<u8> {
    let code = u8::try_from(code).unwrap();
    value(tag, &[value(0x0a, &[code]), value(4, b""), value(4, b"as the fake says")].concat())
}

fn message_of(id: &[u8], operation: &[u8], controls: &[u8]) -> Vec<u8> {
    value(0x30, &[value(2, id), operation.to_vec(), controls.to_vec()].concat())
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    // Always the long form, which clients have to read, too.
    [&[tag, 0x84][..], &length, content].concat()
}

/// The values that follow each other: tag and content.
fn values(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while let [tag, length, rest @ ..] = bytes {
        let count = if *length < 0x80 { 0 } else { usize::from(length & 0x7f) };
        let long = rest[..count].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let length = if count == 0 { usize::from(*length) } else { long };
        all.push((*tag, rest[count..count + length].to_vec()));
        bytes = &rest[count + length..];
    }
    all
}

async fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.ok()?;
    let mut length = usize::from(head[1]);
    if head[1] >= 0x80 {
        let mut digits = vec![0; usize::from(head[1] & 0x7f)];
        stream.read_exact(&mut digits).await.ok()?;
        length = digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.ok()?;
    Some(message)
}
