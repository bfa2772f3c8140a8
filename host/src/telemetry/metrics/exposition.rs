//! The text that Prometheus reads, in the two forms that monitoring asks for.
//!
//! [OpenMetrics 1.0](https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md) for whoever accepts
//! it, which Prometheus does; the
//! [older text form](https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format) for everybody else, such as
//! a person's browser. The two differ in the lines that describe a metric.

use std::fmt::{Error, Write as _};

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit as EncodedUnit;

use super::definitions::{Kind, MetricDefinition, Unit};
use super::histogram::Histogram;
use crate::harmless::is_harmful;

/// A form of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The older form of Prometheus.
    Classic,
}

impl Form {
    /// The form for whoever sends this `Accept` header.
    pub fn accepted(accept: Option<&str>) -> Self {
        let accepts = |accept: &str| accept.split(',').any(|range| range.trim().starts_with("application/openmetrics-text"));
        if accept.is_some_and(accepts) { Self::OpenMetrics } else { Self::Classic }
    }

    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The samples of one metric, to be written.
pub(super) struct Family<'a> {
    definition: &'a MetricDefinition,
    encoder: MetricEncoder<'a>,
}

/// Writes a metric's description and hands over what its samples are written to.
pub(super) fn family(
    encoder: &mut DescriptorEncoder<'_>,
    definition: &MetricDefinition,
    write: impl FnOnce(&mut Family<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let MetricDefinition { name, kind, unit, help, .. } = definition;
    let unit = match unit {
        Unit::None => None,
        Unit::Seconds => Some(EncodedUnit::Seconds),
        Unit::Bytes => Some(EncodedUnit::Bytes),
    };
    let (metric_type, suffix) = match kind {
        Kind::Counter => (MetricType::Counter, "_total"),
        Kind::Gauge => (MetricType::Gauge, ""),
        Kind::Histogram => (MetricType::Histogram, ""),
        Kind::Info => (MetricType::Info, "_info"),
    };
    // The encoder puts the unit and the suffix behind the name.
    let name = name.strip_suffix(suffix).unwrap_or(name);
    let name = unit.as_ref().and_then(|unit| name.strip_suffix(unit.as_str())).map_or(name, |name| name.trim_end_matches('_'));
    let encoder = encoder.encode_descriptor(name, help.trim(), unit.as_ref(), metric_type)?;
    write(&mut Family { definition, encoder })
}

impl Family<'_> {
    /// A sample of a counter, with the values of its labels.
    pub(super) fn counter<const N: usize>(&mut self, values: [&str; N], value: u64) -> Result<(), Error> {
        let labels = labels(self.definition, values);
        self.encoder.encode_family(&labels)?.encode_counter(&value, NO_EXEMPLAR)
    }

    /// A sample of a counter that counts parts.
    pub(super) fn fraction<const N: usize>(&mut self, values: [&str; N], value: f64) -> Result<(), Error> {
        let labels = labels(self.definition, values);
        self.encoder.encode_family(&labels)?.encode_counter(&value, NO_EXEMPLAR)
    }

    /// A sample of a gauge.
    pub(super) fn gauge<const N: usize>(&mut self, values: [&str; N], value: f64) -> Result<(), Error> {
        let labels = labels(self.definition, values);
        self.encoder.encode_family(&labels)?.encode_gauge(&value)
    }

    /// The sample of an info.
    pub(super) fn info<const N: usize>(&mut self, values: [&str; N]) -> Result<(), Error> {
        let labels = labels(self.definition, values);
        self.encoder.encode_info(&labels)
    }

    /// The samples of a histogram.
    pub(super) fn histogram<const N: usize>(&mut self, values: [&str; N], histogram: &Histogram) -> Result<(), Error> {
        let labels = labels(self.definition, values);
        let (sum, count) = (histogram.sum(), histogram.count());
        self.encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, histogram.buckets(), None)
    }
}

const NO_EXEMPLAR: Option<&Exemplar<NoLabelSet, f64>> = None;

/// The labels of a sample. The encoder writes values as they are, so they are escaped here: a policy's version may hold quotes.
fn labels<const N: usize>(definition: &MetricDefinition, values: [&str; N]) -> Vec<(&'static str, String)> {
    debug_assert_eq!(definition.labels.len(), N, "{}", definition.name);
    definition.labels.iter().copied().zip(values.map(escaped)).collect()
}

fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            // As everywhere, so that a terminal on which somebody looks at it is safe.
            _ if is_harmful(character) => {
                // Writing to a string never fails.
                let _ = write!(escaped, "\\\\u{{{:x}}}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The older form of an OpenMetrics text: metrics are described by the names of their samples, an info is a gauge, and units
/// and the end are not marked.
pub(super) fn classic(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(described) = line.strip_prefix("# HELP ") {
            help = described.split_once(' ');
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|typed| typed.split_once(' ')) {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                kind => ("", kind),
            };
            if let Some((_, help)) = help.take() {
                let _ = writeln!(text, "# HELP {name}{suffix} {help}");
            }
            let _ = writeln!(text, "# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_gets_open_metrics_and_a_browser_the_older_form() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Form::accepted(Some(prometheus)), Form::OpenMetrics);
        for other in [Some("text/html,*/*;q=0.8"), Some("text/plain"), None] {
            assert_eq!(Form::accepted(other), Form::Classic);
        }
    }

    #[test]
    fn the_older_form_describes_samples() {
        let open = "# HELP a Some help.\n# TYPE a counter\n# UNIT a bytes\na_total{x=\"1\"} 1\n# HELP b Build.\n# TYPE b info\nb_info{v=\"#\"} 1\n# EOF\n";
        let expected = "# HELP a_total Some help.\n# TYPE a_total counter\na_total{x=\"1\"} 1\n# HELP b_info Build.\n# TYPE b_info gauge\nb_info{v=\"#\"} 1\n";
        assert_eq!(classic(open), expected);
    }

    #[test]
    fn whatever_a_value_holds_it_stays_one_value() {
        assert_eq!(escaped("1\"} 5\n\\\u{1b}"), "1\\\"} 5\\n\\\\\\\\u{1b}");
    }
}
