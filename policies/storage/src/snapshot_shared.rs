//! Rule `snapshot-shared`.

use policy_sdk::prelude::*;

/// Someone shared a copy of a disk or a database with another account, or with everybody. Who gets it makes a disk or a database of
/// his own from it and reads all that was there, in an account where nobody sees him do so.
///
/// # What counts
/// Snapshots of disks, images of machines, snapshots of databases and of database clusters, shared with any account or with
/// everybody. The record does not say whether the account belongs to the organisation.
///
/// # Severity
/// Critical where it is shared with everybody; else high.
#[rule(
    id = "snapshot-shared",
    title = "Snapshot or image shared",
    severity = "high",
    techniques = ["T1537", "T1578.001"],
    references = [
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshotAttribute.html",
        "https://attack.mitre.org/techniques/T1537/",
    ],
    false_positives = ["Images and backups that are meant for another account of the organisation."],
    runbook = "Take the share back, and ask who gave it to whom. If nobody knows: treat all that was on it as stolen, keys and passwords first.",
    select(
        event_source = "ec2.amazonaws.com",
        event_name = ["ModifySnapshotAttribute", "ModifyImageAttribute"],
        outcome = "success",
    ),
    select(
        event_source = "rds.amazonaws.com",
        event_name = ["ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"],
        outcome = "success",
    ),
)]
pub fn snapshot_shared(event: &Event) -> Option<Finding> {
    let request = event.get("requestParameters");
    let (what, of) = match event.name() {
        "ModifySnapshotAttribute" => ("snapshot", request.get("snapshotId").text()),
        "ModifyImageAttribute" => ("image", request.get("imageId").text()),
        "ModifyDBSnapshotAttribute" => ("database snapshot", request.get("dBSnapshotIdentifier").text()),
        _ => ("database cluster snapshot", request.get("dBClusterSnapshotIdentifier").text()),
    };
    let added = ["createVolumePermission.add.items[]", "launchPermission.add.items[]"];
    let of_machines = added.into_iter().flat_map(|path| request.get(path).items().collect::<Vec<_>>());
    let of_machines = of_machines.filter_map(|who| who.get("userId").str().or_else(|| who.get("group").str()));
    // `restore` is the one attribute that shares; others say who may copy.
    let is_restored = request.get("attributeName").text() == "restore";
    let of_databases = request.get("valuesToAdd").items().filter(|_| is_restored).filter_map(|who| who.str());
    let with: Vec<&str> = of_machines.chain(of_databases).collect();
    if with.is_empty() {
        return None;
    }
    let is_public = with.contains(&"all");
    let who = event.actor().label();
    let whom = if is_public { "everybody".to_owned() } else { with.join(", ") };
    let finding = Finding::new(format!("{who} shared the {what} {of} with {whom}"))
        .severity(if is_public { Severity::Critical } else { Severity::High })
        .detail("what", what)
        .detail("id", of)
        .detail("with", with)
        .detail("source_address", event.source_ip_text());
    Some(finding)
}
