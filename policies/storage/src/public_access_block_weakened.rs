//! Rule `public-access-block-weakened`.

use policy_sdk::prelude::*;

use crate::bucket;

/// What the block consists of (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PublicAccessBlockConfiguration.html>).
const FLAGS: [&str; 4] = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

/// Someone weakened what keeps a bucket, or all buckets of the account, from being public. It is the last thing that stands
/// between one wrong line in a policy and everybody; the wrong line often comes within the next minute.
///
/// # What counts
/// A block in which one of its four flags is false, or is not there, which means false; or one that is deleted. What it was
/// before does not stand in the record.
///
/// # Severity
/// High for the account's block, and where the block is deleted or all flags are false; else medium.
#[rule(
    id = "public-access-block-weakened",
    title = "Block of public access weakened",
    severity = "medium",
    techniques = ["T1562", "T1530"],
    references = [
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
        "https://attack.mitre.org/techniques/T1530/",
    ],
    false_positives = ["A bucket that is meant to be public, such as that of a web site."],
    runbook = "Put the block back, then look at the bucket's policy and ACL, and in the data events for what was read since.",
    select(
        event_source = "s3.amazonaws.com",
        event_name = [
            "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock",
            "PutAccountPublicAccessBlock", "DeleteAccountPublicAccessBlock",
        ],
        outcome = "success",
    ),
)]
pub fn public_access_block_weakened(event: &Event) -> Option<Finding> {
    let block = event.get("requestParameters.PublicAccessBlockConfiguration");
    let off: Vec<&str> = FLAGS.into_iter().filter(|flag| block.member(flag).flag() != Some(true)).collect();
    if off.is_empty() {
        return None;
    }
    let is_of_account = matches!(event.name(), "PutAccountPublicAccessBlock" | "DeleteAccountPublicAccessBlock");
    let is_gone = off.len() == FLAGS.len();
    let who = event.actor().label();
    let of = if is_of_account {
        format!("the account {}", event.recipient_account())
    } else {
        format!("the bucket {}", bucket::name(event))
    };
    let finding = Finding::new(format!("{who} weakened the block of public access of {of}: {} is off", off.join(", ")))
        .severity(if is_of_account || is_gone { Severity::High } else { Severity::Medium })
        .detail("off", off)
        .detail("source_address", event.source_ip_text());
    Some(if is_of_account { finding } else { finding.detail("bucket", bucket::name(event)).resource(bucket::resource(event)) })
}
