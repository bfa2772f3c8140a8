//! Writes the sample day into a folder, or tells the attack that is hidden in it.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use sample_day::{DEFAULT_RECORDS, DEFAULT_SEED, Day, Step, story, write};

/// A day of CloudTrail records of a small invented organisation, with an attack hidden in it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder that receives `AWSLogs/…`
    #[arg(required_unless_present = "story")]
    out: Option<PathBuf>,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// How many distinct records
    #[arg(long, default_value_t = DEFAULT_RECORDS)]
    records: u32,
    /// Print the attack's steps and the rules that must report them
    #[arg(long)]
    story: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.story {
        print_story(&story(arguments.seed)).context("cannot print the story")?;
    }
    let Some(out) = arguments.out else {
        return Ok(());
    };
    let day = Day::make(arguments.seed, arguments.records)?;
    write(&day, &out)?;
    eprintln!(
        "wrote {} records ({} of them a second time) in {} files below {}",
        day.distinct_records + day.repeated_records,
        day.repeated_records,
        day.objects.len(),
        out.display()
    );
    Ok(())
}

/// One row for each finding, and one for each step that gives none.
fn print_story(steps: &[Step]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:<20}  {:<30}  {:<36}  what", "time", "rule", "event")?;
    for step in steps {
        let rows: Vec<&str> = match step.rules.as_slice() {
            [] => vec!["-"],
            rules => rules.iter().map(|rule| rule.as_str()).collect(),
        };
        for rule in rows {
            writeln!(out, "{}  {rule:<30}  {}  {}", step.time, step.event_id, step.what)?;
        }
    }
    Ok(())
}
