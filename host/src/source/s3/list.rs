//! Which objects there are: folders of keys are walked several at once, and given in the order of their keys.

use std::io;
use std::sync::Arc;

use aws_sdk_s3::Client;
use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::task::JoinSet;

use super::errors::explained;
use super::fetch::{Remote, S3};
use super::key::Wanted;
use super::url::S3Url;
use crate::source::files::NAME_ENDS;

/// Requests under way at once. S3 answers thousands a second for each beginning of keys; what counts is who waits for whom.
const AT_ONCE: usize = 16;
/// Days that are listed one by one; of more, whole years are.
const DAYS: usize = 1_000;

/// Objects that were found.
#[derive(Debug, Default)]
pub struct Listed {
    /// Those that are wanted, in the order of their keys, each with its size in bytes.
    pub objects: Vec<(Remote, u64)>,
    /// Those whose names are not those of records, and those that are not wanted.
    pub left_alone: u64,
}

/// Something to list.
#[derive(Debug, PartialEq, Eq)]
enum Folder {
    /// What is in this folder, and then what is in those below it.
    Level(String),
    /// Everything whose key begins so.
    All(String),
}

/// What one folder holds.
#[derive(Default)]
struct Found {
    objects: Vec<(String, u64)>,
    left_alone: u64,
    below: Vec<Folder>,
}

impl S3 {
    /// Finds the objects below a URL, or the one that it names. `on_found` hears how many there are so far.
    ///
    /// # Errors
    /// The bucket is not there or may not be listed, or S3 does not answer.
    pub fn list(self: &Arc<Self>, url: &S3Url, wanted: &Wanted, on_found: impl Fn(usize)) -> io::Result<Listed> {
        self.aws.block_on(self.walk(url, wanted, on_found))
    }

    async fn walk(self: &Arc<Self>, url: &S3Url, wanted: &Wanted, on_found: impl Fn(usize)) -> io::Result<Listed> {
        let (bucket, wanted) = (Arc::<str>::from(url.bucket.as_str()), Arc::new(wanted.clone()));
        let mut open = vec![Folder::Level(url.prefix.clone())];
        let (mut objects, mut left_alone, mut asked) = (Vec::new(), 0, JoinSet::new());
        loop {
            while asked.len() < AT_ONCE
                && let Some(folder) = open.pop()
            {
                asked.spawn(list(self.client.clone(), Arc::clone(&bucket), folder, Arc::clone(&wanted)));
            }
            let Some(found) = asked.join_next().await else { break };
            let found: Found = found.map_err(|error| io::Error::other(format!("a listing ended: {error}")))??;
            objects.extend(found.objects);
            left_alone += found.left_alone;
            open.extend(found.below);
            on_found(objects.len());
        }
        objects.sort_unstable();
        let remote = |(prefix, bytes)| (Remote::new(Arc::clone(self), S3Url { bucket: bucket.to_string(), prefix }), bytes);
        Ok(Listed { objects: objects.into_iter().map(remote).collect(), left_alone })
    }
}

async fn list(client: Client, bucket: Arc<str>, folder: Folder, wanted: Arc<Wanted>) -> io::Result<Found> {
    let (prefix, delimiter) = match &folder {
        Folder::Level(prefix) => (prefix, Some("/")),
        Folder::All(prefix) => (prefix, None),
    };
    let request = client.list_objects_v2().bucket(&*bucket).prefix(prefix).set_delimiter(delimiter.map(str::to_owned));
    let mut pages = request.into_paginator().send();
    let (mut found, mut folders) = (Found::default(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| explained(&error, "s3:ListBucket", &bucket, None))?;
        for object in page.contents() {
            let Some(key) = object.key() else { continue };
            let modified = object.last_modified().and_then(|at| Timestamp::from_second(at.secs()).ok());
            let is_log = key == prefix || NAME_ENDS.iter().any(|end| key.ends_with(end));
            if is_log && wanted.wants(key, modified) {
                found.objects.push((key.to_owned(), object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default()));
            } else {
                found.left_alone += 1;
            }
        }
        folders.extend(page.common_prefixes().iter().filter_map(|folder| folder.prefix()).map(str::to_owned));
    }
    found.below = below(prefix, folders, &wanted);
    Ok(found)
}

/// What to list next of the folders in one: below a region only the wanted days.
fn below(prefix: &str, folders: Vec<String>, wanted: &Wanted) -> Vec<Folder> {
    let name = |folder: &str| folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let is_year = |folder: &String| matches!(name(folder).parse::<u16>(), Ok(2000..=2999)) && name(folder).len() == 4;
    let (years, others): (Vec<String>, Vec<String>) = folders.into_iter().partition(is_year);
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let mut below: Vec<Folder> = match wanted.days(today).filter(|days| days.len() <= DAYS) {
        // A year that has no folder has no day either.
        Some(days) => {
            let days = days.iter().map(|day| format!("{prefix}{day}"));
            days.filter(|day| years.iter().any(|year| day.starts_with(year.as_str()))).map(Folder::All).collect()
        }
        None => years.into_iter().map(Folder::All).collect(),
    };
    below.extend(others.into_iter().filter(|folder| wanted.may_be_below(folder)).map(Folder::Level));
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_region_only_wanted_days_are_listed() {
        let region = "AWSLogs/111122223333/CloudTrail/eu-west-1/";
        let years = || vec![format!("{region}2024/"), format!("{region}2025/")];
        let all = Wanted::default();
        assert_eq!(below(region, years(), &all), years().into_iter().map(Folder::All).collect::<Vec<_>>());
        let since = Some("2024-12-31T23:00:00Z".parse().unwrap());
        let some = Wanted { since, until: Some("2025-01-02T00:00:00Z".parse().unwrap()), ..Wanted::default() };
        let days = ["2024/12/31/", "2025/01/01/", "2025/01/02/"].map(|day| Folder::All(format!("{region}{day}")));
        assert_eq!(below(region, years(), &some), days);
        assert_eq!(below(region, vec![format!("{region}2025/")], &some).len(), 2);
    }

    #[test]
    fn what_is_no_year_is_walked_unless_nothing_wanted_can_be_in_it() {
        let folders = ["AWSLogs/1/CloudTrail-Digest/", "AWSLogs/1/CloudTrail/", "AWSLogs/1/20240/"].map(str::to_owned).to_vec();
        let walked = below("AWSLogs/1/", folders, &Wanted::default());
        assert_eq!(walked, ["AWSLogs/1/CloudTrail/", "AWSLogs/1/20240/"].map(|folder| Folder::Level(folder.to_owned())));
    }
}
