//! AWS Signature Version 4, in the form with an `Authorization` header
//! (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, sign};
use url::Url;

use crate::client::host_of;

/// Whose name a request is made in.
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    /// Of keys that are lent for a time.
    pub(super) session: Option<String>,
}

/// The headers that make a request without a body one of theirs. The URL's path and query have to be in the form
/// that is signed: encoded as RFC 3986 says, the query sorted by name.
pub(super) fn signed(
    keys: &Keys,
    region: &str,
    url: &Url,
    more: &[(&'static str, &str)],
    at: Timestamp,
) -> Vec<(&'static str, String)> {
    let moment = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = moment[..8].to_owned();
    let empty = hex(digest(&SHA256, b"").as_ref());
    let mut headers: Vec<(&'static str, String)> =
        more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    headers.push(("x-amz-content-sha256", empty.clone()));
    headers.push(("x-amz-date", moment.clone()));
    headers.extend(keys.session.iter().map(|session| ("x-amz-security-token", session.clone())));

    let mut named: Vec<(&str, String)> =
        headers.iter().map(|(name, value)| (*name, value.trim().to_owned())).collect();
    named.push(("host", host_of(url)));
    named.sort();
    let list = named.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = named.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let request =
        format!("GET\n{}\n{}\n{lines}\n{list}\n{empty}", url.path(), url.query().unwrap_or_default());

    let scope = format!("{day}/{region}/s3/aws4_request");
    let digest = hex(digest(&SHA256, request.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}");
    let first = format!("AWS4{}", keys.secret).into_bytes();
    let key = [&day, region, "s3", "aws4_request"].iter().fold(first, |key, part| hmac(&key, part));
    let signature = hex(&hmac(&key, &text));
    let id = &keys.id;
    let header =
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope},SignedHeaders={list},Signature={signature}");
    headers.push(("authorization", header));
    headers
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Keys, signed};

    /// The examples of Amazon's own page, named above.
    #[test]
    fn signs_as_amazon_does() {
        let keys = Keys {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session: None,
        };
        let range: &[(&str, &str)] = &[("range", "bytes=0-9")];
        for (url, more, signature) in [
            ("/test.txt", range, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
            ("/?lifecycle=", &[], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            (
                "/?max-keys=2&prefix=J",
                &[],
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com{url}")).unwrap();
            let at = "2013-05-24T00:00:00Z".parse().unwrap();
            let headers = signed(&keys, "us-east-1", &url, more, at);
            let (_, header) = headers.last().unwrap();
            assert!(header.ends_with(&format!(",Signature={signature}")), "{url}: {header}");
            assert!(header.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;"
            ));
        }
    }

    /// `get-vanilla-with-session-token` has no published form for S3; what is signed is in the header's list.
    #[test]
    fn a_session_is_signed_too() {
        let keys = Keys { id: "i".to_owned(), secret: "s".to_owned(), session: Some("t".to_owned()) };
        let url = Url::parse("https://b.s3.amazonaws.com/k").unwrap();
        let headers = signed(&keys, "eu-west-1", &url, &[], "2013-05-24T00:00:00Z".parse().unwrap());
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "authorization"]);
        let list = "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,";
        assert!(headers[3].1.contains(list), "{}", headers[3].1);
    }
}
