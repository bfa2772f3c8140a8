//! Rule `console-root-login-without-mfa`.

use policy_sdk::prelude::*;

use crate::console_login_without_mfa::signed_in_without_mfa;

/// The root user signed in to the console with nothing but a password. No policy binds the root user of an account: it can
/// close the account, change its owner and take every trail with it. Nobody should need it, least of all without a second factor.
///
/// # Severity
/// Critical, as AWS rates a root user without MFA (Security Hub, IAM.9). It fires besides `console-login-without-mfa`, which
/// speaks of every password-only sign-in.
#[rule(
    id = "console-root-login-without-mfa",
    title = "Root console sign-in without MFA",
    severity = "critical",
    techniques = ["T1078.004"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html",
        "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html",
    ],
    false_positives = ["The first sign-in to a new account, before a second factor can be registered."],
    runbook = "Reach the account's owner. If it was not them: recover the root password, remove root access keys, look at everything done since.",
    select(
        event_source = "signin.amazonaws.com",
        event_name = "ConsoleLogin",
        outcome = "success",
        principal_type = "Root",
    ),
)]
pub fn console_root_login_without_mfa(event: &Event) -> Option<Finding> {
    if !signed_in_without_mfa(event) {
        return None;
    }
    let who = event.actor().label();
    let address = event.source_ip_text();
    let finding = Finding::new(format!("{who} signed in to the console from {address} without a second factor"));
    Some(finding.detail("source_address", address).detail("user_agent", event.user_agent()))
}
