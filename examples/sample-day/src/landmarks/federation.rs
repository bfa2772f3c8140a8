//! Principals that come from elsewhere: SAML, a federation token, a partner's account.

use crate::caller::{Agent, Caller};
use crate::client;
use crate::clock::Moment;
use crate::dice::Dice;
use crate::event::Event;
use crate::identity;
use crate::json::{Json, object};
use crate::organisation::{Account, FINANCE_ROLE, PARTNER_ACCOUNT, Region, Role, office_address};
use crate::scene::Scene;
use crate::shapes::{s3_details, session_response};

use super::{S3, STS};

/// One arrival of each kind.
pub fn arrivals(scene: &mut Scene, dice: &mut Dice) {
    let account = Account::Production;
    let time = Moment::at(10, 20, 30);
    let at_sts =
        |identity: Json, address: String, agent: Agent| Caller { identity, account, region: Region::EuWest1, address, agent };
    let saml =
        at_sts(identity::saml_user(account, "carlos@example.com"), office_address(dice), Agent::Console(client::BROWSERS[2]));
    let assume = Event::call(&saml, dice, time, STS, "AssumeRoleWithSAML")
        .request(object! {
            "sAMLAssertionID": format!("_{}", dice.hex(32)),
            "roleSessionName": "carlos@example.com",
            "roleArn": identity::role_arn(account, FINANCE_ROLE),
            "principalArn": format!("arn:aws:iam::{}:saml-provider/example-idp", account.id()),
            "durationSeconds": 3600_u32,
        })
        .response(session_response(
            dice,
            time,
            &identity::role_id(account, FINANCE_ROLE),
            "carlos@example.com",
            identity::session_arn(account, FINANCE_ROLE, "carlos@example.com"),
        ));
    scene.tell("a person of the finance department arrives through SAML", assume);

    let time = Moment::at(10, 40, 12);
    let federated = at_sts(
        identity::federated_user(account, "arnav", "courier", dice, time),
        office_address(dice),
        Agent::fixed(client::BOTO3),
    );
    let list = Event::call(&federated, dice, time, S3, "ListBuckets")
        .request(object! { "Host": "s3.eu-west-1.amazonaws.com" })
        .additional(s3_details(dice, 0, 812));
    scene.tell("a federated user lists buckets", list);

    let time = Moment::at(3, 0, 2);
    let auditor = Role { path: "/", name: "partner-audit" };
    let partner =
        at_sts(identity::other_account(PARTNER_ACCOUNT, "collector"), "198.51.100.201".to_owned(), Agent::fixed(client::BOTO3));
    let assume = Event::call(&partner, dice, time, STS, "AssumeRole")
        .request(object! {
            "roleArn": identity::role_arn(account, auditor),
            "roleSessionName": "nightly",
            "externalId": "example-shop",
            "durationSeconds": 3600_u32,
        })
        .response(session_response(
            dice,
            time,
            &identity::role_id(account, auditor),
            "nightly",
            identity::session_arn(account, auditor, "nightly"),
        ))
        .resource("AWS::IAM::Role", identity::role_arn(account, auditor))
        .trailing("sharedEventID", Json::from(dice.uuid()));
    scene.tell("a partner's account assumes its role", assume);
}
