//! The pipeline: GitHub Actions signs in with its token, Terraform reads everything before it changes anything.

use super::{Session, reads, region};
use crate::caller::{Agent, Caller};
use crate::client;
use crate::dice::Dice;
use crate::identity;
use crate::json::object;
use crate::landmarks::GITHUB;
use crate::organisation::{Account, CI_ROLE, runner_address};
use crate::shapes::{session_response, web_identity_response};

/// Whom GitHub's token speaks for.
const SUBJECT: &str = "repo:example-org/shop:ref:refs/heads/main";

/// A plan, and a small change at its end now and then.
pub fn plan(session: &mut Session, dice: &mut Dice) {
    let account = if dice.chance(60) { Account::Development } else { Account::Production };
    let session_name = "GitHubActions";
    let role_arn = identity::role_arn(account, CI_ROLE);
    let session_arn = identity::session_arn(account, CI_ROLE, session_name);
    let provider_arn = format!("arn:aws:iam::{}:oidc-provider/{GITHUB}", account.id());
    let signing_in = Caller {
        identity: identity::web_identity_user(&provider_arn, "sts.amazonaws.com", SUBJECT),
        account,
        region: region(dice),
        address: runner_address(dice),
        agent: Agent::fixed(client::GITHUB_ACTION),
    };
    let arn_in_answer = session_arn.clone();
    let now = session.now;
    session.call(dice, &signing_in, "sts.amazonaws.com", "AssumeRoleWithWebIdentity", |event, dice| {
        let answer = session_response(dice, now, &identity::role_id(account, CI_ROLE), session_name, arn_in_answer);
        event
            .request(object! {
                "roleArn": role_arn.as_str(),
                "roleSessionName": session_name,
                "durationSeconds": 3600_u32,
            })
            .response(web_identity_response(answer, provider_arn.clone(), SUBJECT))
            .resource("AWS::IAM::Role", role_arn.clone())
    });
    let terraform = Caller {
        identity: identity::web_identity_session(account, CI_ROLE, session_name, GITHUB, dice, session.now),
        agent: Agent::fixed(client::TERRAFORM),
        ..signing_in
    };
    let count = dice.between(12, 30);
    reads::browse(session, dice, &terraform, count, 2, &session_arn);
    if dice.chance(40) {
        session.call(dice, &terraform, "ssm.amazonaws.com", "PutParameter", |event, dice| {
            let version = dice.between(2, 60);
            event
                .request(object! {
                    "name": "/shop/orders/image-tag",
                    "type": "String",
                    "value": "HIDDEN_DUE_TO_SECURITY_REASONS",
                    "overwrite": true,
                })
                .response(object! { "version": version, "tier": "Standard" })
        });
    }
}
