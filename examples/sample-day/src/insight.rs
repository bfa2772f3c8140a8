//! The Insights events that the attack's miners cause: records without event name, source or identity.
//!
//! Shape: AWS CloudTrail user guide, "CloudTrail record contents for Insights events".

use crate::clock::Moment;
use crate::dice::{Dice, Stream};
use crate::event::Record;
use crate::json::{Json, object};
use crate::organisation::{Account, Region};

/// Start and end of one unusual rate of `RunInstances`.
pub fn insights(seed: u64) -> Vec<Record> {
    let mut dice = Dice::new(seed, Stream::Insights);
    let shared = dice.uuid();
    [(Moment::at(21, 48, 0), "Start"), (Moment::at(21, 50, 0), "End")]
        .into_iter()
        .map(|(time, state)| insight(&mut dice, time, state, &shared))
        .collect()
}

fn insight(dice: &mut Dice, time: Moment, state: &str, shared: &str) -> Record {
    let (account, region) = (Account::Production, Region::ApSoutheast2);
    let event_id = dice.uuid();
    let attribution = object! {
        "attribute": "userIdentityArn",
        "insight": vec![object! {
            "value": format!("arn:aws:iam::{}:user/backup-sync", account.id()),
            "average": Json::number_as_written("2.0"),
        }],
        "baseline": Json::List(Vec::new()),
    };
    let body = object! {
        "eventVersion": "1.09",
        "eventTime": time.to_string(),
        "awsRegion": region.code(),
        "eventID": event_id.as_str(),
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": account.id(),
        "sharedEventID": shared,
        "insightDetails": object! {
            "state": state,
            "eventSource": "ec2.amazonaws.com",
            "eventName": "RunInstances",
            "insightType": "ApiCallRateInsight",
            "insightContext": object! {
                "statistics": object! {
                    "baseline": object! { "average": Json::number_as_written("9.92E-5") },
                    "insight": object! { "average": Json::number_as_written("2.0") },
                    "insightDuration": 2_u32,
                    "baselineDuration": 10_080_u32,
                },
                "attributions": vec![attribution],
            },
        },
        "eventCategory": "Insight",
    };
    Record { time, account, region, event_id, body }
}
