//! Records that are in every day whatever its size: the honest look-alikes of the attack, and shapes that a reader of
//! CloudTrail must live with.

use crate::client;
use crate::clock::Moment;
use crate::dice::{Dice, Stream};
use crate::event::{Agent, Caller, Event};
use crate::identity;
use crate::json::{Json, object};
use crate::organisation::{
    AUTOSCALING_ROLE, Account, CI_ROLE, FINANCE_ROLE, ORDERS_ROLE, PARTNER_ACCOUNT, PEOPLE,
    PLATFORM_ADMIN, Region, Role, office_address, runner_address,
};
use crate::scene::{RuleId, Scene};
use crate::shapes::{
    function_code_request, function_code_response, instances_request, instances_response,
    s3_details, session_response, sign_in_details,
};

const S3: &str = "s3.amazonaws.com";
const STS: &str = "sts.amazonaws.com";
const IAM: &str = "iam.amazonaws.com";
/// The identity provider of GitHub's pipelines.
pub const GITHUB: &str = "token.actions.githubusercontent.com";

/// The landmarks under this seed. Steps with rules are everyday changes that the shipped rules report all the same.
pub fn landmarks(seed: u64) -> Scene {
    let mut dice = Dice::new(seed, Stream::Landmarks);
    let mut scene = Scene::default();
    buckets_changed_the_right_way(&mut scene, &mut dice);
    honest_sign_ins(&mut scene, &mut dice);
    everyday_changes(&mut scene, &mut dice);
    refused_changes(&mut scene, &mut dice);
    federation(&mut scene, &mut dice);
    odd_shapes(&mut scene, &mut dice);
    scene
}

fn admin(dice: &mut Dice, time: Moment, agent: Agent) -> Caller {
    Caller {
        identity: identity::identity_center_session(
            Account::Production,
            PLATFORM_ADMIN,
            dice,
            time,
        ),
        account: Account::Production,
        region: Region::EuWest1,
        address: office_address(dice),
        agent,
    }
}

fn buckets_changed_the_right_way(scene: &mut Scene, dice: &mut Dice) {
    let changes = [
        (
            Moment::at(9, 12, 40),
            "CreateBucket",
            "example-shop-returns",
            Agent::fixed(client::TERRAFORM),
        ),
        (
            Moment::at(10, 47, 3),
            "CreateBucket",
            "example-shop-campaign",
            Agent::Console(client::BROWSERS[1]),
        ),
        (
            Moment::at(15, 30, 21),
            "DeleteBucket",
            "example-shop-campaign",
            Agent::CommandLine,
        ),
    ];
    for (time, name, bucket, agent) in changes {
        let caller = admin(dice, time, agent);
        let change = Event::call(&caller, dice, time, S3, name)
            .request(object! { "bucketName": bucket, "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com") })
            .additional(s3_details(dice, 120, 0));
        scene.tell(
            "a privileged person changes a bucket the approved way",
            change,
        );
    }
}

fn honest_sign_ins(scene: &mut Scene, dice: &mut Dice) {
    let account = Account::Production;
    let page = Caller {
        identity: identity::iam_user_at_sign_in(account, "martha", true),
        account,
        region: Region::EuWest1,
        address: office_address(dice),
        agent: Agent::Console(client::BROWSERS[2]),
    };
    let check = Event::sign_in(&page, dice, Moment::at(8, 1, 12), "CheckMfa", true)
        .additional(object! { "MfaType": "Virtual MFA" });
    scene.tell("an IAM user answers the MFA question", check);
    let login = Event::sign_in(&page, dice, Moment::at(8, 1, 15), "ConsoleLogin", true).additional(
        object! {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAIdentifier": format!("arn:aws:iam::{}:mfa/martha", account.id()),
            "MFAUsed": "Yes",
        },
    );
    scene.tell("and signs in", login);

    let drill = Caller {
        identity: identity::root_at_sign_in(Account::Archive),
        account: Account::Archive,
        ..page
    };
    let root = Event::sign_in(&drill, dice, Moment::at(11, 0, 9), "ConsoleLogin", true)
        .additional(sign_in_details("Yes"));
    scene.tell("a root sign-in with MFA, an emergency drill", root);

    for (person, time) in PEOPLE.into_iter().zip([
        Moment::at(7, 52, 8),
        Moment::at(8, 33, 50),
        Moment::at(9, 4, 27),
    ]) {
        let caller = Caller {
            identity: identity::identity_center_session(account, person, dice, time),
            account,
            region: Region::EuWest1,
            address: office_address(dice),
            agent: Agent::Console(client::BROWSERS[0]),
        };
        let login = Event::sign_in(&caller, dice, time, "ConsoleLogin", true)
            .additional(sign_in_details("No"));
        scene.tell(
            "a sign-in through Identity Center, where AWS always writes MFAUsed `No`",
            login,
        );
    }
}

