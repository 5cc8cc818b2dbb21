//! Against real servers on this machine, which is what must be refused unless the list names it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod deliver;
mod server;
mod stream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use server::{Scripted, Server, answer, bomb, ok, redirect};
use stagedoor_outbound::{Authorization, Egress, Fetched, GetOptions, OutboundError, PostOptions, Refusal};
use url::Url;

fn egress(allow: &str) -> Egress {
    Egress::new(allow.parse().unwrap())
}

async fn get(egress: &Egress, url: &str) -> Result<Fetched, OutboundError> {
    egress.get(&Url::parse(url).unwrap(), GetOptions::default()).await
}

async fn refusal(egress: &Egress, url: &str) -> Refusal {
    match get(egress, url).await {
        Err(OutboundError::Refused(refusal)) => refusal,
        other => panic!("{url} should be refused, but: {other:?}"),
    }
}

#[tokio::test]
async fn loopback_is_refused_unless_the_list_names_it() {
    let server = Server::start(|_| ok("hello")).await;
    let url = server.url("/catalog-info.yaml?token=abc");

    let refused = get(&egress(""), &url).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "http://127.0.0.1:{}/catalog-info.yaml?... is refused: 127.0.0.1 is a loopback address; to allow it, \
             add 127.0.0.1 to STAGEDOOR_OUTBOUND_ALLOW or stagedoor.outbound.allow",
            server.port
        )
    );
    let other_port = format!("127.0.0.1:{}", server.port - 1);
    refusal(&egress(&other_port), &url).await;
    assert_eq!(server.requests().len(), 0, "nothing was sent");

    for allow in ["127.0.0.1", "127.0.0.0/8", &format!("127.0.0.1:{}", server.port)] {
        let fetched = get(&egress(allow), &url).await.unwrap();
        assert_eq!((fetched.status, &fetched.body[..]), (200, &b"hello"[..]), "{allow}");
        assert_eq!(fetched.final_url.as_str(), url);
    }
}

#[tokio::test]
async fn a_name_is_as_good_as_its_addresses() {
    let server = Server::start(|_| ok("hello")).await;
    for host in ["localhost", "localhost.", "LOCALHOST", "git.localhost"] {
        let url = format!("http://{host}:{}/", server.port);
        let refused = refusal(&egress(""), &url).await;
        assert_eq!(refused.allow.as_deref(), Some(host.to_ascii_lowercase().as_str()));
        assert!(refused.reason.contains("leads to a loopback address"), "{refused}");
        assert!(get(&egress("localhost,*.localhost"), &url).await.is_ok(), "{host}");
        assert!(get(&egress(&format!("127.0.0.1:{}", server.port)), &url).await.is_ok(), "{host}");
    }
    assert_eq!(server.requests().len(), 8);
}

