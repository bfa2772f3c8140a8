//! Rule `trail-selectors-narrowed`.

use policy_sdk::prelude::*;

use crate::trail;

/// Someone told a trail to leave out management events, some or all. It looks as before and logs on, but the calls that change
/// the account are not in it any more, or only those that read, or all but those of one service.
///
/// # What counts
/// Selectors of which none takes every management event: basic ones (`eventSelectors`) by `includeManagementEvents`,
/// `readWriteType` and `excludeManagementEventSources`; advanced ones (`advancedEventSelectors`) by a selector of the category
/// `Management` under no other condition. Data events alone are nobody's business here: to log fewer of them saves money.
#[rule(
    id = "trail-selectors-narrowed",
    title = "Trail leaves out management events",
    severity = "high",
    techniques = ["T1562.008"],
    references = [
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html",
        "https://attack.mitre.org/techniques/T1562/008/",
    ],
    false_positives = ["A second trail that is meant for data events, or that leaves out KMS and RDS Data API calls for their number."],
    runbook = "See whether another trail takes all management events. If none does: put the old selectors back, and ask who changed them.",
    select(event_source = "cloudtrail.amazonaws.com", event_name = "PutEventSelectors", outcome = "success"),
)]
pub fn trail_selectors_narrowed(event: &Event) -> Option<Finding> {
    let basic = event.get("requestParameters.eventSelectors[]");
    let advanced = event.get("requestParameters.advancedEventSelectors[]");
    if basic.items().any(|selector| takes_all(&selector)) || advanced.items().any(|selector| takes_all_advanced(&selector)) {
        return None;
    }
    let who = event.actor().label();
    let name = event.get("requestParameters.trailName").text();
    let arn = event.get("responseElements.trailARN").str().unwrap_or(name);
    let finding = Finding::new(format!("{who} told the trail {name} to leave out management events"))
        .detail("trail", name)
        .detail("selectors", event.get("requestParameters.eventSelectors"))
        .detail("advanced_selectors", event.get("requestParameters.advancedEventSelectors"))
        .detail("source_address", event.source_ip_text())
        .resource(trail::resource(event, arn));
    Some(finding)
}

/// Whether a basic selector takes every management event; by default one takes them, of both kinds
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html>).
fn takes_all(selector: &Value) -> bool {
    let kinds = selector.get("readWriteType").str().unwrap_or("All");
    let excluded = selector.get("excludeManagementEventSources");
    selector.get("includeManagementEvents").flag() != Some(false) && kinds == "All" && excluded.items().next().is_none()
}

/// Whether an advanced selector takes every management event
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html>).
fn takes_all_advanced(selector: &Value) -> bool {
    let conditions: Vec<Value> = selector.get("fieldSelectors").items().collect();
    let [only] = conditions.as_slice() else { return false };
    only.get("field").text() == "eventCategory" && only.get("equals").contains("Management")
}
