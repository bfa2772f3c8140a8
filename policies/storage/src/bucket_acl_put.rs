//! Rule `bucket-acl-put`.

use policy_sdk::prelude::*;

use crate::bucket;

/// Groups to which everybody belongs, with an account or without
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#specifying-grantee>).
const EVERYBODY: [&str; 2] =
    ["http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"];
/// Ready-made ACLs that let everybody in.
const PUBLIC: &[&str] = &["public-read", "public-read-write", "authenticated-read"];

/// Someone replaced the ACL of a bucket, the older way to say who may read and write it. New buckets have none; one that is put
/// nowadays is an old habit, or a way to let somebody in that a look at the bucket's policy does not show.
///
/// # Severity
/// High where the ACL lets in everybody, or everybody who has an AWS account; else medium.
#[rule(
    id = "bucket-acl-put",
    title = "ACL of a bucket replaced",
    severity = "medium",
    techniques = ["T1530", "T1098"],
    references = [
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html",
        "https://attack.mitre.org/techniques/T1530/",
    ],
    false_positives = ["A deployment that sets ACLs, or a service that delivers logs by them."],
    runbook = "Compare the ACL with what it should be. If nobody can say why it was changed: make it private, and switch ACLs off.",
    select(event_source = "s3.amazonaws.com", event_name = "PutBucketAcl", outcome = "success"),
)]
pub fn bucket_acl_put(event: &Event) -> Finding {
    let who = event.actor().label();
    let bucket = bucket::name(event);
    let ready_made: Vec<&str> = event
        .get("requestParameters.x-amz-acl")
        .one_or_many()
        .filter_map(|acl| acl.str())
        .filter(|acl| !acl.is_empty())
        .collect();
    let grants = event.get("requestParameters.AccessControlPolicy.AccessControlList.Grant");
    let groups: Vec<&str> = grants.one_or_many().filter_map(|grant| grant.get("Grantee.URI").str()).collect();
    let is_public = ready_made.iter().any(|acl| PUBLIC.contains(acl)) || groups.iter().any(|group| EVERYBODY.contains(group));
    let whom = if is_public { ", which lets in everybody" } else { "" };
    Finding::new(format!("{who} put an ACL on the bucket {bucket}{whom}"))
        .severity(if is_public { Severity::High } else { Severity::Medium })
        .detail("bucket", bucket)
        .detail("ready_made", ready_made)
        .detail("groups", groups)
        .detail("source_address", event.source_ip_text())
        .resource(bucket::resource(event))
}
