//! Log lines: one per event, text or JSON, with the request they belong to.

use std::fmt;
use std::sync::OnceLock;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use stagedoor_portal::Hiding;

use super::request_id::CURRENT;

/// What takes secrets out of lines, once there is a portal.
static HIDING: OnceLock<Hiding> = OnceLock::new();

/// Takes the secrets of a portal out of every line from now on. The first portal of a process counts.
pub(crate) fn hide_in_logs(hiding: Hiding) {
    // A second one is a test's.
    let _ = HIDING.set(hiding);
}

/// A line without secrets, in whatever form they got into it.
fn clean(line: String) -> String {
    match HIDING.get().and_then(Hiding::redactor) {
        Some(redactor) if !redactor.is_empty() => redactor.redact(&line).into_owned(),
        _ => line,
    }
}

/// Logs to standard error. `STAGEDOOR_LOG` sets the level (`info` when absent), `STAGEDOOR_LOG_FORMAT=json` the form.
pub fn start_logging() {
    let filter =
        tracing_subscriber::EnvFilter::try_from_env("STAGEDOOR_LOG").unwrap_or_else(|_| "info".into());
    let start = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let format = tracing_subscriber::fmt::format().with_target(false);
    if std::env::var("STAGEDOOR_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json")) {
        let format = format.json().flatten_event(true).with_current_span(false).with_span_list(false);
        start.fmt_fields(JsonFields::new()).event_format(JsonLine(format)).init();
    } else {
        start.event_format(TextLine(format)).init();
    }
}

/// Text. What stands in a line ends in it: an error that quotes a caller could write lines of its own otherwise.
struct TextLine(Format<Full>);

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        let line = clean(line);
        for c in line.trim_end().chars() {
            if c.is_control() { write!(out, "{}", c.escape_default())? } else { out.write_char(c)? }
        }
        // An access line has it already.
        if event.metadata().target() != "stagedoor::access" {
            let _ = CURRENT.try_with(|id| write!(out, " request_id={}", id.as_str()));
        }
        writeln!(out)
    }
}

/// JSON, one object a line.
struct JsonLine(Format<Json>);

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        let line = clean(line);
        let line = line.trim_end();
        out.write_str(line.strip_suffix('}').unwrap_or(line))?;
        if event.metadata().target() != "stagedoor::access" {
            let _ = CURRENT.try_with(|id| write!(out, ",\"request_id\":\"{}\"", id.as_str()));
        }
        writeln!(out, "}}")
    }
}
