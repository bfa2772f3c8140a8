//! Rule `region-enabled`.

use policy_sdk::prelude::*;

/// Someone switched a region on that was off. Regions that nobody uses are where an attacker's machines are not looked at, and
/// one that was off until now is in nobody's view.
#[rule(
    id = "region-enabled",
    title = "Region switched on",
    severity = "medium",
    techniques = ["T1535"],
    references = [
        "https://docs.aws.amazon.com/accounts/latest/reference/API_EnableRegion.html",
        "https://attack.mitre.org/techniques/T1535/",
    ],
    false_positives = ["A region that the organisation begins to use."],
    runbook = "Ask who switched it on for what. If nobody knows: look at what was started there, and switch it off again.",
    select(event_source = "account.amazonaws.com", event_name = "EnableRegion", outcome = "success"),
)]
pub fn region_enabled(event: &Event) -> Finding {
    let who = event.actor().label();
    let region = event.get("requestParameters.RegionName").text();
    Finding::new(format!("{who} switched the region {region} on"))
        .detail("region", region)
        .detail("source_address", event.source_ip_text())
}
