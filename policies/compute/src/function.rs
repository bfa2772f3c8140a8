//! The Lambda function that a record is about.

use policy_sdk::prelude::*;

/// Its name: from the answer, else as the caller gave it, which may be an ARN.
pub fn name<'a>(event: &Event<'a>) -> &'a str {
    event.get("responseElements.functionName").str().unwrap_or(asked_for(event))
}

/// The answer names the ARN; where it is missing, the request names the function, by ARN or by name.
pub fn resource(event: &Event) -> Resource {
    let (partition, region, account) = (event.partition(), event.region(), event.recipient_account());
    let asked_for = asked_for(event);
    let arn = match event.get("responseElements.functionArn").str() {
        Some(arn) => arn.to_owned(),
        None if asked_for.starts_with("arn:") => asked_for.to_owned(),
        None => format!("arn:{partition}:lambda:{region}:{account}:function:{asked_for}"),
    };
    Resource::of_kind("AWS::Lambda::Function", arn).in_region(region).in_account(account)
}

fn asked_for<'a>(event: &Event<'a>) -> &'a str {
    event.get("requestParameters.functionName").text()
}
