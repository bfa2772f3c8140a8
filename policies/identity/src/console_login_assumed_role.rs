//! Rule `console-login-assumed-role`.

use policy_sdk::prelude::*;

/// Someone signed in to the console with a role's session. Where people sign in through IAM Identity Center or a provider that
/// is known, this is their way in; elsewhere it is how stolen temporary keys become a console: with `GetSigninToken` whoever
/// holds them gets a sign-in page of his own.
///
/// # Left out on purpose
/// Roles of IAM Identity Center (`AWSReservedSSO_…`), through which people are meant to come in. Whether a second factor was
/// asked for is not judged: AWS writes `MFAUsed: No` for every such sign-in.
#[rule(
    id = "console-login-assumed-role",
    title = "Console sign-in with a role's session",
    severity = "low",
    techniques = ["T1078.004", "T1550.001"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html",
        "https://attack.mitre.org/techniques/T1550/001/",
    ],
    false_positives = ["People who sign in through SAML or a portal of their own: except its roles from this rule."],
    runbook = "Ask whoever the session's name says. If it was not them: revoke the role's sessions, and find out where its keys were taken.",
    select(
        event_source = "signin.amazonaws.com",
        event_name = "ConsoleLogin",
        outcome = "success",
        principal_type = "AssumedRole",
    ),
)]
pub fn console_login_assumed_role(event: &Event) -> Option<Finding> {
    let actor = event.actor();
    if actor.is_identity_center() {
        return None;
    }
    let (who, address) = (actor.label(), event.source_ip_text());
    let finding = Finding::new(format!("{who} signed in to the console from {address} with a role's session"))
        .detail("role", actor.role())
        .detail("session", actor.session_name())
        .detail("source_address", address)
        .detail("user_agent", event.user_agent());
    Some(finding)
}
