//! Calls that only look, with the parameters that AWS records for them.

use super::Session;
use crate::caller::Caller;
use crate::client::operation_name;
use crate::dice::Dice;
use crate::event::Event;
use crate::json::{Json, object};
use crate::organisation::{BUCKETS, Region};
use crate::shapes::s3_details;

const EC2: &str = "ec2.amazonaws.com";
const RDS: &str = "rds.amazonaws.com";
const LAMBDA: &str = "lambda.amazonaws.com";
const S3: &str = "s3.amazonaws.com";
const IAM: &str = "iam.amazonaws.com";
const ECS: &str = "ecs.amazonaws.com";

/// What a read asks about.
#[derive(Clone, Copy)]
enum About {
    Nothing,
    Page,
    Filter,
    Bucket,
    Function,
    Role,
    Cluster,
    Parameter,
    LogGroup,
    Trail,
}

const REGIONAL: [(&str, &str, About); 30] = [
    (EC2, "DescribeInstances", About::Filter),
    (EC2, "DescribeVpcs", About::Filter),
    (EC2, "DescribeSubnets", About::Filter),
    (EC2, "DescribeSecurityGroups", About::Filter),
    (EC2, "DescribeRouteTables", About::Filter),
    (EC2, "DescribeVolumes", About::Page),
    (EC2, "DescribeImages", About::Filter),
    (EC2, "DescribeAddresses", About::Filter),
    (EC2, "DescribeAvailabilityZones", About::Nothing),
    (EC2, "DescribeAccountAttributes", About::Nothing),
    (RDS, "DescribeDBInstances", About::Page),
    (RDS, "DescribeDBClusters", About::Page),
    (LAMBDA, "ListFunctions20150331", About::Nothing),
    (LAMBDA, "GetFunction20150331v2", About::Function),
    (LAMBDA, "GetPolicy20150331v2", About::Function),
    (LAMBDA, "ListVersionsByFunction20150331", About::Function),
    (S3, "GetBucketAcl", About::Bucket),
    (S3, "GetBucketPolicy", About::Bucket),
    (S3, "GetBucketVersioning", About::Bucket),
    (S3, "GetBucketEncryption", About::Bucket),
    (S3, "GetBucketTagging", About::Bucket),
    (ECS, "DescribeServices", About::Cluster),
    (ECS, "DescribeTaskDefinition", About::Cluster),
    ("ssm.amazonaws.com", "GetParameter", About::Parameter),
    ("logs.amazonaws.com", "DescribeLogGroups", About::LogGroup),
    ("logs.amazonaws.com", "DescribeLogStreams", About::LogGroup),
    ("monitoring.amazonaws.com", "DescribeAlarms", About::Page),
    ("elasticloadbalancing.amazonaws.com", "DescribeLoadBalancers", About::Page),
    ("cloudtrail.amazonaws.com", "GetTrailStatus", About::Trail),
    ("sts.amazonaws.com", "GetCallerIdentity", About::Nothing),
];

/// Global services are recorded in N. Virginia only.
const GLOBAL: [(&str, &str, About); 6] = [
    (IAM, "GetRole", About::Role),
    (IAM, "ListRolePolicies", About::Role),
    (IAM, "ListAttachedRolePolicies", About::Role),
    (IAM, "ListUsers", About::Nothing),
    (IAM, "GetAccountSummary", About::Nothing),
    ("cloudfront.amazonaws.com", "ListDistributions", About::Nothing),
];

/// Several reads in a row. `refused` is how many in a hundred are refused, with the principal named in the message.
pub fn browse(session: &mut Session, dice: &mut Dice, caller: &Caller, count: u32, refused: u32, principal: &str) {
    for _ in 0..count {
        let is_global = caller.region == Region::UsEast1 && dice.chance(45);
        let (source, name, about) = if is_global { dice.pick(&GLOBAL) } else { dice.pick(&REGIONAL) };
        session.call(dice, caller, source, name, |event, dice| {
            let event = asked(event, dice, about);
            if !dice.chance(refused) {
                return event;
            }
            let service = source.trim_end_matches(".amazonaws.com");
            event.denied(principal, &format!("{service}:{}", operation_name(name)), "*")
        });
    }
}

fn asked(event: Event, dice: &mut Dice, about: About) -> Event {
    let request = match about {
        About::Nothing => Json::Null,
        About::Page => object! { "maxRecords": 100_u32 },
        About::Filter => object! { "filterSet": object! { "items": vec![filter(dice)] } },
        About::Function => {
            object! { "functionName": dice.pick(&["invoice-webhook", "thumbnails", "nightly-export"]) }
        }
        About::Role => {
            object! { "roleName": dice.pick(&["orders-api", "report-export", "web-fleet"]) }
        }
        About::Cluster => object! { "cluster": "shop", "include": vec!["TAGS"] },
        About::Parameter => object! {
            "name": format!("/shop/{}/endpoint", dice.pick(&["orders", "payments", "search"])),
            "withDecryption": dice.chance(50),
        },
        About::LogGroup => object! { "logGroupNamePrefix": "/ecs/", "limit": 50_u32 },
        About::Trail => object! { "name": "management-events" },
        About::Bucket => return asked_of_bucket(event, dice),
    };
    event.request(request)
}

fn asked_of_bucket(event: Event, dice: &mut Dice) -> Event {
    let bucket = dice.pick(&BUCKETS);
    let sent = dice.between(200, 900);
    event
        .request(object! { "bucketName": bucket, "Host": format!("{bucket}.s3.amazonaws.com"), "acl": "" })
        .additional(s3_details(dice, 0, sent))
        .resource("AWS::S3::Bucket", format!("arn:aws:s3:::{bucket}"))
}

fn filter(dice: &mut Dice) -> Json {
    let value = dice.resource_id("vpc");
    object! { "name": "vpc-id", "valueSet": object! { "items": vec![object! { "value": value }] } }
}
