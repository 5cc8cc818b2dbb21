//! What a browser does: it keeps its cookie, and says where a request comes from.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use serde_json::{Value, json};
use stagedoor_server::Peer;
use stagedoor_testkit::{Answer, TestPortal};

pub(super) const NATIVE: &str = "/api/stagedoor/v1";
pub(super) const HOST: &str = "portal.example:7007";

pub(super) struct Browser<'p> {
    pub(super) portal: &'p TestPortal,
    /// `name=value`.
    pub(super) cookie: Option<String>,
    address: IpAddr,
}

impl<'p> Browser<'p> {
    pub(super) fn of(portal: &'p TestPortal) -> Self {
        Self { portal, cookie: None, address: [192, 0, 2, 7].into() }
    }

    pub(super) fn at(mut self, address: &str) -> Self {
        self.address = address.parse().unwrap();
        self
    }

    /// The secret in the cookie.
    pub(super) fn secret(&self) -> Option<String> {
        self.cookie.as_deref().and_then(|cookie| cookie.split_once('=')).map(|(_, value)| value.to_owned())
    }

    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header("host", HOST);
        request = request.extension(ConnectInfo(Peer(self.address))).header("user-agent", "Browser/1");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("theme=dark; {cookie}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
    }

    /// A request by a page of the portal itself.
    pub(super) async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.ask_with(
            method,
            path,
            body,
            &[("sec-fetch-site", "same-origin"), ("origin", "http://portal.example:7007")],
        )
        .await
    }

    pub(super) async fn ask_with(
        &mut self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = self.request(method, path, headers).header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer = self.portal.send(request.body(body).unwrap()).await;
        for set in answer.headers.get_all("set-cookie") {
            let (cookie, _) = set.to_str().unwrap().split_once(';').unwrap();
            self.cookie = (!cookie.ends_with('=')).then(|| cookie.to_owned());
        }
        answer
    }

    pub(super) async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.ask("POST", &format!("{NATIVE}{path}"), Some(body)).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", &format!("{NATIVE}{path}"), None).await
    }

    pub(super) async fn delete(&mut self, path: &str) -> Answer {
        self.ask("DELETE", &format!("{NATIVE}{path}"), None).await
    }

    pub(super) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/session", json!({ "email": email, "password": password })).await
    }

    /// Whether the server knows who this is; then it answers everywhere.
    pub(super) async fn is_in(&mut self) -> bool {
        let known = !self.get("/session").await.json()["viewer"].is_null();
        let status = self.ask("GET", "/v1/blueprints", None).await.status;
        assert_eq!(status, if known { 200 } else { 401 });
        known
    }
}
