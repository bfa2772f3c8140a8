//! The attack that is hidden in the day, from the first sign-in to the trail being stopped.
//!
//! A password without MFA was stolen. The thief looks around, makes a user to stay, gets into a container to create a
//! bucket for the loot, opens another one to an account outside, mines, leaves a back door in a function, deletes a
//! backup, and as root lays a false trail and stops the real one. After that the production account is silent.

use crate::caller::{Agent, Caller};
use crate::client;
use crate::clock::Moment;
use crate::dice::{Dice, Stream};
use crate::event::Event;
use crate::identity;
use crate::json::object;
use crate::organisation::{ATTACKER_ACCOUNT, ATTACKER_ADDRESS, ATTACKER_ADDRESS_V6, Account, REPORTS_ROLE, Region, STOLEN_USER};
use crate::scene::{RuleId, Scene};
use crate::shapes::{
    function_code_request, function_code_response, instances_request, instances_response, s3_details, sign_in_details,
};

/// When the production account's trail stops: nothing of this account is recorded afterwards.
pub const LOGGING_STOPS: Moment = Moment::at(22, 41, 30);

const ACCOUNT: Account = Account::Production;
const IAM: &str = "iam.amazonaws.com";
const S3: &str = "s3.amazonaws.com";
const EC2: &str = "ec2.amazonaws.com";
/// The user that the attacker leaves behind, named like a job.
const NEW_USER: &str = "backup-sync";
const LOOT_BUCKET: &str = "example-shop-reports-archive";
const OPENED_BUCKET: &str = "example-shop-invoices";
const DELETED_BUCKET: &str = "example-shop-ledger-backup";

/// The attack under this seed.
pub fn attack(seed: u64) -> Scene {
    let mut dice = Dice::new(seed, Stream::Attack);
    let mut scene = Scene::default();
    sign_in(&mut scene, &mut dice);
    look_around(&mut scene, &mut dice);
    stay(&mut scene, &mut dice);
    create_bucket_from_container(&mut scene, &mut dice);
    open_bucket(&mut scene, &mut dice);
    mine(&mut scene, &mut dice);
    plant_back_door(&mut scene, &mut dice);
    cover_tracks(&mut scene, &mut dice);
    scene
}

fn sign_in(scene: &mut Scene, dice: &mut Dice) {
    let at_page = |succeeded| Caller {
        identity: identity::iam_user_at_sign_in(ACCOUNT, STOLEN_USER, succeeded),
        account: ACCOUNT,
        region: Region::UsEast1,
        address: ATTACKER_ADDRESS.to_owned(),
        agent: Agent::Console(client::BROWSERS[0]),
    };
    for second in [2, 19, 44] {
        let guess = Event::sign_in(&at_page(false), dice, Moment::at(20, 38, second), "ConsoleLogin", false)
            .additional(sign_in_details("No"));
        scene.tell("a guessed password is refused", guess);
    }
    let success =
        Event::sign_in(&at_page(true), dice, Moment::at(20, 41, 17), "ConsoleLogin", true).additional(sign_in_details("No"));
    scene.expect(
        "sign-in with the stolen password, without MFA, from an unknown network",
        &[RuleId::ConsoleLoginWithoutMfa],
        success,
    );
}

