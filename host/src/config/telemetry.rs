//! How the host tells of itself: `[telemetry]`.

use std::net::SocketAddr;

use super::error::Problem;
use super::reader::{Reader, Section};
use super::schema;
use crate::telemetry::log::{LeastLevel, LogFormat};

/// What is set under `[telemetry]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// Where metrics, health and status are served; none where they are not.
    pub listen: Option<SocketAddr>,
    /// The form of the log's lines.
    pub log_format: LogFormat,
    /// The least level that is told.
    pub log_level: LeastLevel,
}

/// What the section says; what is wrong with it is reported.
pub(super) fn read<'a>(reader: &mut Reader<'a>, top: &Section<'a>) -> TelemetryConfig {
    let section = top.entry("telemetry").and_then(|entry| reader.table(top, entry, "[telemetry]".to_owned()));
    let Some(section) = section else { return TelemetryConfig::default() };
    reader.refuse_unknown_keys(&section, schema::TELEMETRY);
    TelemetryConfig {
        listen: listen(reader, &section),
        log_format: reader
            .word(&section, "log_format", "form of the log", &LogFormat::ALL, LogFormat::as_str)
            .unwrap_or_default(),
        log_level: reader
            .word(&section, "log_level", "level of the log", &LeastLevel::ALL, LeastLevel::as_str)
            .unwrap_or_default(),
    }
}

fn listen<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Option<SocketAddr> {
    let (text, span) = reader.string(section, "listen")?;
    let address = text.parse().ok();
    if address.is_none() {
        reader.report(span, Problem::NotAnAddress { text: text.to_owned() });
    }
    address
}
