//! Rule `console-login-without-mfa`.

use policy_sdk::prelude::*;

/// Someone signed in to the console with nothing but a password. A password is guessed, phished or reused; with a second
/// factor it is not enough, without one it is the whole account of that person.
///
/// # Left out on purpose
/// Sign-ins through a role, SAML or IAM Identity Center: AWS writes `MFAUsed: No` for them whatever the identity provider
/// asked for, so the record does not tell.
#[rule(
    id = "console-login-without-mfa",
    title = "Console sign-in without MFA",
    severity = "medium",
    techniques = ["T1078.004"],
    references = ["https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html"],
    false_positives = ["A new user's first sign-in, before a second factor can be registered."],
    runbook = "Ask the user whether it was them. Register a second factor, and deny everything else to sessions without one.",
    select(
        event_source = "signin.amazonaws.com",
        event_name = "ConsoleLogin",
        outcome = "success",
        principal_type = ["IAMUser", "Root"],
    ),
)]
pub fn console_login_without_mfa(event: &Event) -> Option<Finding> {
    if !signed_in_without_mfa(event) {
        return None;
    }
    let who = event.actor().label();
    let address = event.source_ip_text();
    let finding = Finding::new(format!("{who} signed in to the console from {address} without a second factor"));
    Some(finding.detail("source_address", address).detail("user_agent", event.user_agent()))
}

/// What the sign-in page writes about the second factor. It writes `No`, `Yes` and, in older records, `YES`.
pub(crate) fn signed_in_without_mfa(event: &Event) -> bool {
    event.get("additionalEventData.MFAUsed").text().eq_ignore_ascii_case("no")
}
