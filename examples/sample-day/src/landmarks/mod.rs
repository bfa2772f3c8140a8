//! Records that are in every day whatever its size: the honest look-alikes of the attack, and shapes that a reader of
//! CloudTrail must live with.

mod federation;
mod oddities;

use crate::caller::{Agent, Caller};
use crate::client;
use crate::clock::Moment;
use crate::dice::{Dice, Stream};
use crate::event::Event;
use crate::identity;
use crate::json::object;
use crate::organisation::{
    AUTOSCALING_ROLE, Account, CI_ROLE, ORDERS_ROLE, PEOPLE, PLATFORM_ADMIN, Region, Role, office_address, runner_address,
};
use crate::scene::{RuleId, Scene};
use crate::shapes::{
    function_code_request, function_code_response, instances_request, instances_response, s3_details, sign_in_details,
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
    federation::arrivals(&mut scene, &mut dice);
    oddities::odd_shapes(&mut scene, &mut dice);
    scene
}

fn admin(dice: &mut Dice, time: Moment, agent: Agent) -> Caller {
    Caller {
        identity: identity::identity_center_session(Account::Production, PLATFORM_ADMIN, dice, time),
        account: Account::Production,
        region: Region::EuWest1,
        address: office_address(dice),
        agent,
    }
}

fn buckets_changed_the_right_way(scene: &mut Scene, dice: &mut Dice) {
    let changes = [
        (Moment::at(9, 12, 40), "CreateBucket", "example-shop-returns", Agent::fixed(client::TERRAFORM)),
        (Moment::at(10, 47, 3), "CreateBucket", "example-shop-campaign", Agent::Console(client::BROWSERS[1])),
        (Moment::at(15, 30, 21), "DeleteBucket", "example-shop-campaign", Agent::CommandLine),
    ];
    for (time, name, bucket, agent) in changes {
        let caller = admin(dice, time, agent);
        let change = Event::call(&caller, dice, time, S3, name)
            .request(object! { "bucketName": bucket, "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com") })
            .additional(s3_details(dice, 120, 0));
        scene.tell("a privileged person changes a bucket the approved way", change);
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
    let check =
        Event::sign_in(&page, dice, Moment::at(8, 1, 12), "CheckMfa", true).additional(object! { "MfaType": "Virtual MFA" });
    scene.tell("an IAM user answers the MFA question", check);
    let login = Event::sign_in(&page, dice, Moment::at(8, 1, 15), "ConsoleLogin", true).additional(object! {
        "LoginTo": "https://console.aws.amazon.com/console/home",
        "MobileVersion": "No",
        "MFAIdentifier": format!("arn:aws:iam::{}:mfa/martha", account.id()),
        "MFAUsed": "Yes",
    });
    scene.tell("and signs in", login);

    let drill = Caller { identity: identity::root_at_sign_in(Account::Archive), account: Account::Archive, ..page };
    let root = Event::sign_in(&drill, dice, Moment::at(11, 0, 9), "ConsoleLogin", true).additional(sign_in_details("Yes"));
    scene.tell("a root sign-in with MFA, an emergency drill", root);

    for (person, time) in PEOPLE.into_iter().zip([Moment::at(7, 52, 8), Moment::at(8, 33, 50), Moment::at(9, 4, 27)]) {
        let caller = Caller {
            identity: identity::identity_center_session(account, person, dice, time),
            account,
            region: Region::EuWest1,
            address: office_address(dice),
            agent: Agent::Console(client::BROWSERS[0]),
        };
        let login = Event::sign_in(&caller, dice, time, "ConsoleLogin", true).additional(sign_in_details("No"));
        scene.tell("a sign-in through Identity Center, where AWS always writes MFAUsed `No`", login);
    }
}

fn everyday_changes(scene: &mut Scene, dice: &mut Dice) {
    for time in [Moment::at(7, 58, 2), Moment::at(16, 31, 44)] {
        let service = "autoscaling.amazonaws.com";
        let caller = Caller {
            identity: identity::service_linked_session(Account::Production, AUTOSCALING_ROLE, service, dice, time),
            account: Account::Production,
            region: Region::EuWest1,
            address: service.to_owned(),
            agent: Agent::Service(service),
        };
        let run = Event::call(&caller, dice, time, "ec2.amazonaws.com", "RunInstances")
            .request(instances_request("m7g.large", 1))
            .response(instances_response(dice, time, Account::Production, "m7g.large", 1));
        scene.expect("Auto Scaling starts a web server", &[RuleId::RunInstances], run);
    }
    let time = Moment::at(13, 22, 18);
    let pipeline = Caller {
        identity: identity::web_identity_session(Account::Development, CI_ROLE, "GitHubActions", GITHUB, dice, time),
        account: Account::Development,
        region: Region::EuWest1,
        address: runner_address(dice),
        agent: Agent::fixed(client::TERRAFORM),
    };
    let update = Event::call(&pipeline, dice, time, "lambda.amazonaws.com", "UpdateFunctionCode20150331v2")
        .version("1.08")
        .request(function_code_request(Account::Development, "invoice-webhook"))
        .response(function_code_response(Account::Development, "invoice-webhook", "invoice-webhook-role", dice, time));
    scene.expect("the pipeline deploys a function", &[RuleId::LambdaCodeUpdated], update);
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
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system.".to_owned(),
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
    let role = Role { path: "/", name: PEOPLE[2].permission_set.role_name() };
    let me = identity::session_arn(Account::Development, role, PEOPLE[2].login);
    let user = identity::user_arn(Account::Development, "test");
    let denied = Event::call(&developer, dice, time, IAM, "CreateUser").denied(&me, "iam:CreateUser", &user);
    scene.tell("a developer wants a user and is refused", denied);
}
