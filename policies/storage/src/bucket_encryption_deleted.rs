//! Rule `bucket-encryption-deleted`.

use policy_sdk::prelude::*;

use crate::bucket;

/// Someone took away what a bucket encrypts new objects with. S3 then uses its own key instead: whoever may read the bucket
/// reads them, without a right to the key that was chosen, and the key's own log says nothing of it.
#[rule(
    id = "bucket-encryption-deleted",
    title = "Encryption of a bucket reset",
    severity = "medium",
    techniques = ["T1562", "T1530"],
    references = [
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketEncryption.html",
        "https://attack.mitre.org/techniques/T1562/",
    ],
    false_positives = ["A bucket that never held anything that needs a key of its own."],
    runbook = "Put the encryption back as it was, and encrypt what was written meanwhile. If nobody can say why: look at what the caller read.",
    select(event_source = "s3.amazonaws.com", event_name = "DeleteBucketEncryption", outcome = "success"),
)]
pub fn bucket_encryption_deleted(event: &Event) -> Finding {
    let who = event.actor().label();
    let bucket = bucket::name(event);
    Finding::new(format!("{who} reset the encryption of the bucket {bucket}"))
        .detail("bucket", bucket)
        .detail("source_address", event.source_ip_text())
        .resource(bucket::resource(event))
}
