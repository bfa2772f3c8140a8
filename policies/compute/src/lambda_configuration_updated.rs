//! Rule `lambda-configuration-updated`.

use policy_sdk::prelude::*;

use crate::function;

/// Someone changed the configuration of a function. Another role gives its code other rights; a layer or another handler puts
/// code in front of it; an environment variable sends its secrets elsewhere. The function's code looks as before.
///
/// # Severity
/// Medium where the call names a role, layers or a handler; else low.
#[rule(
    id = "lambda-configuration-updated",
    title = "Configuration of a Lambda function changed",
    severity = "low",
    techniques = ["T1648", "T1546"],
    references = [
        "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html",
        "https://attack.mitre.org/techniques/T1546/",
    ],
    false_positives = ["A deployment: where only pipelines deploy, except their roles from this rule."],
    runbook = "Find the deployment that it belongs to. If there is none: compare role, layers, handler and environment with the last \
        deployment's, and put them back.",
    select(event_source = "lambda.amazonaws.com", event_name = "UpdateFunctionConfiguration", outcome = "success"),
)]
pub fn lambda_configuration_updated(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = function::name(event);
    let request = event.get("requestParameters");
    // Of the environment AWS writes no values.
    let mut changed: Vec<&str> = request.entries().map(|(key, _)| key).filter(|key| *key != "functionName").collect();
    changed.sort_unstable();
    let is_code = ["role", "layers", "handler"].iter().any(|key| !request.member(key).is_absent_or_null());
    Finding::new(format!("{who} changed the configuration of the function {name}: {}", changed.join(", ")))
        .severity(if is_code { Severity::Medium } else { Severity::Low })
        .detail("function", name)
        .detail("changed", changed)
        .detail("role", request.get("role").str())
        .detail("layers", request.get("layers"))
        .detail("source_address", event.source_ip_text())
        .resource(function::resource(event))
}
