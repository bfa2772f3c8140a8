//! Rule `lambda-function-created`.

use policy_sdk::prelude::*;

use crate::function;

/// Someone made a Lambda function. Whoever may make one and hand it a role has that role's rights, and a schedule or an event
/// that calls it brings him back.
///
/// # What counts
/// `CreateFunction` of every API version (Lambda writes it behind the name: `CreateFunction20150331`). `CreateFunctionUrlConfig`
/// is another call, and CloudFront has a `CreateFunction` of its own.
#[rule(
    id = "lambda-function-created",
    title = "Lambda function created",
    severity = "low",
    techniques = ["T1648", "T1546"],
    references = [
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
        "https://attack.mitre.org/techniques/T1648/",
    ],
    false_positives = ["A deployment: where only pipelines deploy, except their roles from this rule."],
    runbook = "Find the deployment that it belongs to. If there is none: look at the function's code, its role and what calls it.",
    select(event_source = "lambda.amazonaws.com", event_name = "CreateFunction", outcome = "success"),
)]
pub fn lambda_function_created(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = function::name(event);
    Finding::new(format!("{who} created the function {name}"))
        .detail("function", name)
        .detail("role", event.get("requestParameters.role").str())
        .detail("runtime", event.get("requestParameters.runtime").str())
        .detail("code_sha256", event.get("responseElements.codeSha256").str())
        .detail("source_address", event.source_ip_text())
        .resource(function::resource(event))
}
