//! Digest files: what CloudTrail writes beside the logs so that tampering shows. They hold no records.
//!
//! Shape: AWS CloudTrail user guide, "CloudTrail digest file structure". These are starting digests, as after switching
//! log file validation on, so the fields of a previous digest are null. The hashes are real. The signature would stand
//! in the object's metadata, not in the file, so none is made.

use sha2::{Digest, Sha256};

use crate::clock::Moment;
use crate::delivery::LogFile;
use crate::dice::unique_id;
use crate::json::{Json, object};
use crate::organisation::{Account, Region};

/// The bucket that the organisation's trail writes to.
const BUCKET: &str = "example-shop-trail";
const TRAIL: &str = "management-events";
/// The hour whose files are covered.
const FROM: Moment = Moment::at(9, 0, 0);
const TO: Moment = Moment::at(10, 0, 0);

/// The digest of one account's files that were delivered in `eu-west-1` between nine and ten.
///
/// Returns the object's key and its content before compression.
///
/// # Errors
/// A log file holds something that is not JSON.
pub fn digest(account: Account, files: &[LogFile]) -> Result<(String, Vec<u8>), serde_json::Error> {
    let region = Region::EuWest1;
    let covered: Vec<&LogFile> = files
        .iter()
        .filter(|file| file.account == account && file.region == region)
        .filter(|file| (FROM..TO).contains(&file.delivered))
        .collect();
    let entries = covered.iter().map(|file| entry(file)).collect::<Result<Vec<Json>, _>>()?;
    let key = key(account, region);
    let (oldest, newest) = times_of(covered.iter().flat_map(|file| &file.records).map(|record| record.time));
    let content = object! {
        "awsAccountId": account.id(),
        "digestStartTime": FROM.to_string(),
        "digestEndTime": TO.to_string(),
        "digestS3Bucket": BUCKET,
        "digestS3Object": key.as_str(),
        "digestPublicKeyFingerprint": hexadecimal(unique_id("", TRAIL, 16).as_bytes()),
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": newest,
        "oldestEventTime": oldest,
        "previousDigestS3Bucket": Json::Null,
        "previousDigestS3Object": Json::Null,
        "previousDigestHashValue": Json::Null,
        "previousDigestHashAlgorithm": Json::Null,
        "previousDigestSignature": Json::Null,
        "logFiles": entries,
    };
    Ok((key, serde_json::to_vec(&content)?))
}

fn entry(file: &LogFile) -> Result<Json, serde_json::Error> {
    let (oldest, newest) = times_of(file.records.iter().map(|record| record.time));
    Ok(object! {
        "s3Bucket": BUCKET,
        "s3Object": file.key.as_str(),
        // AWS hashes the content before compression.
        "hashValue": hexadecimal(&Sha256::digest(file.json()?)),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": newest,
        "oldestEventTime": oldest,
    })
}

/// The oldest and the newest, null where there is none.
fn times_of(times: impl Iterator<Item = Moment> + Clone) -> (Json, Json) {
    let written = |time: Option<Moment>| time.map_or(Json::Null, |time| Json::from(time.to_string()));
    (written(times.clone().min()), written(times.max()))
}

fn key(account: Account, region: Region) -> String {
    let (account, region) = (account.id(), region.code());
    format!(
        "AWSLogs/{account}/CloudTrail-Digest/{region}/{}/{account}_CloudTrail-Digest_{region}_{TRAIL}_{region}_{}.json.gz",
        TO.folder(),
        TO.compact_second()
    )
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