fn look_around(scene: &mut Scene, dice: &mut Dice) {
    let key = dice.temporary_key();
    let since = Moment::at(20, 41, 17);
    let caller = Caller {
        identity: identity::iam_user_in_console(ACCOUNT, STOLEN_USER, &key, since, false),
        account: ACCOUNT,
        region: Region::UsEast1,
        address: ATTACKER_ADDRESS.to_owned(),
        agent: Agent::CommandLine,
    };
    let me = identity::user_arn(ACCOUNT, STOLEN_USER);
    let reads = [
        (Moment::at(20, 43, 5), "sts.amazonaws.com", "GetCallerIdentity"),
        (Moment::at(20, 43, 31), IAM, "ListUsers"),
        (Moment::at(20, 44, 2), S3, "ListBuckets"),
        (Moment::at(20, 46, 50), "lambda.amazonaws.com", "ListFunctions20150331"),
    ];
    for (time, source, name) in reads {
        scene.tell("looks around", Event::call(&caller, dice, time, source, name));
    }
    let denied = Event::call(&caller, dice, Moment::at(20, 47, 12), "organizations.amazonaws.com", "ListAccounts").denied(
        &me,
        "organizations:ListAccounts",
        "*",
    );
    scene.tell("looks around and is refused", denied);
    let secrets = Event::call(&caller, dice, Moment::at(20, 48, 39), "secretsmanager.amazonaws.com", "GetSecretValue")
        .request(object! { "secretId": "shop/ledger/database" })
        .denied(&me, "secretsmanager:GetSecretValue", "shop/ledger/database");
    scene.tell("asks for a secret and is refused", secrets);
    let dry_run = Event::call(&caller, dice, Moment::at(20, 58, 3), EC2, "RunInstances")
        .request(instances_request("g5.12xlarge", 1))
        .error("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.".to_owned());
    scene.tell("tries whether instances could be started (dry run)", dry_run);
}

fn stay(scene: &mut Scene, dice: &mut Dice) {
    let key = dice.temporary_key();
    let caller = Caller {
        identity: identity::iam_user_in_console(ACCOUNT, STOLEN_USER, &key, Moment::at(20, 41, 17), false),
        account: ACCOUNT,
        region: Region::UsEast1,
        address: ATTACKER_ADDRESS.to_owned(),
        agent: Agent::Console(client::BROWSERS[0]),
    };
    let created = Moment::at(21, 4, 40);
    let user = object! {
        "path": "/",
        "userName": NEW_USER,
        "userId": identity::user_id(ACCOUNT, NEW_USER),
        "arn": identity::user_arn(ACCOUNT, NEW_USER),
        "createDate": created.in_words(),
    };
    let create = Event::call(&caller, dice, created, IAM, "CreateUser")
        .request(object! { "userName": NEW_USER })
        .response(object! { "user": user });
    scene.expect("creates a user with a harmless name", &[RuleId::CreateUser], create);

    let key_time = Moment::at(21, 5, 11);
    let access_key = object! {
        "userName": NEW_USER,
        "accessKeyId": identity::long_term_key(ACCOUNT, NEW_USER),
        "status": "Active",
        "createDate": key_time.in_words(),
    };
    let create_key = Event::call(&caller, dice, key_time, IAM, "CreateAccessKey")
        .request(object! { "userName": NEW_USER })
        .response(object! { "accessKey": access_key });
    scene.expect("gives it an access key", &[RuleId::AccessKeyForAnother], create_key);

    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let inline = Event::call(&caller, dice, Moment::at(21, 5, 58), IAM, "PutUserPolicy")
        .request(object! { "userName": NEW_USER, "policyName": "sync", "policyDocument": document });
    scene.expect("gives it every right, inline", &[RuleId::AdministratorPolicyAttached], inline);
    let attach = Event::call(&caller, dice, Moment::at(21, 6, 20), IAM, "AttachUserPolicy")
        .request(object! { "userName": NEW_USER, "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess" });
    scene.expect("and once more, attached", &[RuleId::AdministratorPolicyAttached], attach);
}

