//! `userIdentity` in every form that the sample day needs.
//!
//! Shapes: AWS CloudTrail user guide, "CloudTrail userIdentity element".

use crate::clock::Moment;
use crate::dice::{Dice, unique_id};
use crate::json::{Json, object};
use crate::organisation::{Account, Person, Role};

/// How many seconds before its first call a session was opened.
const SESSION_AGE: u32 = 40;

/// An IAM user with a long-term access key.
pub fn iam_user_with_key(account: Account, user: &str) -> Json {
    object! {
        "type": "IAMUser",
        "principalId": user_id(account, user),
        "arn": user_arn(account, user),
        "accountId": account.id(),
        "accessKeyId": long_term_key(account, user),
        "userName": user,
    }
}

/// An IAM user who signed in to the console; `mfa` as the session remembers it.
pub fn iam_user_in_console(account: Account, user: &str, key: &str, since: Moment, mfa: bool) -> Json {
    object! {
        "type": "IAMUser",
        "principalId": user_id(account, user),
        "arn": user_arn(account, user),
        "accountId": account.id(),
        "accessKeyId": key,
        "userName": user,
        "sessionContext": object! {
            "sessionIssuer": Json::empty_object(),
            "webIdFederationData": Json::empty_object(),
            "attributes": attributes(since, mfa),
        },
    }
}

/// An IAM user at the sign-in page: no key yet. AWS leaves out the ARN where the sign-in fails.
pub fn iam_user_at_sign_in(account: Account, user: &str, succeeded: bool) -> Json {
    if succeeded {
        return object! {
            "type": "IAMUser",
            "principalId": user_id(account, user),
            "arn": user_arn(account, user),
            "accountId": account.id(),
            "userName": user,
        };
    }
    object! {
        "type": "IAMUser",
        "principalId": user_id(account, user),
        "accountId": account.id(),
        "accessKeyId": "",
        "userName": user,
    }
}

/// The root user at the sign-in page.
pub fn root_at_sign_in(account: Account) -> Json {
    object! {
        "type": "Root",
        "principalId": account.id(),
        "arn": root_arn(account),
        "accountId": account.id(),
        "accessKeyId": "",
    }
}

/// The root user in a console session without MFA.
pub fn root_in_console(account: Account, key: &str, since: Moment) -> Json {
    object! {
        "type": "Root",
        "principalId": account.id(),
        "arn": root_arn(account),
        "accountId": account.id(),
        "accessKeyId": key,
        "sessionContext": object! { "attributes": attributes(since, false) },
    }
}

/// A person in a role of IAM Identity Center. AWS writes `mfaAuthenticated` false here, whatever the person did.
pub fn identity_center_session(account: Account, person: Person, dice: &mut Dice, now: Moment) -> Json {
    let role = Role { path: "/aws-reserved/sso.amazonaws.com/eu-west-1/", name: person.permission_set.role_name() };
    role_session(account, role, person.login, dice, now, Json::empty_object())
}

/// A session of a role that was assumed by a person, a service or a pipeline.
pub fn assumed_role(account: Account, role: Role, session: &str, dice: &mut Dice, now: Moment) -> Json {
    role_session(account, role, session, dice, now, Json::empty_object())
}

/// The session of an EC2 instance.
pub fn instance_session(account: Account, role: Role, instance: &str, dice: &mut Dice, now: Moment) -> Json {
    let identity = role_session(account, role, instance, dice, now, Json::empty_object());
    within_session_context(identity, "ec2RoleDelivery", Json::from("2.0"))
}

/// A session that came from a token of an identity provider (EKS, GitHub Actions).
pub fn web_identity_session(account: Account, role: Role, session: &str, provider: &str, dice: &mut Dice, now: Moment) -> Json {
    let federation = object! {
        "federatedProvider": format!("arn:aws:iam::{}:oidc-provider/{provider}", account.id()),
        "attributes": Json::empty_object(),
    };
    role_session(account, role, session, dice, now, federation)
}

/// A service-linked role, used by the service itself.
pub fn service_linked_session(account: Account, role: Role, service: &str, dice: &mut Dice, now: Moment) -> Json {
    let identity = role_session(account, role, service_session_name(service), dice, now, Json::empty_object());
    with_member(identity, "invokedBy", Json::from(service))
}

/// An AWS service.
pub fn service(invoked_by: &str) -> Json {
    object! { "type": "AWSService", "invokedBy": invoked_by }
}

/// AWS itself: neither type nor ARN.
pub fn aws_internal(account: Account) -> Json {
    object! { "accountId": account.id(), "invokedBy": "AWS Internal" }
}

/// A principal of another account.
pub fn other_account(account_id: &str, name: &str) -> Json {
    object! {
        "type": "AWSAccount",
        "principalId": format!("{}:{name}", unique_id("AROA", name, 21)),
        "accountId": account_id,
    }
}