#[tokio::test]
async fn odd_spellings_of_an_address_change_nothing() {
    let server = Server::start(|_| ok("hello")).await;
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "100.100.100.200",
        "224.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
    ] {
        refusal(&egress("10.0.0.0/8,example.com"), &format!("http://{host}:{}/", server.port)).await;
    }
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn only_plain_http_addresses_are_read() {
    for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "data:text/plain,hello", "ftp://example.com/"] {
        let refused = refusal(&egress("0.0.0.0/0"), url).await;
        assert!(refused.allow.is_none() && refused.reason.contains("only http and https"), "{refused}");
    }
    for url in ["http://github.com@127.0.0.1/", "http://user:secret@127.0.0.1/", "http://:secret@127.0.0.1/"]
    {
        let refused = refusal(&egress("127.0.0.1"), url).await;
        assert!(refused.allow.is_none() && refused.reason.contains("user name or password"), "{refused}");
        assert!(!refused.to_string().contains("secret"), "{refused}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_caught() {
    // The check and the connection see one and the same look-up.
    let server = Server::start(|_| ok("hello")).await;
    let names = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let egress = Egress::with_names("127.0.0.1".parse().unwrap(), Arc::<Scripted>::clone(&names));
    let url = format!("http://rebind.example:{}/", server.port);
    assert!(get(&egress, &url).await.is_ok());
    assert_eq!(names.asked(), 1);
    refusal(&egress, &url).await;
    assert_eq!(names.asked(), 2);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn only_the_permitted_addresses_of_a_name_are_used() {
    let server = Server::start(|_| ok("hello")).await;
    let names = Scripted::new(&[&["169.254.169.254", "10.0.0.1", "127.0.0.1"]]);
    let url = format!("http://mixed.example:{}/", server.port);
    let open = Egress::with_names("127.0.0.1".parse().unwrap(), Arc::<Scripted>::clone(&names));
    assert!(get(&open, &url).await.is_ok());
    let closed = Egress::with_names("192.168.0.0/16".parse().unwrap(), names);
    refusal(&closed, &url).await;
}

#[tokio::test]
async fn a_port_of_the_list_opens_no_other_port() {
    let (server, other) = (Server::start(|_| ok("hello")).await, Server::start(|_| ok("other")).await);
    let names = Scripted::new(&[&["127.0.0.1"]]);
    let list = format!("git.example:{}", server.port);
    let egress = Egress::with_names(list.parse().unwrap(), names);
    assert!(get(&egress, &format!("http://git.example:{}/", server.port)).await.is_ok());
    refusal(&egress, &format!("http://git.example:{}/", other.port)).await;
    assert_eq!(other.requests().len(), 0);
}

#[tokio::test]
async fn redirects_are_followed_and_checked() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/a" => redirect("b"),
        "/b" => redirect("/c?x=1"),
        "/c?x=1" => ok("found"),
        "/metadata" => redirect("http://169.254.169.254/latest/meta-data/"),
        "/name" => redirect("http://localhost:1/"),
        "/file" => redirect("file:///etc/passwd"),
        "/userinfo" => redirect("http://user:pass@127.0.0.1/"),
        "/nowhere" => answer("302 Found", "", b""),
        _ => redirect("/loop"),
    })
    .await;
    let egress = egress("127.0.0.1:1,127.0.0.0/30");

    let fetched = get(&egress, &server.url("/a")).await.unwrap();
    assert_eq!(
        (fetched.final_url.as_str(), &fetched.body[..]),
        (server.url("/c?x=1").as_str(), &b"found"[..])
    );

    for path in ["/metadata", "/file", "/userinfo"] {
        let refused = refusal(&egress, &server.url(path)).await;
        assert_eq!(refused.redirected_from, Some(server.url(path)), "{refused}");
    }
    let loopback_only = Egress::new(format!("127.0.0.1:{}", server.port).parse().unwrap());
    refusal(&loopback_only, &server.url("/name")).await;

    let before = server.requests().len();
    let error = get(&egress, &server.url("/loop")).await.unwrap_err();
    assert!(error.to_string().ends_with("more than 5 redirects"), "{error}");
    assert_eq!(server.requests().len() - before, 6);
    let error = get(&egress, &server.url("/nowhere")).await.unwrap_err();
    assert!(error.to_string().ends_with("status 302 without a usable location"), "{error}");
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let other = Server::start(|_| ok("other")).await;
    let target = other.url("/");
    let server = Server::start(move |head| match head.split(' ').nth(1).unwrap() {
        "/out" => redirect(&target),
        "/in" => redirect("/here"),
        _ => ok("here"),
    })
    .await;
    let options =
        || GetOptions { authorization: Some(Authorization::bearer("t0ken")), ..GetOptions::default() };
    assert!(!format!("{:?}", options()).contains("t0ken"));
    let egress = egress("127.0.0.1");
    for path in ["/in", "/out"] {
        egress.get(&Url::parse(&server.url(path)).unwrap(), options()).await.unwrap();
    }
    assert_eq!(
        server.requests().iter().filter(|head| head.contains("authorization: Bearer t0ken")).count(),
        3
    );
    assert_eq!(other.requests().len(), 1);
    assert!(!other.requests()[0].to_lowercase().contains("authorization"));
}

