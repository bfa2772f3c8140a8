//! Rule `ssm-command-sent`.

use policy_sdk::prelude::*;

use crate::instance;

/// Someone had machines run a command through Systems Manager. It runs as root, needs no way in through the network, and reaches
/// as many machines as are named.
#[rule(
    id = "ssm-command-sent",
    title = "Command sent to machines",
    severity = "low",
    techniques = ["T1651"],
    references = [
        "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html",
        "https://attack.mitre.org/techniques/T1651/",
    ],
    false_positives = ["Patching, inventories and people whose work it is: except their roles from this rule."],
    runbook = "Ask who sent it, and read the command in Systems Manager's own history (the trail does not hold it). If nobody knows: isolate \
        the machines.",
    select(event_source = "ssm.amazonaws.com", event_name = "SendCommand", outcome = "success"),
)]
pub fn ssm_command_sent(event: &Event) -> Finding {
    let who = event.actor().label();
    let document = event.get("requestParameters.documentName").text();
    let ids: Vec<&str> = event.get("requestParameters.instanceIds[]").items().filter_map(|id| id.str()).collect();
    let finding = Finding::new(format!("{who} sent a command ({document}) to machines"))
        .detail("document", document)
        .detail("command_id", event.get("responseElements.command.commandId").str())
        .detail("targets", event.get("requestParameters.targets"))
        .detail("source_address", event.source_ip_text());
    ids.into_iter().fold(finding, |finding, id| finding.resource(instance::resource(event, id)))
}
