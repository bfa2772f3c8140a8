//! AWS's own services: Config takes stock, CloudTrail delivers its logs.

use super::{Session, account, reads, region};
use crate::caller::{Agent, Caller};
use crate::dice::Dice;
use crate::identity;
use crate::json::object;
use crate::organisation::{Account, CONFIG_ROLE, Region};
use crate::shapes::s3_details;

/// AWS Config describes everything it finds.
pub fn config_recorder(session: &mut Session, dice: &mut Dice) {
    let account = account(dice);
    let service = "config.amazonaws.com";
    let caller = Caller {
        identity: identity::service_linked_session(account, CONFIG_ROLE, service, dice, session.now),
        account,
        region: region(dice),
        address: service.to_owned(),
        agent: Agent::Service(service),
    };
    let count = dice.between(6, 18);
    let principal = identity::session_arn(account, CONFIG_ROLE, "configLambdaExecution");
    reads::browse(session, dice, &caller, count, 4, &principal);
}

/// CloudTrail looks at the log bucket before it writes to it.
pub fn log_delivery(session: &mut Session, dice: &mut Dice) {
    let service = "cloudtrail.amazonaws.com";
    let bucket = "example-shop-trail";
    let caller = Caller {
        identity: identity::service(service),
        account: Account::Archive,
        region: Region::EuWest1,
        address: service.to_owned(),
        agent: Agent::Service(service),
    };
    for _ in 0..dice.between(5, 9) {
        session.call(dice, &caller, "s3.amazonaws.com", "GetBucketAcl", |event, dice| {
            let shared = dice.uuid();
            event
                .request(object! {
                    "bucketName": bucket,
                    "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com"),
                    "acl": "",
                })
                .additional(s3_details(dice, 0, 551))
                .resource("AWS::S3::Bucket", format!("arn:aws:s3:::{bucket}"))
                .trailing("sharedEventID", shared.into())
        });
    }
}
