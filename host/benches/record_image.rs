//! What handing a record to a policy costs: making its image, looking things up in it, and one more policy in Wasm that
//! wants every record. `make bench` builds what it needs and runs it; it prints a table.
//!
//! Arguments: the folder of the compiled policies of `tests/bench`, then files or folders of records. Of the records those of
//! 1,000 to 1,600 bytes are taken, since the goals speak of a record of 1.3 KB. Each figure is the fastest of many rounds, in
//! nanoseconds of CPU time a record: what the work takes, not what a crowded machine adds.
#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark ends where something is amiss")]

use std::borrow::Cow;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use policy_contract::fields::Fields;
use policy_contract::image::{Image, Node, Writer};
use policy_contract::manifest::RecordFormat;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use trailwarden::config::Config;
use trailwarden::engine::{Batch, Engine};
use trailwarden::finding::facts::Facts;
use trailwarden::limits::Limits;
use trailwarden::pipeline::{Chunk, ChunkRecord, Judge, Quarantines};
use trailwarden::policy::cache::Cache;
use trailwarden::policy::compile::Compiler;
use trailwarden::policy::{Catalogue, LoadedPolicy, Loader, load};
use trailwarden::record::{Handover, Item, ObjectReader, RawRecord, ReadLimits};
use trailwarden::source::{Input, Inputs};

/// Records in one chunk of the pipeline, as `scan` reads them.
const CHUNK_RECORDS: usize = 1024;
/// Policies on every record, for the goal that speaks of twenty.
const MANY: usize = 20;

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).filter(|word| word != "--bench").map(PathBuf::from).collect();
    let [policies, records @ ..] = arguments.as_slice() else {
        eprintln!("usage: record_image POLICIES RECORDS…; `make bench` says how");
        return;
    };
    let records = read_records(records);
    let bytes: usize = records.iter().map(|record| record.json.len()).sum();
    let images: Vec<Vec<u8>> = records.iter().map(image_of).collect();
    let image_bytes: usize = images.iter().map(Vec::len).sum();
    let of_record = |sum: usize| sum / records.len();
    println!("{} records, {} bytes each, {} bytes as image", records.len(), of_record(bytes), of_record(image_bytes));
    natively(&records, &images);
    in_wasm(policies, &records);
}

fn read_records(paths: &[PathBuf]) -> Vec<RawRecord> {
    let inputs = Inputs::find(paths.iter().cloned().map(Input::from));
    let mut records = Vec::new();
    for object in inputs.objects {
        for item in ObjectReader::new(object.open().expect("the object opens"), ReadLimits::default()) {
            match item {
                Item::Record(record) if (1000..=1600).contains(&record.json.len()) => records.push(record),
                _ => {}
            }
        }
    }
    assert!(!records.is_empty(), "no records of 1,000 to 1,600 bytes there");
    // Many times the same records would be answered from the nearest cache; so many do not fit.
    let distinct = records.len();
    while records.len() < CHUNK_RECORDS {
        records.push(records[records.len() % distinct].clone());
    }
    records.truncate(CHUNK_RECORDS);
    records
}

fn image_of(record: &RawRecord) -> Vec<u8> {
    let mut image = Vec::new();
    Writer::new().write(&record.json, &mut image).expect("the reader accepted it");
    image
}

/// CPU time that this thread has used, in nanoseconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Runs something over all records many times, and prints the fastest round's nanoseconds a record. A round takes
/// milliseconds, in which a crowded machine does other things too: that is why CPU time is counted.
fn measure(name: &str, records: usize, mut round: impl FnMut()) -> f64 {
    round();
    let mut fastest = f64::INFINITY;
    let (started, mut rounds) = (Instant::now(), 0);
    while rounds < 20 || started.elapsed().as_millis() < 1500 {
        let begin = cpu_time();
        round();
        fastest = fastest.min((cpu_time() - begin) / records as f64);
        rounds += 1;
    }
    println!("{fastest:>9.0} ns  {name}");
    fastest
}

