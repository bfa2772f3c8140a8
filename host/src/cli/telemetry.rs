//! `trailwarden telemetry`: what a running host tells of itself.

use clap::Args;

use super::limits::Form;
use crate::telemetry::http::{ENDPOINTS, Endpoint};
use crate::telemetry::log::events::EVENTS;
use crate::telemetry::{METRICS, MetricDefinition, markdown};

/// What `trailwarden telemetry` is given.
#[derive(Debug, Args)]
pub(super) struct TelemetryArgs {
    /// The form of the output; markdown is the reference page
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

pub(super) fn run(args: &TelemetryArgs) {
    match args.format {
        Form::Markdown => print!("{}", markdown()),
        Form::Text => print_text(),
    }
}

fn print_text() {
    println!("endpoints");
    for Endpoint { path, doc, .. } in ENDPOINTS {
        println!("{path}\n    {doc}");
    }
    println!("\nmetrics");
    for MetricDefinition { name, kind, labels, help, action, .. } in METRICS {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(", ")) };
        println!("{name}{labels} ({})\n    {}\n    when it moves: {action}", kind.as_str(), help.trim());
    }
    println!("\nevents of the log");
    for event in EVENTS {
        println!("{} ({}): {}\n    {}", event.name, event.level, event.fields.join(", "), event.doc.trim());
    }
}
