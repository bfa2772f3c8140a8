//! Workloads: containers, functions, pods and instances, calling from roles of their own.

use super::Session;
use crate::caller::{Agent, Caller};
use crate::client;
use crate::dice::Dice;
use crate::identity;
use crate::json::{Json, object};
use crate::organisation::{
    Account, BUCKETS, INVOICES_ROLE, ORDERS_ROLE, PAYMENTS_ROLE, REPORTS_ROLE, Region, Role, WEB_ROLE, vpc_address,
};
use crate::shapes::{s3_details, session_response, web_identity_response};

const STS: &str = "sts.amazonaws.com";
const KMS: &str = "kms.amazonaws.com";
const S3: &str = "s3.amazonaws.com";
/// The identity provider of the shop's EKS cluster.
const CLUSTER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";

/// The service account of the payments pods.
const SUBJECT: &str = "system:serviceaccount:payments:worker";

/// A task on Fargate: credentials, secrets, objects.
pub fn container(session: &mut Session, dice: &mut Dice) {
    let account = account(dice);
    let role = dice.pick(&[ORDERS_ROLE, REPORTS_ROLE]);
    let task = dice.hex(32);
    role_assumed_by_service(session, dice, account, role, &task, "ecs-tasks.amazonaws.com");
    let caller = Caller {
        identity: identity::assumed_role(account, role, &task, dice, session.now),
        account,
        region: Region::EuWest1,
        address: vpc_address(dice),
        agent: Agent::fixed(client::BOTO3_ON_FARGATE),
    };
    for _ in 0..dice.between(1, 3) {
        secret_read(session, dice, &caller);
    }
    for _ in 0..dice.between(2, 7) {
        object_touched(session, dice, &caller);
    }
}

/// A function that was called: its role, its log stream, a decrypted variable.
pub fn function(session: &mut Session, dice: &mut Dice) {
    let account = account(dice);
    let name = "invoice-webhook";
    role_assumed_by_service(session, dice, account, INVOICES_ROLE, name, "lambda.amazonaws.com");
    let caller = Caller {
        identity: identity::assumed_role(account, INVOICES_ROLE, name, dice, session.now),
        account,
        region: Region::EuWest1,
        address: format!("203.0.113.{}", dice.between(200, 250)),
        agent: Agent::fixed(client::NODE_ON_LAMBDA),
    };
    decrypted(session, dice, &caller);
    session.call(dice, &caller, "logs.amazonaws.com", "CreateLogStream", |event, dice| {
        let stream = format!("2026/03/17/[$LATEST]{}", dice.hex(32));
        event.request(object! { "logGroupName": "/aws/lambda/invoice-webhook", "logStreamName": stream })
    });
    for _ in 0..dice.between(2, 6) {
        secret_read(session, dice, &caller);
        decrypted(session, dice, &caller);
    }
}

/// A pod on EKS with a role for its service account.
pub fn pod(session: &mut Session, dice: &mut Dice) {
    let account = Account::Production;
    let session_name = format!("payments-worker-{}", dice.hex(8));
    let role_arn = identity::role_arn(account, PAYMENTS_ROLE);
    let provider_arn = format!("arn:aws:iam::{}:oidc-provider/{CLUSTER}", account.id());
    let signing_in = Caller {
        identity: identity::web_identity_user(&provider_arn, STS, SUBJECT),
        account,
        region: Region::EuWest1,
        address: vpc_address(dice),
        agent: Agent::fixed(client::GO_SDK),
    };
    let now = session.now;
    session.call(dice, &signing_in, STS, "AssumeRoleWithWebIdentity", |event, dice| {
        let arn = identity::session_arn(account, PAYMENTS_ROLE, &session_name);
        let answer = session_response(dice, now, &identity::role_id(account, PAYMENTS_ROLE), &session_name, arn);
        event
            .request(object! { "roleArn": role_arn.as_str(), "roleSessionName": session_name.as_str() })
            .response(web_identity_response(answer, provider_arn.clone(), SUBJECT))
            .resource("AWS::IAM::Role", role_arn.clone())
    });
    let caller = Caller {
        identity: identity::web_identity_session(account, PAYMENTS_ROLE, &session_name, CLUSTER, dice, session.now),
        ..signing_in
    };
    for _ in 0..dice.between(2, 5) {
        data_key_made(session, dice, &caller);
        object_touched(session, dice, &caller);
    }
}

