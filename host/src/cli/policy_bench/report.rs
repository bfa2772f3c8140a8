//! The measurements, as a document and as a page for people.

use std::fmt;
use std::time::Duration;

use indicatif::HumanCount;
use policy_contract::name::Name;
use serde::Serialize;

use super::measured::{Calls, Measured, OfRule, Times};
use crate::harmless::harmless;

/// What is printed. Times are in nanoseconds of CPU time, of the fastest round and of the one in the middle.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    policy: Name,
    version: String,
    digest: String,
    rounds: u16,
    records: u64,
    routed: u64,
    tasks: u64,
    findings: u64,
    json_bytes_per_routed_record: f64,
    handed_bytes_per_routed_record: f64,
    /// Host and policy, for each record that was read.
    whole_ns_per_record: Ns,
    /// The host's part of that, for each record that was read.
    host_ns_per_record: Ns,
    /// The policy's part of that, for each record that was read.
    guest_ns_per_record: Ns,
    /// The policy's part of the whole, in the fastest rounds; between 0 and 1.
    guest_share: f64,
    guest: Figures,
    handing_over: Figures,
    by_batch_size: Vec<OfSize>,
    by_rule: Vec<RuleFigures>,
}

/// A time, in nanoseconds.
#[derive(Clone, Copy, Debug, Serialize)]
struct Ns {
    fastest: f64,
    median: f64,
}

/// What calls cost, for each record in them.
#[derive(Debug, Serialize)]
struct Figures {
    batches: u64,
    records: u64,
    answers: u64,
    bytes_per_batch: f64,
    ns_per_record: Ns,
    fuel_per_record: f64,
}

#[derive(Debug, Serialize)]
struct OfSize {
    most_records: usize,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Debug, Serialize)]
struct RuleFigures {
    rule: Name,
    /// Of the fuel of all rules, each alone; between 0 and 1.
    fuel_share: f64,
    #[serde(flatten)]
    figures: Figures,
}

impl Ns {
    fn per(times: &Times, number: u64) -> Self {
        let each = |time: Duration| time.as_nanos() as f64 / number.max(1) as f64;
        Self { fastest: each(times.fastest()), median: each(times.median()) }
    }

    /// What is left of another; nothing, where noise says less than that.
    fn without(self, other: Self) -> Self {
        Self { fastest: (self.fastest - other.fastest).max(0.0), median: (self.median - other.median).max(0.0) }
    }
}

impl Figures {
    fn of(calls: &Calls) -> Self {
        let Calls { batches, records, bytes, answers, times, fuel } = calls;
        Self {
            batches: *batches,
            records: *records,
            answers: *answers,
            bytes_per_batch: *bytes as f64 / (*batches).max(1) as f64,
            ns_per_record: Ns::per(times, *records),
            fuel_per_record: *fuel as f64 / (*records).max(1) as f64,
        }
    }
}

