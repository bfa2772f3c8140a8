//! Shapes that have tripped readers of CloudTrail: encoded policies, braces in strings, numbers in odd forms.

use crate::caller::{Agent, Caller};
use crate::client;
use crate::clock::Moment;
use crate::dice::Dice;
use crate::event::Event;
use crate::identity;
use crate::json::{Json, object};
use crate::organisation::{Account, Region, Role};
use crate::scene::Scene;

use super::{IAM, admin};

/// One record of each shape.
pub fn odd_shapes(scene: &mut Scene, dice: &mut Dice) {
    let time = Moment::at(9, 15, 7);
    let caller = admin(dice, time, Agent::fixed(client::TERRAFORM));
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
    let role = Role { path: "/workload/", name: "returns-intake" };
    let in_virginia = Caller { region: Region::UsEast1, ..caller.clone() };
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
    scene.tell("a role is created; its trust policy comes back percent-encoded", create);

    let strange = Caller { agent: Agent::fixed(client::BRACES_AND_QUOTES), ..caller.clone() };
    let describe = Event::call(&strange, dice, Moment::at(9, 15, 41), "ec2.amazonaws.com", "DescribeInstances")
        .request(object! { "maxResults": 100_u32, "instancesSet": Json::empty_object(), "filterSet": Json::empty_object() });
    scene.tell("a client whose user agent has braces and quotes in it", describe);

    let tags = vec![
        object! { "key": "Name", "value": "Größenrechner – 東京" },
        object! { "key": "owner.team:cost-centre", "value": "naïve ☕ \"quoted\" \\ {brace" },
    ];
    let tag = Event::call(&caller, dice, Moment::at(9, 16, 20), "ec2.amazonaws.com", "CreateTags").request(object! {
        "resourcesSet": object! { "items": vec![object! { "resourceId": dice.resource_id("i") }] },
        "tagSet": object! { "items": tags },
    });
    scene.tell("names in other scripts, keys with dots", tag);

    let alarm = Event::call(&caller, dice, Moment::at(9, 17, 2), "monitoring.amazonaws.com", "PutMetricAlarm").request(object! {
        "alarmName": "orders-failed",
        "threshold": Json::number_as_written("0.0"),
        "evaluationPeriods": 1_u32,
        "period": 60_u32,
    });
    scene.tell("a number written 0.0", alarm);
    let query = Event::call(&caller, dice, Moment::at(9, 18, 30), "logs.amazonaws.com", "StartQuery")
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
    let rotate = Event::by_aws(&internal, dice, Moment::at(2, 7, 55), "kms.amazonaws.com", "RotateKey")
        .resource("AWS::KMS::Key", format!("arn:aws:kms:eu-west-1:{}:key/{key}", Account::Production.id()))
        .trailing("serviceEventDetails", object! { "keyId": key.as_str() });
    scene.tell("AWS rotates a key by itself", rotate);
}
