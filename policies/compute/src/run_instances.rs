//! Rule `run-instances`.

use policy_sdk::prelude::*;

use crate::instance;

/// Someone started instances. Attackers start many and large ones to mine at the account's expense, or a single one with a
/// strong role attached, or inside a network that they want to reach.
#[rule(
    id = "run-instances",
    title = "Instances started",
    severity = "low",
    techniques = ["T1578.002", "T1496.001"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html",
        "https://attack.mitre.org/techniques/T1578/002/",
    ],
    false_positives = ["Auto scaling, and everybody whose work it is to start instances: except their roles from this rule."],
    runbook = "Ask who started them what they are for. If nobody knows: isolate them, take a snapshot, terminate them, and look in the \
        other regions for more.",
    select(event_source = "ec2.amazonaws.com", event_name = "RunInstances", outcome = "success"),
)]
pub fn run_instances(event: &Event) -> Finding {
    let who = event.actor().label();
    let kind = event.get("requestParameters.instanceType").text();
    let started = instance::started(event);
    let finding = Finding::new(format!("{who} started {} instance(s) of type {kind}", started.len()))
        .detail("instance_type", kind)
        .detail("images", event.get("requestParameters.instancesSet.items[].imageId"))
        .detail("source_address", event.source_ip_text());
    started.into_iter().fold(finding, |finding, id| finding.resource(instance::resource(event, id)))
}
