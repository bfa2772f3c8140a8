//! Rule `detection-weakened`.

use policy_sdk::prelude::*;

/// Someone switched off or weakened a service that watches the account: GuardDuty, Config or Security Hub. What an attacker does
/// next is then not noticed, not written down as a change, or not told to anybody.
///
/// # What counts
/// - GuardDuty: a detector deleted or disabled, members no longer watched, findings no longer published.
/// - Config: its recorder stopped or deleted, its delivery channel deleted.
/// - Security Hub: switched off, a standard switched off, members taken out.
///
/// `UpdateDetector` counts only where it disables the detector; other changes of one have harmless reasons every day.
///
/// # Severity
/// High where the whole service is off; else medium.
#[rule(
    id = "detection-weakened",
    title = "Detection switched off or weakened",
    severity = "medium",
    techniques = ["T1562.001", "T1562.008"],
    references = [
        "https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Operations.html",
        "https://docs.aws.amazon.com/config/latest/APIReference/API_StopConfigurationRecorder.html",
        "https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DisableSecurityHub.html",
        "https://attack.mitre.org/techniques/T1562/001/",
    ],
    false_positives = ["Taking down an account, or a move of the service to another administrator's account."],
    runbook = "Switch it on again as it was, then ask who switched it off. If nobody did: revoke the caller's sessions and keys, and look at \
        what was done meanwhile in the trail.",
    select(
        event_source = "guardduty.amazonaws.com",
        event_name = [
            "DeleteDetector", "UpdateDetector", "StopMonitoringMembers", "DisassociateMembers", "DeleteMembers",
            "DeletePublishingDestination",
        ],
        outcome = "success",
    ),
    select(
        event_source = "config.amazonaws.com",
        event_name = ["StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel"],
        outcome = "success",
    ),
    select(
        event_source = "securityhub.amazonaws.com",
        event_name = ["DisableSecurityHub", "BatchDisableStandards", "DisassociateMembers", "DeleteMembers"],
        outcome = "success",
    ),
)]
pub fn detection_weakened(event: &Event) -> Option<Finding> {
    let call = event.name();
    if call == "UpdateDetector" && event.get("requestParameters.enable").flag() != Some(false) {
        return None;
    }
    let is_off = matches!(
        call,
        "DeleteDetector" | "UpdateDetector" | "StopConfigurationRecorder" | "DeleteConfigurationRecorder" | "DisableSecurityHub"
    );
    let service = match event.source() {
        "guardduty.amazonaws.com" => "GuardDuty",
        "config.amazonaws.com" => "Config",
        _ => "Security Hub",
    };
    let who = event.actor().label();
    let how = if is_off { "switched off" } else { "weakened" };
    let finding = Finding::new(format!("{who} {how} {service} by {call}"))
        .severity(if is_off { Severity::High } else { Severity::Medium })
        .detail("service", service)
        .detail("call", call)
        .detail("source_address", event.source_ip_text());
    Some(finding)
}