fn everyday_changes(scene: &mut Scene, dice: &mut Dice) {
    for time in [Moment::at(7, 58, 2), Moment::at(16, 31, 44)] {
        let service = "autoscaling.amazonaws.com";
        let caller = Caller {
            identity: identity::service_linked_session(
                Account::Production,
                AUTOSCALING_ROLE,
                service,
                dice,
                time,
            ),
            account: Account::Production,
            region: Region::EuWest1,
            address: service.to_owned(),
            agent: Agent::Service(service),
        };
        let run = Event::call(&caller, dice, time, "ec2.amazonaws.com", "RunInstances")
            .request(instances_request("m7g.large", 1))
            .response(instances_response(
                dice,
                time,
                Account::Production,
                "m7g.large",
                1,
            ));
        scene.expect(
            "Auto Scaling starts a web server",
            &[RuleId::RunInstances],
            run,
        );
    }
    let time = Moment::at(13, 22, 18);
    let pipeline = Caller {
        identity: identity::web_identity_session(
            Account::Development,
            CI_ROLE,
            "GitHubActions",
            GITHUB,
            dice,
            time,
        ),
        account: Account::Development,
        region: Region::EuWest1,
        address: runner_address(dice),
        agent: Agent::fixed(client::TERRAFORM),
    };
    let update = Event::call(
        &pipeline,
        dice,
        time,
        "lambda.amazonaws.com",
        "UpdateFunctionCode20150331v2",
    )
    .version("1.08")
    .request(function_code_request(
        Account::Development,
        "invoice-webhook",
    ))
    .response(function_code_response(
        Account::Development,
        "invoice-webhook",
        "invoice-webhook-role",
        dice,
        time,
    ));
    scene.expect(
        "the pipeline deploys a function",
        &[RuleId::LambdaCodeUpdated],
        update,
    );
}

fn refused_changes(scene: &mut Scene, dice: &mut Dice) {
    let account = Account::Production;
    let task = dice.hex(32);
    let time = Moment::at(12, 15, 33);
    let container = Caller {
        identity: identity::assumed_role(account, ORDERS_ROLE, &task, dice, time),
        account,
        region: Region::EuWest1,
        address: "10.20.8.19".to_owned(),
        agent: Agent::fixed(client::BOTO3_ON_FARGATE),
    };
    let taken = Event::call(&container, dice, time, S3, "CreateBucket")
        .request(object! { "bucketName": "reports", "Host": "reports.s3.eu-west-1.amazonaws.com" })
        .additional(s3_details(dice, 0, 411))
        .error(
            "BucketAlreadyExists",
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system."
                .to_owned(),
        );
    scene.tell("a workload wants a bucket and does not get it", taken);

    let time = Moment::at(14, 5, 59);
    let developer = Caller {
        identity: identity::identity_center_session(Account::Development, PEOPLE[2], dice, time),
        account: Account::Development,
        region: Region::UsEast1,
        address: office_address(dice),
        agent: Agent::CommandLine,
    };
    let role = Role {
        path: "/",
        name: PEOPLE[2].permission_set.role_name(),
    };
    let me = identity::session_arn(Account::Development, role, PEOPLE[2].login);
    let user = identity::user_arn(Account::Development, "test");
    let denied =
        Event::call(&developer, dice, time, IAM, "CreateUser").denied(&me, "iam:CreateUser", &user);
    scene.tell("a developer wants a user and is refused", denied);
}

