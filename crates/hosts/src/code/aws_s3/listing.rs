//! One page of `ListObjectsV2` (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).

use roxmltree::{Document, Node};

use crate::code::address::decoded;

/// What a page says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// Key and tag.
    pub(super) objects: Vec<(String, Option<String>)>,
    /// Where the next page begins; none on the last.
    pub(super) next: Option<String>,
}

/// Reads a page. Half of one is an error, and so is one that says there is more but not where.
pub(super) fn read(text: &str) -> Result<Page, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let root = document.root_element();
    if root.tag_name().name() != "ListBucketResult" {
        return Err(format!("a ListBucketResult is expected, not {}", root.tag_name().name()));
    }
    // A prefix may hold what XML cannot, so the answer is asked for in this form.
    let is_encoded = child(root, "EncodingType") == Some("url");
    let plain = |text: &str| {
        let text = if is_encoded { decoded(&text.replace('+', " ")) } else { Some(text.to_owned()) };
        text.ok_or_else(|| "a key is not encoded as it says".to_owned())
    };
    let mut objects = Vec::new();
    for object in root.children().filter(|node| node.tag_name().name() == "Contents") {
        let key = child(object, "Key").ok_or("an object without a key")?;
        objects.push((plain(key)?, child(object, "ETag").map(str::to_owned)));
    }
    let next = match child(root, "IsTruncated") {
        Some("true") => {
            Some(child(root, "NextContinuationToken").ok_or("there is more, but it does not say where")?)
        }
        Some("false") => None,
        _ => return Err("it does not say whether there is more".to_owned()),
    };
    Ok(Page { objects, next: next.map(str::to_owned) })
}

fn child<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.children().find(|child| child.tag_name().name() == name)?.text().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::{Page, read};

    #[test]
    fn reads_what_the_page_says() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
            <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
            <NextContinuationToken>1/x=</NextContinuationToken>
            <Contents><Key>a+b%2Bc%26%C3%BC.yaml</Key><ETag>&quot;1&quot;</ETag><Size>3</Size></Contents>
            <Contents><Key>d</Key></Contents></ListBucketResult>"#;
        let objects = vec![("a b+c&ü.yaml".to_owned(), Some("\"1\"".to_owned())), ("d".to_owned(), None)];
        assert_eq!(read(text), Ok(Page { objects, next: Some("1/x=".to_owned()) }));
        let last = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a%20</Key></Contents></ListBucketResult>";
        assert_eq!(read(last).unwrap().objects, [("a%20".to_owned(), None)]);
    }

    #[test]
    fn half_a_page_is_none() {
        for text in [
            "",
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult></ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>",
            "<Error><Code>SlowDown</Code></Error>",
            // A bomb of entities, and a file of this machine.
            "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
            "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><ListBucketResult/>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
