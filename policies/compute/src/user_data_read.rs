//! Rule `user-data-read`.

use policy_sdk::prelude::*;

use crate::instance;

/// Someone read the start-up script of an instance. Passwords and keys stand in many of them, so attackers read one after the
/// other.
///
/// # Left out on purpose
/// Reading through the console, which shows it on its pages.
#[rule(
    id = "user-data-read",
    title = "Start-up script of an instance read",
    severity = "low",
    techniques = ["T1552.005", "T1552.001"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html",
        "https://attack.mitre.org/techniques/T1552/005/",
    ],
    false_positives = ["Inventories and deployments that compare what is with what should be: except their roles from this rule."],
    runbook = "See who it was and how many they read. If nobody knows: change what stands in these scripts.",
    select(event_source = "ec2.amazonaws.com", event_name = "DescribeInstanceAttribute", outcome = "success"),
)]
pub fn user_data_read(event: &Event) -> Option<Finding> {
    if event.get("requestParameters.attribute").text() != "userData" || event.is_from_console() {
        return None;
    }
    let who = event.actor().label();
    let id = event.get("requestParameters.instanceId").text();
    let finding = Finding::new(format!("{who} read the start-up script of the instance {id}"))
        .detail("instance", id)
        .detail("source_address", event.source_ip_text())
        .resource(instance::resource(event, id));
    Some(finding)
}
