//! Rule `bucket-policy-put`.

use policy_sdk::prelude::*;
use policy_sdk::resource_policy::{Reach, admitted};

use crate::bucket;

/// Someone replaced the policy of a bucket, which says who may read and write it from wherever they are. One line lets an
/// attacker's own account, or everybody, fetch the data without leaving a trace in the account that owns them.
///
/// # Severity
/// High where the new policy lets in everybody without a condition, or an account that is not known to be the bucket's own;
/// else medium. The finding names those whom it lets in.
#[rule(
    id = "bucket-policy-put",
    title = "Bucket policy replaced",
    severity = "medium",
    techniques = ["T1537", "T1530"],
    references = [
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html",
        "https://attack.mitre.org/techniques/T1537/",
    ],
    false_positives = [
        "A deployment that sets bucket policies.",
        "A bucket that is meant to be public or shared, such as that of a web site or a partner.",
    ],
    runbook = "Compare the policy with the one that should be there. If nobody can say why it was changed: put the old one back, block \
        public access, and look in the data events for what was read since.",
    select(event_source = "s3.amazonaws.com", event_name = "PutBucketPolicy", outcome = "success"),
)]
pub fn bucket_policy_put(event: &Event) -> Finding {
    let who = event.actor().label();
    let bucket = bucket::name(event);
    let put = |whom: &str| Finding::new(format!("{who} put a policy on the bucket {bucket} that {whom}"));
    let finding = match event.get("requestParameters.bucketPolicy").parsed() {
        Ok(policy) => {
            let (principals, reach) = admitted(&policy, event.recipient_account());
            let (severity, whom) = match reach {
                Reach::OwnAccount => (Severity::Medium, "lets in its own account or AWS services"),
                Reach::OtherAccount => (Severity::High, "lets in another account"),
                Reach::Everyone => (Severity::High, "lets in everybody"),
            };
            let principals: Vec<&str> = principals.into_iter().collect();
            put(whom).severity(severity).detail("reach", reach.word()).detail("admitted", principals)
        }
        Err(error) => put("cannot be read from the record").detail("unreadable_policy", error.to_string()),
    };
    finding.detail("bucket", bucket).detail("source_address", event.source_ip_text()).resource(bucket::resource(event))
}
