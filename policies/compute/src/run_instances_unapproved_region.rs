//! Rule `run-instances-unapproved-region`.

use policy_sdk::prelude::*;

use crate::{Settings, instance};

/// Someone started instances in a region that nobody here works in. There an attacker's machines are not looked at: regions are
/// counted one by one, and bills come late.
///
/// # What counts
/// A region that the setting `approved_regions` does not list. Where the list is empty, as by default, nothing is judged.
#[rule(
    id = "run-instances-unapproved-region",
    title = "Instances started in a region that is not approved",
    severity = "high",
    techniques = ["T1535", "T1578.002"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html",
        "https://attack.mitre.org/techniques/T1535/",
    ],
    false_positives = ["A region that is used and not yet listed."],
    runbook = "Ask who started them. If nobody did: take snapshots, terminate them, look for more in that region, and deny it to the account.",
    select(event_source = "ec2.amazonaws.com", event_name = "RunInstances", outcome = "success"),
)]
pub fn run_instances_unapproved_region(event: &Event, cx: &Context<Settings>) -> Option<Finding> {
    let approved = &cx.settings().approved_regions;
    let region = event.region();
    if approved.is_empty() || approved.iter().any(|approved| approved == region) {
        return None;
    }
    let who = event.actor().label();
    let started = instance::started(event);
    let finding = Finding::new(format!("{who} started {} instance(s) in {region}, which is not approved", started.len()))
        .detail("region", region)
        .detail("instance_type", event.get("requestParameters.instanceType").str())
        .detail("source_address", event.source_ip_text());
    Some(started.into_iter().fold(finding, |finding, id| finding.resource(instance::resource(event, id))))
}
