//! `fuzz-seeds FOLDER`: what fuzzers begin with, made of a small sample day: `FOLDER/TARGET/*`.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use flate2::read::GzDecoder;
use policy_contract::image::Writer;
use trailwarden::record::{Item, ObjectReader, ReadLimits};

/// Records of the day: the fewest that it can have, and some.
const RECORDS: u32 = 400;
/// Seeds of each kind: a few of each shape are worth more than many.
const SEEDS: usize = 100;
/// Selectors of every kind, and what else a manifest can hold.
const MANIFEST: &str = r#"{"manifest_version":"1","name":"p","version":"1","record":{"format":"image","paths":["a.b"]},"tables":[{"name":"t","kind":"cidr","required":true}],"responses":["start-logging"],"rules":[{"id":"a","title":"A","severity":"low","techniques":["T1078.004"],"default_mode":"shadow","selectors":["all"]},{"id":"b","title":"B","severity":"high","selectors":[{"match":{"event_source":["iam.amazonaws.com"],"event_name":["CreateUser","Get*"],"outcome":["success","dry-run"],"read_only":false}},{"match":{"event_category":["Management"],"event_type":["AwsApiCall"],"principal_type":["IAMUser","Root"],"error_code":["AccessDenied*"],"region":["us-east-1"],"actor_account":["111122223333"],"recipient_account":["111122223333"]}}]}],"correlations":[{"id":"c","title":"C","severity":"low","rules":["a"],"window_seconds":60,"condition":{"kind":"value-count","at_least":3}}]}"#;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("usage: fuzz-seeds FOLDER")?;
    let folder = Path::new(&folder);
    let day = sample_day::Day::make(sample_day::DEFAULT_SEED, RECORDS)?;
    let mut objects = Vec::new();
    for object in &day.objects {
        let mut plain = Vec::new();
        GzDecoder::new(&object.bytes[..]).read_to_end(&mut plain)?;
        objects.push((object.bytes.clone(), plain));
    }
    let mut records = Vec::new();
    for (packed, _) in &objects {
        let reader = ObjectReader::new(&packed[..], ReadLimits::default());
        records.extend(reader.filter_map(|item| if let Item::Record(record) = item { Some(record.json) } else { None }));
    }
    ensure!(!records.is_empty(), "the sample day has no records");

    let chosen = |all: usize| (0..all).step_by(all.div_ceil(SEEDS).max(1));
    let some_records: Vec<&str> = chosen(records.len()).map(|at| &*records[at]).collect();
    let mut splitter = Vec::new();
    for at in chosen(objects.len()) {
        let (packed, plain) = &objects[at];
        splitter.extend([[&[0, 7, 3, 0], &packed[..]].concat(), [&[160, 90, 0, 0], &plain[..]].concat()]);
    }
    for shape in [some_records.join("\n"), format!("[{}]", some_records.join(",")), lookup_events(&some_records)] {
        splitter.push([&[0, 200, 10, 0xf1], shape.as_bytes()].concat());
    }
    let manifest = some_records.iter().map(|record| [MANIFEST.as_bytes(), b"\0", record.as_bytes()].concat());
    let mut image: Vec<Vec<u8>> = some_records.iter().map(|record| [b"\0", record.as_bytes()].concat()).collect();
    for record in &some_records {
        let mut written = Vec::new();
        Writer::new().write(record, &mut written)?;
        image.extend([1, 3].map(|chosen| [&[chosen], &written[..]].concat()));
    }
    let noise = || (1..=SEEDS).map(|number| (0..number * 16).map(|at| (at * number * 37 % 251) as u8).collect());
    write(folder, "splitter", splitter)?;
    write(folder, "manifest", manifest)?;
    write(folder, "image", image)?;
    write(folder, "answers", noise())?;
    write(folder, "boundary", noise())
}

fn lookup_events(records: &[&str]) -> String {
    let events = records.iter().map(|record| serde_json::json!({"CloudTrailEvent": record}).to_string());
    format!(r#"{{"Events":[{}]}}"#, events.collect::<Vec<_>>().join(","))
}

fn write(folder: &Path, target: &str, seeds: impl IntoIterator<Item = Vec<u8>>) -> anyhow::Result<()> {
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}
