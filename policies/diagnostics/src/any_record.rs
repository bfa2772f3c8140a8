//! Rule `any-record`.

use policy_sdk::prelude::*;

use crate::Settings;

/// A record arrived. It says nothing of an attacker; it shows, from the trail to the place where findings end up, that the
/// way is open. Switch it on for a moment, best for one service only (setting `event_sources`): it reports every record.
#[rule(
    id = "any-record",
    title = "Record received",
    severity = "informational",
    references = ["https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html"],
    false_positives = ["All of them: it is a test of the way, not of the record."],
    runbook = "Switch it off again.",
    default_mode = "off",
    select(all),
)]
pub fn any_record(event: &Event, cx: &Context<Settings>) -> Option<Finding> {
    let wanted = &cx.settings().event_sources;
    let is_wanted = wanted.is_empty() || wanted.iter().any(|source| source == event.source());
    if !is_wanted {
        return None;
    }
    let name = or_nothing(event.name(), "an event without a name");
    let source = or_nothing(event.source(), "a service without a name");
    let finding = Finding::new(format!("{name} of {source} arrived"));
    Some(finding.detail("event_name", event.name()).detail("event_source", event.source()).detail("event_time", event.time()))
}

/// Insights records have neither name nor source.
fn or_nothing<'a>(text: &'a str, instead: &'a str) -> &'a str {
    if text.is_empty() { instead } else { text }
}
