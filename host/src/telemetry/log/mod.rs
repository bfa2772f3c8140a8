//! The log of a running host: lines of JSON or of text on standard error, one for each event.
//!
//! Every event is a function of [`events`], with a name and fields that never change their meaning; nothing else of the host
//! writes to this log. Text that comes from a record, a policy or a file is made harmless and cut before it gets there.

pub mod events;
pub mod fields;

use std::io;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::engine::LogLevel;

/// What every event of the host is said to come from; what libraries say is not told.
pub(crate) const TARGET: &str = "trailwarden";

/// The form of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// Both forms.
    pub const ALL: [Self; 2] = [Self::Text, Self::Json];

    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// The least level that is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the usual five")]
pub enum LeastLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl LeastLevel {
    /// All of them, the rarest first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The word for it in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// Whether a policy's line of this level is told.
    pub fn tells(self, level: LogLevel) -> bool {
        let least = match level {
            LogLevel::Error => Self::Error,
            LogLevel::Warn => Self::Warn,
            LogLevel::Info => Self::Info,
            LogLevel::Debug => Self::Debug,
            LogLevel::Trace => Self::Trace,
        };
        least <= self
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// The log was started before.
#[derive(Debug, thiserror::Error)]
#[error("the log was started before; start it once, when the process begins")]
pub struct AlreadyStarted;

/// Begins to tell events on standard error, for the whole process.
///
/// # Errors
/// [`AlreadyStarted`]; nothing changes then.
pub fn start(format: LogFormat, least: LeastLevel) -> Result<(), AlreadyStarted> {
    tracing::subscriber::set_global_default(subscriber(format, least, io::stderr)).map_err(|_| AlreadyStarted)
}

/// What tells events to a writer of one's own, for `tracing::subscriber::with_default`.
pub fn subscriber<W>(format: LogFormat, least: LeastLevel, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let targets = Targets::new().with_target(TARGET, least.filter());
    let layer = tracing_subscriber::fmt::layer().with_target(false).with_ansi(false).with_writer(writer);
    let registry = tracing_subscriber::registry().with(targets);
    match format {
        LogFormat::Text => Box::new(registry.with(layer)),
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(registry.with(layer))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use super::events::{EVENTS, EventDefinition};
    use super::fields::FIELDS;
    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn told(format: LogFormat, least: LeastLevel, tell: impl FnOnce()) -> Vec<String> {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber(format, least, move || writer.clone()), tell);
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_event_is_a_line_of_json_with_its_name_and_its_fields() {
        let lines = told(LogFormat::Json, LeastLevel::Trace, events::tell_each);
        assert_eq!(lines.len(), EVENTS.len());
        for (line, EventDefinition { name, fields, level, .. }) in lines.iter().zip(EVENTS) {
            let told: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            let keys: BTreeSet<&str> = told.keys().map(String::as_str).collect();
            let always = ["timestamp", "level", "message", "event"];
            assert_eq!(keys, fields.iter().copied().chain(always).collect::<BTreeSet<_>>(), "{line}");
            assert_eq!(told["event"], *name, "{line}");
            assert!(told["level"] == level.to_uppercase() || *level == events::LEVEL_OF_POLICY, "{line}");
            let is_moment = told["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok();
            assert!(is_moment, "{line}");
        }
    }

    #[test]
    fn every_field_is_explained_and_every_explained_field_is_used() {
        let used: BTreeSet<&str> = EVENTS.iter().flat_map(|event| event.fields.iter().copied()).collect();
        let explained: BTreeSet<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
        assert_eq!(used, explained);
        let names: BTreeSet<&str> = EVENTS.iter().map(|event| event.name).collect();
        assert_eq!((names.len(), explained.len()), (EVENTS.len(), FIELDS.len()));
    }

    #[test]
    fn text_of_strangers_is_one_line_that_a_terminal_does_not_act_on() {
        let evil = format!("a\nb\u{1b}[2J\u{202e}\" level=ERROR {}", "x".repeat(100_000));
        for format in LogFormat::ALL {
            let lines = told(format, LeastLevel::Info, || events::object_unreadable(&evil, Some(7), &evil));
            let [line] = &lines[..] else { panic!("{lines:?}") };
            assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}') && line.len() < 5_000, "{format:?}: {line}");
        }
        let line = &told(LogFormat::Json, LeastLevel::Info, || events::object_unreadable(&evil, None, &"x"))[0];
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(told["object"].as_str().unwrap().starts_with("a b\\u{1b}[2J\\u{202e}\" level=ERROR xx"), "{line}");
        assert!(told.get("offset").is_none());
    }

    #[test]
    fn what_is_below_the_level_and_what_libraries_say_is_not_told() {
        let lines = told(LogFormat::Text, LeastLevel::Warn, || {
            events::service_stopped(std::time::Duration::from_secs(1));
            tracing::error!(target: "a_library", "a library's");
            events::sink_blocked(&"findings", &"the disk is full");
        });
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(line.contains("WARN") && line.contains(r#"event="sink.blocked""#), "{line}");
        assert!(line.contains(r#"reason="the disk is full""#), "{line}");
    }
}