/// An instance: its credentials and the agent of Systems Manager.
pub fn instance(session: &mut Session, dice: &mut Dice) {
    let account = Account::Production;
    let instance = dice.resource_id("i");
    role_assumed_by_service(session, dice, account, WEB_ROLE, &instance, "ec2.amazonaws.com");
    let address = vpc_address(dice);
    let caller = Caller {
        identity: identity::instance_session(account, WEB_ROLE, &instance, dice, session.now),
        account,
        region: Region::EuWest1,
        address: address.clone(),
        agent: Agent::fixed(client::SSM_AGENT),
    };
    session.call(dice, &caller, "ssm.amazonaws.com", "UpdateInstanceInformation", |event, _| {
        event.request(object! {
            "instanceId": instance.as_str(),
            "agentVersion": "3.3.1611.0",
            "agentStatus": "Active",
            "platformType": "Linux",
            "iPAddress": address.as_str(),
        })
    });
    for _ in 0..dice.between(2, 5) {
        let name = dice.pick(&["ListInstanceAssociations", "GetDocument", "ListAssociations"]);
        session.call(dice, &caller, "ssm.amazonaws.com", name, |event, _| {
            event.request(object! { "instanceId": instance.as_str(), "maxResults": 20_u32 })
        });
    }
}

fn account(dice: &mut Dice) -> Account {
    if dice.chance(75) { Account::Production } else { Account::Development }
}

fn role_assumed_by_service(
    session: &mut Session,
    dice: &mut Dice,
    account: Account,
    role: Role,
    session_name: &str,
    service: &'static str,
) {
    let caller = Caller {
        identity: identity::service(service),
        account,
        region: Region::EuWest1,
        address: service.to_owned(),
        agent: Agent::Service(service),
    };
    let role_arn = identity::role_arn(account, role);
    let now = session.now;
    session.call(dice, &caller, STS, "AssumeRole", |event, dice| {
        let arn = identity::session_arn(account, role, session_name);
        let answer = session_response(dice, now, &identity::role_id(account, role), session_name, arn);
        let shared = dice.uuid();
        event
            .request(object! { "roleArn": role_arn.as_str(), "roleSessionName": session_name })
            .response(answer)
            .resource("AWS::IAM::Role", role_arn.clone())
            .trailing("sharedEventID", Json::from(shared))
    });
}

fn secret_read(session: &mut Session, dice: &mut Dice, caller: &Caller) {
    let name = dice.pick(&["shop/orders/database", "shop/payments/gateway", "shop/mail"]);
    session.call(dice, caller, "secretsmanager.amazonaws.com", "GetSecretValue", |event, _| {
        event.request(object! { "secretId": name })
    });
}

fn decrypted(session: &mut Session, dice: &mut Dice, caller: &Caller) {
    session.call(dice, caller, KMS, "Decrypt", |event, _| {
        let arn = key_arn(caller.account);
        event
            .request(object! {
                "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
                "encryptionContext": object! {
                    "aws:lambda:FunctionArn": format!("arn:aws:lambda:eu-west-1:{}:function:invoice-webhook", caller.account.id()),
                },
            })
            .resource("AWS::KMS::Key", arn)
    });
}

fn data_key_made(session: &mut Session, dice: &mut Dice, caller: &Caller) {
    session.call(dice, caller, KMS, "GenerateDataKey", |event, dice| {
        let arn = key_arn(caller.account);
        let bucket = dice.pick(&BUCKETS);
        event
            .request(object! {
                "keyId": arn.as_str(),
                "keySpec": "AES_256",
                "encryptionContext": object! { "aws:s3:arn": format!("arn:aws:s3:::{bucket}") },
            })
            .resource("AWS::KMS::Key", arn)
    });
}

fn object_touched(session: &mut Session, dice: &mut Dice, caller: &Caller) {
    let bucket = dice.pick(&BUCKETS);
    let key = format!("2026/03/17/{}.json", dice.hex(12));
    let bytes = dice.between(300, 250_000);
    let is_write = dice.chance(40);
    let name = if is_write { "PutObject" } else { "GetObject" };
    session.call(dice, caller, S3, name, |event, dice| {
        let details = if is_write { s3_details(dice, bytes, 0) } else { s3_details(dice, 0, bytes) };
        let event = event
            .request(object! {
                "bucketName": bucket,
                "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com"),
                "key": key.as_str(),
            })
            .additional(details)
            .resource("AWS::S3::Object", format!("arn:aws:s3:::{bucket}/{key}"))
            .resource("AWS::S3::Bucket", format!("arn:aws:s3:::{bucket}"))
            .through_vpc_endpoint()
            .data();
        match (is_write, dice.chance(4)) {
            (true, _) => event.response(object! { "x-amz-server-side-encryption": "aws:kms" }),
            (false, true) => event.error("NoSuchKey", "The specified key does not exist.".to_owned()),
            (false, false) => event,
        }
    });
}

fn key_arn(account: Account) -> String {
    format!("arn:aws:kms:eu-west-1:{}:key/1234abcd-12ab-34cd-56ef-1234567890ab", account.id())
}