/// What the three look-ups of `tests/bench` look for, as a reader that builds nothing has them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Borrowed<'a> {
    #[serde(borrow, default)]
    user_identity: Option<BorrowedIdentity<'a>>,
    #[serde(borrow, default)]
    request_parameters: Option<BorrowedParameters<'a>>,
    #[serde(borrow, default, rename = "sourceIPAddress")]
    address: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct BorrowedIdentity<'a> {
    #[serde(borrow, default)]
    arn: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BorrowedParameters<'a> {
    #[serde(borrow, default)]
    user_name: Option<Cow<'a, str>>,
}

fn three_lookups(root: Node<'_>) -> [Option<Node<'_>>; 3] {
    let of = |object: &str, key: &str| root.member(object).and_then(|object| object.member(key));
    [of("userIdentity", "arn"), of("requestParameters", "userName"), root.member("sourceIPAddress")]
}

/// JSON text that holds nothing of the record but what the three look-ups look for.
fn projected(root: Node<'_>) -> String {
    let text = |node: Option<Node<'_>>| node.map_or_else(|| "null".to_owned(), |node| node.to_string());
    let [arn, user, address] = three_lookups(root).map(text);
    format!(r#"{{"userIdentity":{{"arn":{arn}}},"requestParameters":{{"userName":{user}}},"sourceIPAddress":{address}}}"#)
}

fn natively(records: &[RawRecord], images: &[Vec<u8>]) {
    let count = records.len();
    println!("\nnatively");
    measure("the indexed fields from the JSON text", count, || {
        records.iter().for_each(|record| drop(black_box(Fields::from_json(&record.json))));
    });
    measure("the indexed fields from the image", count, || {
        for image in images {
            let root = Image::read(image).expect("it was written").root();
            drop(black_box(Fields::in_image(root)));
        }
    });
    measure("a finding's facts from the JSON text", count, || {
        records.iter().for_each(|record| drop(black_box(Facts::from_json(&record.json))));
    });
    measure("a tree (serde_json::Value) from the JSON text", count, || {
        records.iter().for_each(|record| drop(black_box(policy_contract::json::parse(record.json.as_bytes()))));
    });
    let (mut writer, mut image) = (Writer::new(), Vec::new());
    measure("the image from the JSON text", count, || {
        for record in records {
            image.clear();
            let _ = black_box(writer.write(&record.json, &mut image));
        }
    });
    measure("three look-ups: borrowed from the JSON text", count, || {
        for record in records {
            let read: Borrowed<'_> = serde_json::from_str(&record.json).expect("it is a record");
            let arn = read.user_identity.and_then(|identity| identity.arn);
            black_box((arn, read.request_parameters.and_then(|parameters| parameters.user_name), read.address));
        }
    });
    measure("three look-ups in the image", count, || {
        for image in images {
            let root = Image::read(image).expect("it was written").root();
            black_box(three_lookups(root).map(|node| node.and_then(Node::str)));
        }
    });
    measure("three look-ups, and an image of what they found (a projection)", count, || {
        for full in images {
            let root = Image::read(full).expect("it was written").root();
            image.clear();
            let _ = black_box(writer.write(&projected(root), &mut image));
        }
    });
}

/// A policy to measure; its name's two digits are replaced, so that many of it can be loaded.
fn policy(loader: &Loader, folder: &Path, file: &str, number: usize) -> LoadedPolicy {
    let path = folder.join(file);
    let mut wasm = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `make bench`", path.display()));
    let digits: Vec<usize> =
        wasm.windows(9).enumerate().filter(|(_, window)| *window == b"lookups-00").map(|(at, _)| at + 7).collect();
    for at in digits {
        wasm[at..at + 2].copy_from_slice(format!("{number:02}").as_bytes());
    }
    let mut copy = tempfile::NamedTempFile::with_suffix(".wasm").expect("a temporary file");
    std::io::Write::write_all(&mut copy, &wasm).expect("a temporary file");
    let mut notices = Vec::new();
    let policy = load(loader, copy.path(), &Config::default(), &mut notices).unwrap_or_else(|error| panic!("{file}: {error}"));
    // Code that is not optimised, above all, is not to be measured.
    assert!(notices.is_empty(), "{file}: {notices:?}");
    policy
}

/// Batches as the pipeline makes them.
fn batches(handed_over: &[Vec<u8>], limits: &Limits) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    for record in handed_over {
        let is_full = batches.last().is_some_and(|batch| {
            batch.bytes().len() + record.len() > limits.batch_kib.bytes() as usize || batch.len() >= limits.batch_records as usize
        });
        if is_full {
            batches.push(Batch::default());
        }
        batches.last_mut().expect("there is one").push(record, [0]).expect("it fits");
    }
    batches
}

