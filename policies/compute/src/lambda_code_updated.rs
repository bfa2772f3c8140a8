//! Rule `lambda-code-updated`.

use policy_sdk::prelude::*;

use crate::function;

/// Someone replaced the code of a function. The new code runs with the function's role and sees whatever is sent to it, each
/// time that it is called: an attacker gains the role's rights, and a way back in that outlives the stolen keys.
///
/// # What counts
/// `UpdateFunctionCode` of every API version (Lambda writes it behind the name: `UpdateFunctionCode20150331v2`). A call with
/// `dryRun` only tries whether it would be allowed, and changes nothing.
#[rule(
    id = "lambda-code-updated",
    title = "Code of a Lambda function replaced",
    severity = "medium",
    techniques = ["T1648", "T1546"],
    references = [
        "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html",
        "https://attack.mitre.org/techniques/T1648/",
    ],
    false_positives = ["A deployment: where only pipelines deploy, except their roles from this rule."],
    runbook = "Find the deployment that it belongs to. If there is none: compare the code's hash with the last build, put the last good \
        version back, and look at what the function's role did since.",
    select(event_source = "lambda.amazonaws.com", event_name = "UpdateFunctionCode", outcome = "success"),
)]
pub fn lambda_code_updated(event: &Event) -> Option<Finding> {
    if event.get("requestParameters.dryRun").flag() == Some(true) {
        return None;
    }
    let who = event.actor().label();
    let name = function::name(event);
    let finding = Finding::new(format!("{who} replaced the code of the function {name}"))
        .detail("function", name)
        .detail("role", event.get("responseElements.role").str())
        .detail("code_sha256", event.get("responseElements.codeSha256").str())
        .detail("source_address", event.source_ip_text())
        .resource(function::resource(event));
    Some(finding)
}
