//! Bodies that are not what they seem (attack case 35: a gzip bomb, 50 MB).

use stagedoor_server::config::WireConfig;

use super::{Served, status_of};

#[tokio::test]
async fn a_compressed_body_is_refused_before_it_is_read() {
    let served = Served::new(WireConfig::default()).await;
    for (path, shape) in [
        ("/v1/blueprints", "\"error\":\"unsupported_encoding\""),
        ("/api/catalog/entities/by-refs", "\"name\":\"UnsupportedMediaTypeError\""),
        ("/api/stagedoor/v1/documents", "\"code\":\"unsupported_encoding\""),
    ] {
        for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
            let headers = format!("content-type: application/json\r\ncontent-encoding: {encoding}\r\n");
            let reply = served.ask(&format!("POST {path}"), &headers, "\u{1f}bomb").await;
            assert_eq!(reply.status(), 415, "{path} {encoding}: {}", reply.0);
            assert!(reply.body().contains(shape), "{}", reply.0);
        }
        let headers = "content-type: application/json\r\ncontent-encoding: identity\r\n";
        assert_ne!(served.ask(&format!("POST {path}"), headers, "{}").await.status(), 415);
    }
    served.answers().await;
}

#[tokio::test]
async fn a_length_of_fifty_megabytes_is_refused_at_once() {
    let served = Served::new(WireConfig::default()).await;
    for (path, status) in [
        ("/v1/blueprints", 413),
        ("/v1/blueprints/service/entities", 413),
        ("/api/catalog/entities/by-refs", 400),
        ("/api/stagedoor/v1/documents", 413),
    ] {
        let token = served.portal.token();
        // Nothing of the body is sent: whoever waits for it would wait for ever.
        let text = served
            .raw(format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: 52428800\r\n\r\n"
            ))
            .await;
        assert_eq!(status_of(&text), status, "{path}: {text}");
    }
    served.answers().await;
}
