//! Objects in S3: which there are, and their bytes, believed only when all of them are there.
//!
//! CloudTrail writes `AWSLogs/[o-…/]account/CloudTrail/region/YYYY/MM/DD/account_CloudTrail_region_YYYYMMDDTHHmmZ_….json.gz`
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>). Whatever is above that is walked
//! like folders, several at once; below a region only the days that are wanted are listed.

mod errors;
mod fetch;
mod key;
mod list;
mod url;

pub use fetch::{Remote, S3};
pub use key::{LogKey, Wanted};
pub use list::Listed;
pub use url::{BadUrl, S3Url};
