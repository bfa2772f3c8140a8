//! Rule `deactivate-mfa-root`.

use policy_sdk::prelude::*;

/// The root user gave up its own second factor. From now on its password alone opens everything in the account, and no policy
/// binds the root user. Nobody needs to do so except to register another device at once.
///
/// # What counts
/// A call by the root user about itself. AWS writes the user as `AWS ROOT USER`; the device's serial number, where it is a
/// virtual one, ends in `mfa/root-account-mfa-device`. The root user who takes a device from an IAM user is not meant here.
#[rule(
    id = "deactivate-mfa-root",
    title = "MFA of the root user deactivated",
    severity = "critical",
    techniques = ["T1556.006"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html",
        "https://attack.mitre.org/techniques/T1556/006/",
    ],
    false_positives = ["The device is replaced by another: see that one is registered again within minutes."],
    runbook = "Reach the owner of the root user by telephone. If it was not them: reset the root password through AWS Support, register a \
        device, delete the root user's access keys, and look at what it did.",
    select(
        event_source = "iam.amazonaws.com",
        event_name = "DeactivateMFADevice",
        outcome = "success",
        principal_type = "Root",
    ),
)]
pub fn deactivate_mfa_root(event: &Event) -> Option<Finding> {
    let device = event.get("requestParameters.serialNumber").text();
    let is_its_own =
        event.get("requestParameters.userName").text() == "AWS ROOT USER" || device.ends_with(":mfa/root-account-mfa-device");
    if !is_its_own {
        return None;
    }
    let who = event.actor().label();
    let finding = Finding::new(format!("{who} deactivated its own second factor"))
        .detail("device", device)
        .detail("source_address", event.source_ip_text());
    Some(finding)
}