fn federation(scene: &mut Scene, dice: &mut Dice) {
    let account = Account::Production;
    let time = Moment::at(10, 20, 30);
    let at_sts = |identity: Json, address: String, agent: Agent| Caller {
        identity,
        account,
        region: Region::EuWest1,
        address,
        agent,
    };
    let saml = at_sts(
        identity::saml_user(account, "carlos@example.com"),
        office_address(dice),
        Agent::Console(client::BROWSERS[2]),
    );
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
    scene.tell(
        "a person of the finance department arrives through SAML",
        assume,
    );

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
    let auditor = Role {
        path: "/",
        name: "partner-audit",
    };
    let partner = at_sts(
        identity::other_account(PARTNER_ACCOUNT, "collector"),
        "198.51.100.201".to_owned(),
        Agent::fixed(client::BOTO3),
    );
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

fn odd_shapes(scene: &mut Scene, dice: &mut Dice) {
    let time = Moment::at(9, 15, 7);
    let caller = admin(dice, time, Agent::fixed(client::TERRAFORM));
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
    let role = Role {
        path: "/workload/",
        name: "returns-intake",
    };
    let in_virginia = Caller {
        region: Region::UsEast1,
        ..caller.clone()
    };
    let create = Event::call(&in_virginia, dice, time, IAM, "CreateRole")
        .request(object! {
            "path": role.path,
            "roleName": role.name,
            "assumeRolePolicyDocument": r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
        })
        .response(object! {
            "role": object! {
                "path": role.path,
                "roleName": role.name,
                "roleId": identity::role_id(Account::Production, role),
                "arn": identity::role_arn(Account::Production, role),
                "createDate": time.in_words(),
                "assumeRolePolicyDocument": trust,
            },
        });
    scene.tell(
        "a role is created; its trust policy comes back percent-encoded",
        create,
    );

    let strange = Caller {
        agent: Agent::fixed(client::BRACES_AND_QUOTES),
        ..caller.clone()
    };
    let describe = Event::call(&strange, dice, Moment::at(9, 15, 41), "ec2.amazonaws.com", "DescribeInstances")
        .request(object! { "maxResults": 100_u32, "instancesSet": Json::empty_object(), "filterSet": Json::empty_object() });
    scene.tell(
        "a client whose user agent has braces and quotes in it",
        describe,
    );

    let tags = vec![
        object! { "key": "Name", "value": "Größenrechner – 東京" },
        object! { "key": "owner.team:cost-centre", "value": "naïve ☕ \"quoted\" \\ {brace" },
    ];
    let tag = Event::call(
        &caller,
        dice,
        Moment::at(9, 16, 20),
        "ec2.amazonaws.com",
        "CreateTags",
    )
    .request(object! {
        "resourcesSet": object! { "items": vec![object! { "resourceId": dice.resource_id("i") }] },
        "tagSet": object! { "items": tags },
    });
    scene.tell("names in other scripts, keys with dots", tag);

    let alarm = Event::call(
        &caller,
        dice,
        Moment::at(9, 17, 2),
        "monitoring.amazonaws.com",
        "PutMetricAlarm",
    )
    .request(object! {
        "alarmName": "orders-failed",
        "threshold": Json::number_as_written("0.0"),
        "evaluationPeriods": 1_u32,
        "period": 60_u32,
    });
    scene.tell("a number written 0.0", alarm);
    let query = Event::call(
        &caller,
        dice,
        Moment::at(9, 18, 30),
        "logs.amazonaws.com",
        "StartQuery",
    )
    .request(object! {
        "logGroupName": "/ecs/orders-api",
        "startTime": Json::number_as_written("1.7737056E9"),
        "endTime": 1_773_738_000_u64,
        "queryString": "fields @timestamp, @message | filter @message like /\\{/ | limit 20",
    })
    .response(object! { "queryId": dice.uuid() });
    scene.tell("a number written with an exponent", query);

    let internal = Caller {
        identity: identity::aws_internal(Account::Production),
        account: Account::Production,
        region: Region::EuWest1,
        address: "AWS Internal".to_owned(),
        agent: Agent::Service("AWS Internal"),
    };
    let key = dice.uuid();
    let rotate = Event::by_aws(
        &internal,
        dice,
        Moment::at(2, 7, 55),
        "kms.amazonaws.com",
        "RotateKey",
    )
    .resource(
        "AWS::KMS::Key",
        format!(
            "arn:aws:kms:eu-west-1:{}:key/{key}",
            Account::Production.id()
        ),
    )
    .trailing("serviceEventDetails", object! { "keyId": key.as_str() });
    scene.tell("AWS rotates a key by itself", rotate);
}