/// A session of `GetFederationToken`.
pub fn federated_user(account: Account, issuer: &str, name: &str, dice: &mut Dice, now: Moment) -> Json {
    object! {
        "type": "FederatedUser",
        "principalId": format!("{}:{name}", account.id()),
        "arn": format!("arn:aws:sts::{}:federated-user/{name}", account.id()),
        "accountId": account.id(),
        "accessKeyId": dice.temporary_key(),
        "sessionContext": object! {
            "sessionIssuer": object! {
                "type": "IAMUser",
                "principalId": user_id(account, issuer),
                "arn": user_arn(account, issuer),
                "accountId": account.id(),
                "userName": issuer,
            },
            "attributes": attributes(now.minus(SESSION_AGE), false),
        },
    }
}

/// Whoever presents a web identity token to STS.
pub fn web_identity_user(provider: &str, audience: &str, subject: &str) -> Json {
    object! {
        "type": "WebIdentityUser",
        "principalId": format!("{provider}:{audience}:{subject}"),
        "userName": subject,
        "identityProvider": provider,
    }
}

/// Whoever presents a SAML assertion to STS.
pub fn saml_user(account: Account, subject: &str) -> Json {
    let qualifier = unique_id("", "saml-name-qualifier", 28);
    object! {
        "type": "SAMLUser",
        "principalId": format!("{qualifier}:{subject}"),
        "userName": subject,
        "identityProvider": format!("arn:aws:iam::{}:saml-provider/example-idp", account.id()),
    }
}

/// A person at the access portal of Identity Center, before any role.
pub fn portal_user(account: Account, person: Person) -> Json {
    object! {
        "type": "Unknown",
        "principalId": account.id(),
        "arn": "",
        "accountId": account.id(),
        "accessKeyId": "",
        "userName": person.display_name,
    }
}

/// The ARN of an IAM user.
pub fn user_arn(account: Account, user: &str) -> String {
    format!("arn:aws:iam::{}:user/{user}", account.id())
}

/// The ARN of a role.
pub fn role_arn(account: Account, role: Role) -> String {
    format!("arn:aws:iam::{}:role{}{}", account.id(), role.path, role.name)
}

/// The ARN of a role's session: without the role's path.
pub fn session_arn(account: Account, role: Role, session: &str) -> String {
    format!("arn:aws:sts::{}:assumed-role/{}/{session}", account.id(), role.name)
}

/// The unique id of a user.
pub fn user_id(account: Account, user: &str) -> String {
    unique_id("AIDA", &format!("{}{user}", account.id()), 21)
}

/// The unique id of a role.
pub fn role_id(account: Account, role: Role) -> String {
    unique_id("AROA", &format!("{}{}", account.id(), role.name), 21)
}

/// The long-term access key of a user.
pub fn long_term_key(account: Account, user: &str) -> String {
    unique_id("AKIA", &format!("{}{user}", account.id()), 20)
}

fn root_arn(account: Account) -> String {
    format!("arn:aws:iam::{}:root", account.id())
}

fn attributes(since: Moment, mfa: bool) -> Json {
    object! { "creationDate": since.to_string(), "mfaAuthenticated": if mfa { "true" } else { "false" } }
}

fn role_session(account: Account, role: Role, session: &str, dice: &mut Dice, now: Moment, federation: Json) -> Json {
    object! {
        "type": "AssumedRole",
        "principalId": format!("{}:{session}", role_id(account, role)),
        "arn": session_arn(account, role, session),
        "accountId": account.id(),
        "accessKeyId": dice.temporary_key(),
        "sessionContext": object! {
            "sessionIssuer": object! {
                "type": "Role",
                "principalId": role_id(account, role),
                "arn": role_arn(account, role),
                "accountId": account.id(),
                "userName": role.name,
            },
            "webIdFederationData": federation,
            "attributes": attributes(now.minus(SESSION_AGE), false),
        },
    }
}

fn service_session_name(service: &str) -> &'static str {
    match service {
        "autoscaling.amazonaws.com" => "AutoScaling",
        "config.amazonaws.com" => "configLambdaExecution",
        _ => "service-session",
    }
}

fn with_member(identity: Json, key: &'static str, value: Json) -> Json {
    match identity {
        Json::Object(mut members) => {
            members.push((key.into(), value));
            Json::Object(members)
        }
        other => other,
    }
}

fn within_session_context(identity: Json, key: &'static str, value: Json) -> Json {
    let Json::Object(members) = identity else {
        return identity;
    };
    let changed = members.into_iter().map(|(name, member)| match name.as_ref() {
        "sessionContext" => (name, with_member(member, key, value.clone())),
        _ => (name, member),
    });
    Json::Object(changed.collect())
}
