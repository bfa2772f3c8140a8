//! Records in S3, for the commands that read them.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use indicatif::HumanCount;

use super::live::Progress;
use crate::aws::Aws;
use crate::config::Config;
use crate::source::{Input, Inputs, S3, Wanted};

/// The objects that are named. AWS is asked only where some are in S3.
pub(super) fn inputs(named: Vec<PathBuf>, wanted: &Wanted, config: &Config) -> anyhow::Result<Inputs> {
    let named: Vec<Input> = named.into_iter().map(Input::from).collect();
    if !named.iter().any(|input| matches!(input, Input::S3(Ok(_)))) {
        if *wanted != Wanted::default() {
            bail!("--since, --until, --account and --region choose objects in S3, and none is named: give s3://BUCKET/PREFIX");
        }
        return Ok(Inputs::find(named));
    }
    let s3 = Arc::new(S3::new(Arc::new(Aws::connect(&config.aws)?)));
    Ok(Inputs::find_with(named, |url| {
        let progress = Progress::of_bytes(None);
        let listed = s3.list(url, wanted, |found| progress.say(format!("{} objects in {url}", HumanCount(found as u64))));
        progress.finish();
        listed
    }))
}