#[tokio::test]
async fn an_unchanged_answer_has_no_body() {
    let server = Server::start(|head| {
        if head.contains("if-none-match: \"v1\"") {
            b"HTTP/1.1 304 Not Modified\r\netag: \"v1\"\r\nconnection: close\r\n\r\n".to_vec()
        } else {
            answer("200 OK", "etag: \"v1\"\r\n", b"hello")
        }
    })
    .await;
    let egress = egress("127.0.0.1");
    let url = Url::parse(&server.url("/")).unwrap();
    let first = egress.get(&url, GetOptions::default()).await.unwrap();
    assert_eq!((first.etag.as_deref(), first.not_modified), (Some("\"v1\""), false));
    let options = GetOptions { etag: first.etag, accept: Some("text/yaml".into()), ..GetOptions::default() };
    let second = egress.get(&url, options).await.unwrap();
    assert_eq!((second.status, second.not_modified, second.body.len()), (304, true, 0));
    assert_eq!(second.etag.as_deref(), Some("\"v1\""));
    assert!(server.requests()[1].contains("accept: text/yaml"));
    let odd = GetOptions { etag: Some("new\r\nline".into()), ..GetOptions::default() };
    assert_eq!(&egress.get(&url, odd).await.unwrap().body[..], b"hello");
}

#[tokio::test]
async fn large_answers_are_given_up() {
    const MIB: usize = 1024 * 1024;
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        // Announced, not announced, and packed.
        "/announced" => b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n".to_vec(),
        "/chunks" => {
            let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat().repeat(32);
            [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".as_slice(), &chunk, b"0\r\n\r\n"]
                .concat()
        }
        "/bomb" => answer("200 OK", "content-encoding: gzip\r\n", &bomb(64 * MIB)),
        _ => ok("0123456789"),
    })
    .await;
    let egress = egress("127.0.0.1");
    let with_limit = |path: &str, max_bytes| {
        let url = Url::parse(&server.url(path)).unwrap();
        let egress = &egress;
        async move { egress.get(&url, GetOptions { max_bytes, ..GetOptions::default() }).await }
    };
    for path in ["/announced", "/chunks", "/bomb"] {
        let error = with_limit(path, MIB).await.unwrap_err();
        assert_eq!(error, OutboundError::TooLarge { url: server.url(path), limit: MIB });
    }
    assert_eq!(with_limit("/small", 10).await.unwrap().body.len(), 10);
    assert!(matches!(with_limit("/small", 9).await, Err(OutboundError::TooLarge { .. })));
    assert_eq!(with_limit("/chunks", 2 * MIB).await.unwrap().body.len(), 2 * MIB);
}

#[tokio::test]
async fn packed_answers_are_unpacked() {
    // gzip of "hello\n"
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0";
    let server = Server::start(move |_| answer("200 OK", "content-encoding: gzip\r\n", packed)).await;
    let fetched = get(&egress("127.0.0.1"), &server.url("/")).await.unwrap();
    assert_eq!(&fetched.body[..], b"hello\n");
    let broken = Server::start(|_| answer("200 OK", "content-encoding: gzip\r\n", b"no gzip")).await;
    assert!(matches!(
        get(&egress("127.0.0.1"), &broken.url("/")).await,
        Err(OutboundError::Unreachable { .. })
    ));
}