impl Report {
    pub(super) fn of(measured: Measured) -> Self {
        let Measured { identity, rounds, records, routed, tasks, findings, json_bytes, handed_bytes, .. } = &measured;
        let whole = Ns::per(&measured.whole, *records);
        let guest = Ns::per(&measured.guest.times, *records);
        let each = |bytes: u64| bytes as f64 / (*routed).max(1) as f64;
        let fuel: u64 = measured.by_rule.iter().map(|rule| rule.calls.fuel).sum();
        let of_rule = |OfRule { id, calls }: &OfRule| RuleFigures {
            rule: id.clone(),
            fuel_share: calls.fuel as f64 / fuel.max(1) as f64,
            figures: Figures::of(calls),
        };
        let mut by_rule: Vec<RuleFigures> = measured.by_rule.iter().map(of_rule).collect();
        // What costs most stands first; fuel is the same in every run.
        by_rule.sort_by(|a, b| b.fuel_share.total_cmp(&a.fuel_share).then_with(|| a.rule.cmp(&b.rule)));
        Self {
            policy: identity.name.clone(),
            version: identity.version.clone(),
            digest: identity.digest.to_string(),
            rounds: *rounds,
            records: *records,
            routed: *routed,
            tasks: *tasks,
            findings: *findings,
            json_bytes_per_routed_record: each(*json_bytes),
            handed_bytes_per_routed_record: each(*handed_bytes),
            whole_ns_per_record: whole,
            host_ns_per_record: whole.without(guest),
            guest_ns_per_record: guest,
            guest_share: (guest.fastest / whole.fastest.max(f64::MIN_POSITIVE)).min(1.0),
            guest: Figures::of(&measured.guest),
            handing_over: Figures::of(&measured.handing_over),
            by_batch_size: measured
                .by_size
                .iter()
                .map(|(most_records, calls)| OfSize { most_records: *most_records, figures: Figures::of(calls) })
                .collect(),
            by_rule,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |number: u64| HumanCount(number).to_string();
        writeln!(f, "policy   {} {} ({})", self.policy, harmless(&self.version), self.digest)?;
        writeln!(
            f,
            "records  {} in, {} wanted by a rule; {} tasks, {} findings",
            count(self.records),
            count(self.routed),
            count(self.tasks),
            count(self.findings)
        )?;
        writeln!(
            f,
            "bytes    {:.0} of JSON for each that is wanted, {:.0} handed over",
            self.json_bytes_per_routed_record, self.handed_bytes_per_routed_record
        )?;
        writeln!(f, "rounds   {}; CPU time of one thread\n", self.rounds)?;
        writeln!(f, "{:<32}  {:>12}  {:>12}", "FOR EACH RECORD THAT IS READ", "FASTEST ns", "MEDIAN ns")?;
        let parts = [
            ("host and policy", self.whole_ns_per_record),
            ("  of that the host", self.host_ns_per_record),
            ("  of that the policy's calls", self.guest_ns_per_record),
        ];
        for (what, ns) in parts {
            writeln!(f, "{what:<32}  {:>12.0}  {:>12.0}", ns.fastest, ns.median)?;
        }
        writeln!(f, "{:<32}  {:>11.0} %", "  the policy's share", self.guest_share * 100.0)?;
        heading(f, "FOR EACH RECORD THAT IS WANTED")?;
        line(f, "the policy's calls, as in a scan", &self.guest)?;
        line(f, "  without any task", &self.handing_over)?;
        for OfSize { most_records, figures } in &self.by_batch_size {
            line(f, &format!("  batches of {most_records}"), figures)?;
        }
        heading(f, "EACH RULE ALONE")?;
        for RuleFigures { rule, figures, fuel_share } in &self.by_rule {
            if figures.records == 0 {
                writeln!(f, "{:<32}  wants none of these records", rule.as_str())?;
            } else {
                line(f, &format!("{rule} ({:.0} %)", fuel_share * 100.0), figures)?;
            }
        }
        Ok(())
    }
}

fn heading(f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
    let [fastest, median, fuel] = ["FASTEST ns", "MEDIAN ns", "FUEL"];
    writeln!(
        f,
        "\n{what:<32}  {fastest:>12}  {median:>12}  {fuel:>10}  {:>8}  {:>8}  {:>8}  {:>12}",
        "RECORDS", "ANSWERS", "BATCHES", "BYTES EACH"
    )
}

fn line(f: &mut fmt::Formatter<'_>, what: &str, figures: &Figures) -> fmt::Result {
    let Figures { batches, records, answers, bytes_per_batch, ns_per_record, fuel_per_record } = figures;
    let Ns { fastest, median } = ns_per_record;
    writeln!(
        f,
        "{what:<32}  {fastest:>12.0}  {median:>12.0}  {fuel_per_record:>10.0}  {records:>8}  {answers:>8}  {batches:>8}  {bytes_per_batch:>12.0}"
    )
}
