//! Rule `user-data-changed`.

use policy_sdk::prelude::*;

use crate::instance;

/// Someone changed the start-up script of an instance. At the next start it runs as root: an attacker who may change it and stop
/// and start the instance has the machine and its role.
#[rule(
    id = "user-data-changed",
    title = "Start-up script of an instance changed",
    severity = "medium",
    techniques = ["T1037", "T1578"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
        "https://attack.mitre.org/techniques/T1037/",
    ],
    false_positives = ["A deployment that keeps instances and changes them in place."],
    runbook = "Compare the script with what it should be before the instance is started again. If nobody can say why: isolate the instance.",
    select(event_source = "ec2.amazonaws.com", event_name = "ModifyInstanceAttribute", outcome = "success"),
)]
pub fn user_data_changed(event: &Event) -> Option<Finding> {
    let request = event.get("requestParameters");
    // AWS hides the script itself; the older form of the call names the attribute instead.
    let is_user_data = request.get("userData").exists() || request.get("attribute").text() == "userData";
    if !is_user_data {
        return None;
    }
    let who = event.actor().label();
    let id = request.get("instanceId").text();
    let finding = Finding::new(format!("{who} changed the start-up script of the instance {id}"))
        .detail("instance", id)
        .detail("source_address", event.source_ip_text())
        .resource(instance::resource(event, id));
    Some(finding)
}
