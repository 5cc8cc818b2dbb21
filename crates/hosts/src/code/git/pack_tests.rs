//! Packs that are not what they should be. Attack cases 5 and 19: bombs, circles, lies, and what is cut.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha1::{Digest as _, Sha1};

use super::pack::{Broken, Kind, LARGEST, Oid, Pack};

/// A pack of entries, each of them written already.
fn pack(entries: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(entries.len()).unwrap();
    sealed(&[b"PACK\0\0\0\x02".as_slice(), &count.to_be_bytes(), &entries.concat()].concat())
}

fn sealed(body: &[u8]) -> Vec<u8> {
    [body, Sha1::digest(body).as_slice()].concat()
}

/// An entry: the number of its kind, the length that it announces, its base, its content.
fn entry(kind: u8, length: usize, base: &[u8], content: &[u8]) -> Vec<u8> {
    let mut out = vec![kind << 4 | u8::try_from(length & 15).unwrap()];
    let mut rest = length >> 4;
    while rest > 0 {
        *out.last_mut().unwrap() |= 0x80;
        out.push(u8::try_from(rest & 0x7f).unwrap());
        rest >>= 7;
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    [out, base.to_vec(), encoder.finish().unwrap()].concat()
}

fn blob(content: &[u8]) -> Vec<u8> {
    entry(3, content.len(), &[], content)
}

/// A delta of a base of `base` bytes, that makes it `times` times.
fn repeat(base: usize, times: usize) -> Vec<u8> {
    let number = |mut n: usize| {
        let mut out = Vec::new();
        while n > 0x7f {
            out.push(u8::try_from(n & 0x7f).unwrap() | 0x80);
            n >>= 7;
        }
        out.push(u8::try_from(n).unwrap());
        out
    };
    let [low, middle, high, _] = u32::try_from(base).unwrap().to_le_bytes();
    let all = [0x80 | 0x70, low, middle, high].repeat(times);
    [number(base), number(base * times), all].concat()
}

fn error(bytes: Vec<u8>) -> Broken {
    Pack::read(bytes.into()).err().unwrap()
}

#[test]
fn objects_are_known_by_what_they_hold() {
    let (one, delta) = (b"one and one", repeat(11, 2));
    let first = blob(one);
    let named = Oid::of(Kind::Blob, one);
    // One delta by the name of a base that comes later, one by the distance to it.
    let distance = u8::try_from(first.len()).unwrap();
    let entries = [
        entry(7, delta.len(), &named.0, &delta),
        first,
        entry(6, repeat(11, 3).len(), &[distance], &repeat(11, 3)),
    ];
    let read = Pack::read(pack(&entries).into()).unwrap();
    for times in [1, 2, 3] {
        let content = one.repeat(times);
        let oid = Oid::of(Kind::Blob, &content);
        assert_eq!(read.object(&oid), Ok(Some((Kind::Blob, content))), "{times}");
    }
    assert_eq!(read.object(&Oid::of(Kind::Blob, b"two")), Ok(None));
    // The names that git gives.
    assert_eq!(Oid::of(Kind::Blob, b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    assert_eq!(Oid::of(Kind::Tree, b"").to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    assert_eq!(Oid::parse("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"), Some(Oid::of(Kind::Blob, b"")));
    for bad in
        ["", "e69de2", "+69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "é69de29bb2d1d6434b8b29ae775ad8c2e48c539"]
    {
        assert_eq!(Oid::parse(bad), None, "{bad}");
    }
    assert_eq!(
        Pack::read(pack(&[blob(b"")]).into()).unwrap().object(&Oid::of(Kind::Blob, b"")).unwrap().unwrap().1,
        b""
    );
}

#[test]
fn a_cut_or_changed_pack_is_none() {
    let whole = pack(&[blob(b"one"), blob(b"two")]);
    assert!(Pack::read(whole.clone().into()).is_ok());
    for length in 0..whole.len() {
        assert!(Pack::read(whole[..length].to_vec().into()).is_err(), "{length} bytes");
        // Cut, and sealed again.
        assert!(Pack::read(sealed(&whole[..length.min(whole.len() - 21)]).into()).is_err(), "{length} bytes");
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert!(Pack::read(changed.into()).is_err(), "byte {at}");
    }
    let more = sealed(&[&whole[..whole.len() - 20], b"more"].concat());
    assert_eq!(error(more), Broken::Wrong("something stands behind its last object"));
}

#[test]
fn what_a_pack_announces_is_not_believed() {
    let announced =
        |count: u32| sealed(&[b"PACK\0\0\0\x02".as_slice(), &count.to_be_bytes(), &blob(b"one")].concat());
    assert_eq!(error(announced(u32::MAX)), Broken::Wrong("it has too many objects"));
    assert_eq!(error(announced(2)), Broken::Wrong("an object is cut"));
    for length in [0, 2, 4, 1 << 40] {
        let lie = pack(&[entry(3, length, &[], b"one")]);
        assert!(matches!(error(lie), Broken::Wrong(_)), "{length}");
    }
    // A length that no number holds.
    let endless = [vec![0xb0], vec![0xff; 20], vec![0]].concat();
    assert_eq!(error(pack(&[endless])), Broken::Wrong("a length is no number"));
    for kind in [0, 5] {
        assert_eq!(error(pack(&[entry(kind, 3, &[], b"one")])), Broken::Wrong("an object is of no kind"));
    }
    for version in [b"PACK\0\0\0\x01", b"PACK\0\0\0\x04", b"PAKK\0\0\0\x02"] {
        assert!(matches!(error(sealed(&[version.as_slice(), &[0; 4]].concat())), Broken::Wrong(_)));
    }
}

#[test]
fn deltas_stand_upon_something_and_end() {
    let nothing = Broken::Wrong("a delta has no base");
    let (one, other) = (Oid([1; 20]), Oid([2; 20]));
    let delta = repeat(3, 1);
    // Upon what is not there, upon each other, before the first, beside an entry, upon itself.
    for bases in [
        vec![(7, one.0.to_vec())],
        vec![(7, one.0.to_vec()), (7, other.0.to_vec())],
        vec![(6, vec![12])],
        vec![(6, vec![0])],
    ] {
        let entries: Vec<_> =
            bases.iter().map(|(kind, base)| entry(*kind, delta.len(), base, &delta)).collect();
        assert_eq!(error(pack(&entries)), nothing);
    }
    let first = blob(b"one");
    let beside = u8::try_from(first.len() - 1).unwrap();
    assert_eq!(error(pack(&[first.clone(), entry(6, delta.len(), &[beside], &delta)])), nothing);
    let far = entry(6, delta.len(), &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], &delta);
    assert_eq!(error(pack(&[first, far])), nothing);
}

#[test]
fn a_bomb_does_not_go_off() {
    // A megabyte, sixteen times, and that sixteen times again.
    let base = vec![0; 1 << 20];
    let first = blob(&base);
    let upon = |behind: usize, delta: &[u8]| {
        let (low, high) = (u8::try_from(behind & 0x7f).unwrap(), behind >> 7);
        let base = if high == 0 { vec![low] } else { vec![u8::try_from(high - 1).unwrap() | 0x80, low] };
        entry(6, delta.len(), &base, delta)
    };
    let second = upon(first.len(), &repeat(1 << 20, 16));
    let third = upon(second.len(), &repeat(16 << 20, 16));
    let fourth = upon(third.len(), &repeat(256 << 20, 1));
    let read = Pack::read(pack(&[first, second, third, fourth]).into()).unwrap();
    // The largest that is read is there, what is made of it is not.
    assert_eq!(read.named().len(), 2);
    assert!(read.object(&Oid::of(Kind::Blob, &vec![0; LARGEST])).unwrap().is_some());
    // A whole object that is too large has a name and no content.
    let large = vec![0; LARGEST + 1];
    let read = Pack::read(pack(&[blob(&large)]).into()).unwrap();
    assert_eq!(read.object(&Oid::of(Kind::Blob, &large)), Err(Broken::TooLarge));
}
