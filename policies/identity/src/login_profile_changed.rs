//! Rule `login-profile-changed`.

use policy_sdk::prelude::*;

use crate::user;

/// Someone gave an IAM user a password for the console, or another one. Who knows it signs in as that user; with a user who had
/// none before, nobody looks for sign-ins.
///
/// # Severity
/// High where the caller set it for another and asked for no new one at the first sign-in, so that he knows the password that
/// stays; else medium.
#[rule(
    id = "login-profile-changed",
    title = "Console password of a user set",
    severity = "medium",
    techniques = ["T1098", "T1136.003"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html",
        "https://attack.mitre.org/techniques/T1098/",
    ],
    false_positives = ["An administrator who lets a user in, or helps one who forgot the password."],
    runbook = "Ask the user whether it was wanted. If not: delete the sign-in profile, look for sign-ins, and revoke the caller's credentials.",
    select(
        event_source = "iam.amazonaws.com",
        event_name = ["CreateLoginProfile", "UpdateLoginProfile"],
        outcome = "success",
    ),
)]
pub fn login_profile_changed(event: &Event) -> Finding {
    let actor = event.actor();
    let who = actor.label();
    let user = user::name(event).unwrap_or_default();
    let is_own = actor.kind() == ActorKind::IamUser && actor.user_name() == Some(user);
    let must_change = event.get("requestParameters.passwordResetRequired").flag() == Some(true);
    let stays = !is_own && !must_change;
    Finding::new(format!("{who} set a console password for the user {user}"))
        .severity(if stays { Severity::High } else { Severity::Medium })
        .detail("user_name", user)
        .detail("must_be_changed", must_change)
        .detail("source_address", event.source_ip_text())
        .resource(user::resource(event, user))
}