fn create_bucket_from_container(scene: &mut Scene, dice: &mut Dice) {
    let task = dice.hex(32);
    let execute = Event::call(
        &new_user(Region::EuWest1, Agent::CommandLine),
        dice,
        Moment::at(21, 18, 9),
        "ecs.amazonaws.com",
        "ExecuteCommand",
    )
    .request(object! {
        "cluster": "shop",
        "container": "report-export",
        "command": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "interactive": true,
        "task": task.as_str(),
    });
    scene.tell("opens a shell in a container", execute);

    let time = Moment::at(21, 22, 34);
    let container = Caller {
        identity: identity::assumed_role(ACCOUNT, REPORTS_ROLE, &task, dice, time),
        account: ACCOUNT,
        region: Region::EuWest1,
        address: "10.20.31.7".to_owned(),
        agent: Agent::fixed(client::BOTO3_ON_FARGATE),
    };
    let create = Event::call(&container, dice, time, S3, "CreateBucket")
        .request(object! {
            "CreateBucketConfiguration": object! { "LocationConstraint": "eu-west-1" },
            "bucketName": LOOT_BUCKET,
            "Host": format!("{LOOT_BUCKET}.s3.eu-west-1.amazonaws.com"),
        })
        .additional(s3_details(dice, 186, 0))
        .through_vpc_endpoint();
    scene.expect("creates a bucket for the loot from inside the container", &[RuleId::BucketChangeOutOfBand], create);
}

fn open_bucket(scene: &mut Scene, dice: &mut Dice) {
    let arn = format!("arn:aws:s3:::{OPENED_BUCKET}");
    let statement = object! {
        "Sid": "PartnerRead",
        "Effect": "Allow",
        "Principal": object! { "AWS": format!("arn:aws:iam::{ATTACKER_ACCOUNT}:root") },
        "Action": vec!["s3:GetObject", "s3:ListBucket"],
        "Resource": vec![arn.clone(), format!("{arn}/*")],
    };
    let put =
        Event::call(&new_user(Region::EuWest1, Agent::fixed(client::BOTO3)), dice, Moment::at(21, 26, 12), S3, "PutBucketPolicy")
            .request(object! {
                "bucketPolicy": object! { "Version": "2012-10-17", "Statement": vec![statement] },
                "bucketName": OPENED_BUCKET,
                "Host": format!("{OPENED_BUCKET}.s3.eu-west-1.amazonaws.com"),
                "policy": "",
            })
            .additional(s3_details(dice, 402, 0))
            .resource("AWS::S3::Bucket", arn.clone());
    scene.expect("opens the invoices to an account outside", &[RuleId::BucketPolicyPut], put);

    let outsider = Caller {
        identity: identity::other_account(ATTACKER_ACCOUNT, "fetch"),
        account: ACCOUNT,
        region: Region::EuWest1,
        address: ATTACKER_ADDRESS.to_owned(),
        agent: Agent::fixed(client::BOTO3),
    };
    for (position, key) in ["2026/01.parquet", "2026/02.parquet", "2026/03.parquet"].into_iter().enumerate() {
        let time = Moment::at(21, 31, 10).plus(7 * position as u32);
        let get = Event::call(&outsider, dice, time, S3, "GetObject")
            .request(object! {
                "bucketName": OPENED_BUCKET,
                "Host": format!("{OPENED_BUCKET}.s3.eu-west-1.amazonaws.com"),
                "key": key,
            })
            .additional(s3_details(dice, 0, 48_211_907))
            .resource("AWS::S3::Object", format!("{arn}/{key}"))
            .resource("AWS::S3::Bucket", arn.clone())
            .data();
        scene.tell("the outside account fetches the invoices", get);
    }
}

fn mine(scene: &mut Scene, dice: &mut Dice) {
    let caller = new_user(Region::ApSoutheast2, Agent::fixed(client::BOTO3));
    for second in [10, 31, 52] {
        let time = Moment::at(21, 48, second);
        let run = Event::call(&caller, dice, time, EC2, "RunInstances")
            .request(instances_request("g5.12xlarge", 20))
            .response(instances_response(dice, time, ACCOUNT, "g5.12xlarge", 2));
        scene.expect("starts miners in a region that nobody uses", &[RuleId::RunInstances], run);
    }
    let refused = Event::call(&caller, dice, Moment::at(21, 49, 13), EC2, "RunInstances")
        .request(instances_request("p4d.24xlarge", 20))
        .error(
            "Client.VcpuLimitExceeded",
            "You have requested more vCPU capacity than your current vCPU limit of 96 allows for the instance bucket that the specified instance type belongs to.".to_owned(),
        );
    scene.tell("wants bigger ones and meets a limit", refused);
}