fn judge_all(policy: &LoadedPolicy, batches: &[Batch]) -> impl FnMut() {
    let mut guest = policy.guest();
    let batches = batches.to_vec();
    move || {
        for batch in &batches {
            let judgement = guest.judge(batch);
            assert!(judgement.answers.is_empty() && judgement.failures.is_empty(), "{:?}", judgement.failures.first());
        }
    }
}

fn in_wasm(folder: &Path, records: &[RawRecord]) {
    let limits = Limits::default();
    let engine = Engine::new(1 << 30).expect("the engine starts");
    let cache = Cache::nowhere(&engine);
    let loader = Loader::new(engine, Compiler::program(env!("CARGO_BIN_EXE_trailwarden").into()), cache);
    let nothing = policy(&loader, folder, "bench-nothing.wasm", 0);
    let lookups = policy(&loader, folder, "bench-three-lookups.wasm", 0);
    let borrowed = policy(&loader, folder, "bench-borrowed-json.wasm", 0);
    let mut handover = Handover::default();
    let mut in_format = |format: RecordFormat| -> Vec<Vec<u8>> {
        let of = |record: &RawRecord| handover.of(&record.json).in_format(format).expect("it can be handed over").to_vec();
        records.iter().map(of).collect()
    };
    let (json, image) = (in_format(RecordFormat::Json), in_format(RecordFormat::Image));
    let small: Vec<Vec<u8>> = image
        .iter()
        .map(|image| {
            let mut small = Vec::new();
            let json = projected(Image::read(image).expect("it was written").root());
            Writer::new().write(&json, &mut small).expect("it is JSON");
            small
        })
        .collect();
    let count = records.len();
    println!("\nin Wasm, batches of {} KiB and {} records at most", limits.batch_kib.bytes() / 1024, limits.batch_records);
    measure("gathering images into batches", count, || drop(black_box(batches(&image, &limits))));
    measure("a call that looks at nothing, images", count, judge_all(&nothing, &batches(&image, &limits)));
    measure("three look-ups, JSON text", count, judge_all(&borrowed, &batches(&json, &limits)));
    measure("three look-ups, projected images", count, judge_all(&lookups, &batches(&small, &limits)));
    let three = measure("three look-ups, images", count, judge_all(&lookups, &batches(&image, &limits)));
    let one_by_one: Vec<Batch> = image.chunks(1).flat_map(|record| batches(record, &limits)).collect();
    measure("three look-ups, images, one record a call", count, judge_all(&lookups, &one_by_one));

    println!("\nthe pipeline's judgement of records that were read: routing, images, batches, policies");
    let to_chunk_record = |record: &RawRecord| ChunkRecord { object: "records".into(), record: record.clone() };
    let chunk = Chunk { records: records.iter().map(to_chunk_record).collect(), ..Chunk::default() };
    let mut with = |number: usize| {
        let policies = (0..number).map(|number| Arc::new(policy(&loader, folder, "bench-three-lookups.wasm", number))).collect();
        let catalogue = Arc::new(Catalogue::new(policies, Vec::new()));
        let mut judge = Judge::new(catalogue, &limits, Quarantines::new(&limits).board());
        measure(&format!("{number} policies with three look-ups each"), count, || {
            let judged = judge.judge(&chunk, &());
            assert!(judged.failures.is_empty() && judged.findings.is_empty());
            assert_eq!(judged.counts().tasks, (number * count) as u64);
        })
    };
    let [none, one, many] = [0, 1, MANY].map(&mut with);
    println!("\ngoals");
    let more = (many - one) / (MANY - 1) as f64;
    println!("{more:>9.0} ns  one more policy for each record (goal: 180); {three:.0} of them in the guest's call");
    println!("{:>9.0} ns  {MANY} policies for each record beyond reading it (goal: 5,000); {none:.0} with none", many);
}
