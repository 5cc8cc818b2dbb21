//! Requests by route, method and status.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use http::{Method, StatusCode};
use parking_lot::RwLock;
use stagedoor_portal::Timings;

use super::metrics::{Text, histogram};

/// Routes are templates, methods are those of the standard and statuses ours: so the labels are few, whatever is asked.
#[derive(Default)]
pub(super) struct Requests {
    routes: RwLock<HashMap<Box<str>, Vec<Series>>>,
}

struct Series {
    method: &'static str,
    status: u16,
    timings: Timings,
}

impl Requests {
    pub(super) fn add(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let (method, status) = (name_of(method), status.as_u16());
        let of = |s: &&Series| s.status == status && s.method == method;
        if let Some(series) = self.routes.read().get(route).and_then(|all| all.iter().find(of)) {
            series.timings.add(took);
            return;
        }
        let mut routes = self.routes.write();
        let all = routes.entry(route.into()).or_default();
        // Somebody else may have been first.
        if let Some(series) = all.iter().find(of) {
            series.timings.add(took);
            return;
        }
        let series = Series { method, status, timings: Timings::default() };
        series.timings.add(took);
        all.push(series);
    }

    pub(super) fn write(&self, text: &mut Text) {
        let routes = self.routes.read();
        let mut routes: Vec<_> = routes.iter().collect();
        routes.sort_by(|a, b| a.0.cmp(b.0));
        text.head("stagedoor_http_requests_total", "counter", "Requests answered.");
        for (route, all) in &routes {
            for series in all.iter() {
                let count: u64 = series.timings.buckets().iter().sum();
                let labels = format!("{},status=\"{}\"", labels(route, series.method), series.status);
                text.value("stagedoor_http_requests_total", &labels, count);
            }
        }
        let name = "stagedoor_http_request_duration_seconds";
        text.head(name, "histogram", "Time until an answer began.");
        for (route, all) in &routes {
            let mut methods: Vec<&str> = all.iter().map(|s| s.method).collect();
            methods.sort_unstable();
            methods.dedup();
            for method in methods {
                let of_method: Vec<&Timings> =
                    all.iter().filter(|s| s.method == method).map(|s| &s.timings).collect();
                histogram(text, name, &labels(route, method), &of_method);
            }
        }
    }
}

fn labels(route: &str, method: &str) -> String {
    let mut out = String::new();
    // Routes are ours and need no escaping.
    let _ = write!(out, "route=\"{route}\",method=\"{method}\"");
    out
}

fn name_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
