//! Rule `flow-logs-deleted`.

use policy_sdk::prelude::*;

/// Someone deleted flow logs. Who talks to whom in that network is not written down any more: neither the way in, nor what is
/// carried out.
#[rule(
    id = "flow-logs-deleted",
    title = "Flow logs deleted",
    severity = "high",
    techniques = ["T1562.008"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteFlowLogs.html",
        "https://attack.mitre.org/techniques/T1562/008/",
    ],
    false_positives = ["Taking down a network, or flow logs that others replace."],
    runbook = "Make them anew, then ask who deleted them. If nobody did: revoke the caller's sessions and keys, and look at what happened in \
        that network before.",
    select(event_source = "ec2.amazonaws.com", event_name = "DeleteFlowLogs", outcome = "success"),
)]
pub fn flow_logs_deleted(event: &Event) -> Finding {
    let who = event.actor().label();
    // One is written as an object, several as a list of them.
    let asked_for = event.get("requestParameters.DeleteFlowLogsRequest.FlowLogId");
    let ids: Vec<&str> = asked_for.one_or_many().filter_map(|id| id.get("content").str()).collect();
    let finding =
        Finding::new(format!("{who} deleted {} flow log(s)", ids.len())).detail("source_address", event.source_ip_text());
    ids.into_iter().fold(finding, |finding, id| finding.resource(resource(event, id)))
}

fn resource(event: &Event, id: &str) -> Resource {
    let (partition, region, account) = (event.partition(), event.region(), event.recipient_account());
    let arn = format!("arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}");
    Resource::of_kind("AWS::EC2::FlowLog", arn).in_region(region).in_account(account)
}
