//! Rule `bucket-change-out-of-band`.

use policy_sdk::prelude::*;

use crate::expectation::{Expectation, Judgement};
use crate::{Settings, bucket};

/// A bucket was created or deleted in a way in which nobody here does it. An attacker who took over a container, a pipeline or
/// somebody's keys makes a bucket to gather what they steal, or deletes those that backups and logs lie in; what they hold
/// and where they sit gives them away.
///
/// A bucket is expected to be changed only by a privileged person, not by a machine's identity, never out of a container or
/// another workload, through the AWS CLI, the console or an approved client, from a trusted network. The finding names every
/// expectation that was broken.
///
/// # The expectations, by their words in `details.broken`
/// - `privileged`: the principal's ARN (of a role's session, the role's) is in the table `privileged-principals`. A principal
///   without an ARN is in no table. The root user is nobody in particular: it breaks this, with or without a table, unless the
///   table lists its ARN.
/// - `person`: not an AWS service, not a service-linked role, not a session got with a web identity (pipelines and pods sign in
///   so), not a session that AWS made for an instance, a function, a task, a pod or a build.
/// - `workload`: the session was not made for one, and the user agent names no `exec-env/AWS_…`. CloudShell is no workload:
///   people type there.
/// - `client`: the user agent is the AWS CLI's; or the record or the user agent says that it was the console; or one of the
///   user agent's products is in the setting `approved_clients`. A client can lie about its name, so this one alone weighs less.
/// - `network`: `sourceIPAddress` is in the table `trusted-networks`. Where an AWS service called on somebody's behalf (such as
///   CloudFormation), its name stands there, which is neither trusted nor untrusted: the network is not judged. Such a call
///   is judged by its client: approve the service by its name to let it pass.
///
/// What cannot be judged, because its table is not configured or the record has no address, is named in `details.not_judged`.
///
/// # Severity
/// High where who acted is wrong (`privileged`, `person`, `workload`), or where client and network are both wrong, as with stolen
/// keys; medium where only one of these two is.
#[rule(
    id = "bucket-change-out-of-band",
    title = "Bucket created or deleted out of band",
    severity = "medium",
    techniques = ["T1078.004", "T1074.002", "T1485"],
    references = [
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html",
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html",
        "https://attack.mitre.org/techniques/T1485/",
    ],
    false_positives = [
        "A client, a network or a person that is allowed to change buckets and not yet listed.",
        "A service that makes buckets for people, such as CloudFormation, and is not yet an approved client.",
        "A pipeline that changes buckets by itself: where that is meant, except its role from this rule.",
    ],
    runbook = "Ask the person whether it was them, and from where. If not: revoke the session or the key, find out what else it did, \
        look at what lies in a new bucket, and recreate a deleted one before somebody else takes its name.",
    select(event_source = "s3.amazonaws.com", event_name = ["CreateBucket", "DeleteBucket"], outcome = "success"),
)]
pub fn bucket_change_out_of_band(event: &Event, cx: &Context<Settings>) -> Option<Finding> {
    let (mut broken, mut reasons, mut not_judged) = (Vec::new(), Vec::new(), Vec::new());
    for expectation in Expectation::ALL {
        match expectation.judge(event, cx) {
            Judgement::Met => (),
            Judgement::NotJudged => not_judged.push(expectation.word()),
            Judgement::Broken(reason) => {
                cx.trace(format!("{} is broken: {reason}", expectation.word()));
                broken.push(expectation);
                reasons.push(reason);
            }
        }
    }
    if broken.is_empty() {
        return None;
    }
    let who = event.actor().label();
    let change = if event.name() == "CreateBucket" { "created" } else { "deleted" };
    let bucket = bucket::name(event);
    let summary = format!("{who} {change} the bucket {bucket} out of band: {}", reasons.join("; "));
    let words: Vec<&str> = broken.iter().map(|expectation| expectation.word()).collect();
    let finding = Finding::new(summary)
        .severity(severity(&broken))
        .detail("broken", words)
        .detail("not_judged", not_judged)
        .detail("bucket", bucket)
        .detail("change", change)
        .detail("principal", event.actor().principal_arn())
        .detail("source_address", event.source_ip_text())
        .detail("user_agent", event.user_agent())
        .resource(bucket::resource(event));
    Some(match event.actor().invoked_by() {
        Some(service) => finding.detail("invoked_by", service),
        None => finding,
    })
}

fn severity(broken: &[Expectation]) -> Severity {
    let who_is_wrong = broken.iter().any(|expectation| expectation.is_about_who());
    if who_is_wrong || broken.len() > 1 { Severity::High } else { Severity::Medium }
}