#[tokio::test]
async fn slow_answers_are_given_up() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/silent" => Vec::new(),
        // Every hop is quick, all of them together are not.
        path => redirect(&format!("{path}x")),
    })
    .await;
    let stalls = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stalled = format!("http://{}/", stalls.local_addr().unwrap());
    for url in [server.url("/silent"), stalled] {
        let options = GetOptions { timeout: Duration::from_millis(100), ..GetOptions::default() };
        let started = Instant::now();
        let error = egress("127.0.0.1").get(&Url::parse(&url).unwrap(), options).await.unwrap_err();
        assert!(error.to_string().ends_with("no complete answer within 100 ms"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    use tokio::io::AsyncWriteExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello").await.unwrap();
        std::future::pending::<()>().await;
    });
    let options = GetOptions { timeout: Duration::from_millis(100), ..GetOptions::default() };
    let error = egress("127.0.0.1").get(&Url::parse(&url).unwrap(), options).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/404" => answer("404 Not Found", "", b""),
        "/410" => answer("410 Gone", "", b""),
        "/304" => b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec(),
        "/cut" => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello".to_vec(),
        _ => answer("503 Service Unavailable", "", b""),
    })
    .await;
    let egress = egress("127.0.0.1");
    for (path, expected) in [("/404", 404), ("/410", 410)] {
        let url = server.url(path);
        assert_eq!(get(&egress, &url).await.unwrap_err(), OutboundError::NotFound { url, status: expected });
    }
    for (path, expected) in [("/503", 503), ("/304", 304)] {
        let url = server.url(path);
        assert_eq!(get(&egress, &url).await.unwrap_err(), OutboundError::Status { url, status: expected });
    }
    assert!(matches!(get(&egress, &server.url("/cut")).await, Err(OutboundError::Unreachable { .. })));

    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = get(&egress, &format!("http://{closed}/")).await.unwrap_err();
    assert!(error.to_string().contains("Connection refused"), "{error}");
    // No TLS on that port: an error, not a crash.
    let error = get(&egress, &format!("https://127.0.0.1:{}/?token=abc", server.port)).await.unwrap_err();
    assert!(matches!(error, OutboundError::Unreachable { .. }), "{error}");
    assert!(!error.to_string().contains("abc"), "{error}");

    let nobody = Egress::with_names("".parse().unwrap(), Scripted::new(&[]));
    let error = get(&nobody, "http://nobody.example/").await.unwrap_err();
    assert_eq!(error.to_string(), "http://nobody.example/ can't be reached: no such name");
}

#[tokio::test]
async fn a_post_passes_the_same_checks_and_goes_nowhere_else() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/resync" => ok("null"),
        "/moved" => redirect("http://169.254.169.254/latest/meta-data/"),
        "/endless" => Vec::new(),
        _ => answer("404 Not Found", "", b""),
    })
    .await;
    let post = async |egress: &Egress, url: &str, timeout| {
        let options = PostOptions::json("{\"a\":1}".into(), timeout);
        egress.post(&Url::parse(url).unwrap(), options).await
    };
    let (open, long) = (egress("127.0.0.1"), Duration::from_secs(10));
    assert_eq!(post(&open, &server.url("/resync"), long).await, Ok(200));
    let head = server.requests().concat().to_ascii_lowercase();
    assert!(head.starts_with("post /resync ") && head.contains("content-type: application/json"), "{head}");

    let moved = post(&open, &server.url("/moved"), long).await.unwrap_err();
    assert!(matches!(moved, OutboundError::Status { status: 302, .. }), "{moved}");
    let gone = post(&open, &server.url("/gone"), long).await.unwrap_err();
    assert!(matches!(gone, OutboundError::NotFound { .. }), "{gone}");
    let late = post(&open, &server.url("/endless"), Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(late, OutboundError::Unreachable { .. }), "{late}");

    let sent = server.requests().len();
    for url in
        [&server.url("/resync"), "http://169.254.169.254/", "http://user:x@127.0.0.1/", "file:///etc/passwd"]
    {
        let refused = post(&egress("192.0.2.7"), url, long).await.unwrap_err();
        assert!(matches!(refused, OutboundError::Refused(_)), "{url}: {refused}");
    }
    assert_eq!(server.requests().len(), sent, "nothing was sent");
}