fn plant_back_door(scene: &mut Scene, dice: &mut Dice) {
    let time = Moment::at(22, 9, 26);
    let caller = new_user(Region::EuWest1, Agent::CommandLine);
    let update = Event::call(&caller, dice, time, "lambda.amazonaws.com", "UpdateFunctionCode20150331v2")
        .version("1.08")
        .request(function_code_request(ACCOUNT, "invoice-webhook"))
        .response(function_code_response(ACCOUNT, "invoice-webhook", "invoice-webhook-role", dice, time));
    scene.expect("replaces a function's code", &[RuleId::LambdaCodeUpdated], update);

    let delete = Event::call(&caller, dice, Moment::at(22, 14, 48), S3, "DeleteBucket")
        .request(object! {
            "bucketName": DELETED_BUCKET,
            "Host": format!("{DELETED_BUCKET}.s3.eu-west-1.amazonaws.com"),
        })
        .additional(s3_details(dice, 0, 0))
        .resource("AWS::S3::Bucket", format!("arn:aws:s3:::{DELETED_BUCKET}"));
    scene.expect("deletes the ledger's backup bucket", &[RuleId::BucketChangeOutOfBand], delete);
}

fn cover_tracks(scene: &mut Scene, dice: &mut Dice) {
    let page = Caller {
        identity: identity::root_at_sign_in(ACCOUNT),
        account: ACCOUNT,
        region: Region::UsEast1,
        address: ATTACKER_ADDRESS_V6.to_owned(),
        agent: Agent::Console(client::BROWSERS[1]),
    };
    let since = Moment::at(22, 31, 4);
    let login = Event::sign_in(&page, dice, since, "ConsoleLogin", true).additional(sign_in_details("No"));
    scene.expect("signs in as root without MFA", &[RuleId::ConsoleLoginWithoutMfa, RuleId::ConsoleRootLoginWithoutMfa], login);

    let key = dice.temporary_key();
    let root = Caller { identity: identity::root_in_console(ACCOUNT, &key, since), region: Region::EuWest1, ..page };
    let arn = |name: &str| format!("arn:aws:cloudtrail:eu-west-1:{}:trail/{name}", ACCOUNT.id());
    let create = Event::call(&root, dice, Moment::at(22, 38, 55), "cloudtrail.amazonaws.com", "CreateTrail")
        .request(object! {
            "name": "management-events-new",
            "s3BucketName": LOOT_BUCKET,
            "includeGlobalServiceEvents": false,
            "isMultiRegionTrail": false,
            "enableLogFileValidation": false,
        })
        .response(object! {
            "name": "management-events-new",
            "s3BucketName": LOOT_BUCKET,
            "includeGlobalServiceEvents": false,
            "isMultiRegionTrail": false,
            "trailARN": arn("management-events-new"),
            "logFileValidationEnabled": false,
            "isOrganizationTrail": false,
        });
    scene.expect("creates a trail that records nothing of use", &[RuleId::TrailCreated, RuleId::RootActivity], create);
    let stop = Event::call(&root, dice, LOGGING_STOPS, "cloudtrail.amazonaws.com", "StopLogging")
        .request(object! { "name": arn("management-events") });
    scene.expect("stops the real trail", &[RuleId::LoggingStopped, RuleId::RootActivity], stop);
}

fn new_user(region: Region, agent: Agent) -> Caller {
    Caller {
        identity: identity::iam_user_with_key(ACCOUNT, NEW_USER),
        account: ACCOUNT,
        region,
        address: ATTACKER_ADDRESS.to_owned(),
        agent,
    }
}
