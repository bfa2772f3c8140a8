//! People at work: through Identity Center, on the command line, or with the passwords of old.

use super::{Session, account, reads, region};
use crate::caller::{Agent, Caller};
use crate::client;
use crate::dice::Dice;
use crate::event::Event;
use crate::identity;
use crate::json::object;
use crate::organisation::{Account, IAM_USERS, PEOPLE, Person, Role, STOLEN_USER, office_address};
use crate::shapes::sign_in_details;

/// Through the access portal into the console, then looking around.
pub fn in_console(session: &mut Session, dice: &mut Dice) {
    let person = dice.pick(&PEOPLE);
    let agent = Agent::Console(dice.pick(&client::BROWSERS));
    let caller = identity_center_caller(session, dice, person, agent);
    if dice.chance(40) {
        let portal = Caller { identity: identity::portal_user(caller.account, person), ..caller.clone() };
        let now = session.tick(dice);
        let workflow = dice.uuid();
        let authentication = Event::sign_in(&portal, dice, now, "UserAuthentication", true)
            .additional(object! { "AuthWorkflowID": workflow, "CredentialType": "PASSWORD" });
        session.push(authentication);
    }
    let count = dice.between(9, 20);
    reads::browse(session, dice, &caller, count, 3, &principal(caller.account, person));
}

/// On the command line with keys of Identity Center.
pub fn on_command_line(session: &mut Session, dice: &mut Dice) {
    let person = dice.pick(&PEOPLE);
    let caller = identity_center_caller(session, dice, person, Agent::CommandLine);
    let count = dice.between(6, 14);
    reads::browse(session, dice, &caller, count, 7, &principal(caller.account, person));
    if dice.chance(25) {
        session.call(dice, &caller, "ec2.amazonaws.com", "StopInstances", |event, dice| {
            let instance = dice.resource_id("i");
            event
                .request(object! { "instancesSet": object! { "items": vec![object! { "instanceId": instance }] } })
                .error("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.".to_owned())
        });
    }
}

/// An old IAM user with a password and MFA, sometimes after a slip of the finger.
pub fn with_a_password(session: &mut Session, dice: &mut Dice) {
    let user = dice.pick(&IAM_USERS);
    let account = Account::Production;
    let page = |succeeded, address: &str, region| Caller {
        identity: identity::iam_user_at_sign_in(account, user, succeeded),
        account,
        region,
        address: address.to_owned(),
        agent: Agent::Console(client::BROWSERS[2]),
    };
    let address = office_address(dice);
    let region = region(dice);
    // The user without MFA does not sign in on this day: only the thief does.
    let slips = user == STOLEN_USER || dice.chance(30);
    if slips {
        let now = session.tick(dice);
        let failed =
            Event::sign_in(&page(false, &address, region), dice, now, "ConsoleLogin", false).additional(sign_in_details("No"));
        session.push(failed);
    }
    if user == STOLEN_USER {
        return;
    }
    let now = session.tick(dice);
    let login = Event::sign_in(&page(true, &address, region), dice, now, "ConsoleLogin", true).additional(sign_in_details("Yes"));
    session.push(login);
    let key = dice.temporary_key();
    let caller =
        Caller { identity: identity::iam_user_in_console(account, user, &key, now, true), ..page(true, &address, region) };
    let count = dice.between(8, 16);
    reads::browse(session, dice, &caller, count, 5, &identity::user_arn(account, user));
}

fn identity_center_caller(session: &Session, dice: &mut Dice, person: Person, agent: Agent) -> Caller {
    let account = account(dice);
    Caller {
        identity: identity::identity_center_session(account, person, dice, session.now),
        account,
        region: region(dice),
        address: office_address(dice),
        agent,
    }
}

fn principal(account: Account, person: Person) -> String {
    let role = Role { path: "/", name: person.permission_set.role_name() };
    identity::session_arn(account, role, person.login)
}
