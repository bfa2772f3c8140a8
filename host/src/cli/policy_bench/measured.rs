//! The measurements.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use policy_contract::fields::Fields;
use policy_contract::manifest::Mode;
use policy_contract::name::Name;

use crate::engine::{Batch, thread_cpu_time};
use crate::finding::PolicyIdentity;
use crate::limits::Limits;
use crate::pipeline::{Alone, Chunk};
use crate::policy::{Catalogue, LoadedPolicy};
use crate::record::Handover;

/// The sizes of batches that are tried beside that of the configuration.
const SIZES: [usize; 4] = [1, 16, 64, 256];

/// What was measured.
pub(super) struct Measured {
    pub identity: Arc<PolicyIdentity>,
    pub rounds: u16,
    pub records: u64,
    /// Records that some rule wants.
    pub routed: u64,
    pub tasks: u64,
    pub findings: u64,
    /// Bytes of all records that some rule wants: their JSON, and what is handed over.
    pub json_bytes: u64,
    pub handed_bytes: u64,
    /// Host and policy, as in a scan but for reading.
    pub whole: Times,
    /// The calls of the policy in batches as in a scan.
    pub guest: Calls,
    /// The same in batches of other sizes, by records in a batch.
    pub by_size: Vec<(usize, Calls)>,
    /// The same without any task: what it costs to hand over.
    pub handing_over: Calls,
    /// Each rule at work, alone.
    pub by_rule: Vec<OfRule>,
}

/// Times of all rounds.
#[derive(Clone, Debug)]
pub(super) struct Times(Vec<Duration>);

impl Times {
    /// The fastest round.
    pub(super) fn fastest(&self) -> Duration {
        self.0.first().copied().unwrap_or_default()
    }

    /// The round in the middle.
    pub(super) fn median(&self) -> Duration {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    fn of(rounds: u16, mut round: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Self> {
        // Once without looking: whatever is done at first only is over.
        round()?;
        let mut times = Vec::with_capacity(usize::from(rounds));
        for _ in 0..rounds {
            let begun = thread_cpu_time();
            round()?;
            times.push(thread_cpu_time().saturating_sub(begun));
        }
        times.sort_unstable();
        Ok(Self(times))
    }
}

/// Calls of a policy over all records.
pub(super) struct Calls {
    pub batches: u64,
    pub records: u64,
    pub bytes: u64,
    pub answers: u64,
    pub times: Times,
    /// Fuel of one round.
    pub fuel: u64,
}

/// A rule alone.
pub(super) struct OfRule {
    pub id: Name,
    pub calls: Calls,
}

/// A record that some rule wants.
struct Wanted<'c> {
    chunk: usize,
    json: &'c str,
    rules: Vec<u32>,
}

/// Measures a policy; `counting` is the same one in an engine that counts fuel.
pub(super) fn measure(
    policy: LoadedPolicy,
    counting: LoadedPolicy,
    chunks: &[Chunk],
    limits: &Limits,
    rounds: u16,
) -> anyhow::Result<Measured> {
    let rules = policy.rules().iter().enumerate().filter(|(_, rule)| rule.mode != Mode::Off);
    let rules: Vec<(u32, Name)> = rules
        .map(|(rule, described)| Ok((u32::try_from(rule)?, described.description.id.clone())))
        .collect::<anyhow::Result<_>>()?;
    let identity = Arc::clone(policy.identity());
    let catalogue = Arc::new(Catalogue::new(vec![Arc::new(policy)], Vec::new()));
    let policy = catalogue.policies().first().context("the policy is gone")?;
    let wanted = wanted(&catalogue, chunks)?;
    ensure!(!wanted.is_empty(), "no rule of the policy wants any of the records: there is nothing to measure");
    let bench = Bench { policy, counting: &counting, rounds };

    let mut alone = Alone::new(Arc::clone(&catalogue), limits);
    let (mut findings, mut failure) = (0, None);
    let whole = Times::of(rounds, || {
        findings = 0;
        for chunk in chunks {
            let (judged, _) = alone.judge(chunk);
            findings += judged.findings.len() as u64;
            failure = failure.take().or_else(|| judged.failures.into_iter().next());
        }
        Ok(())
    })?;
    if let Some(failure) = failure {
        let rule = failure.rule.map(|rule| format!("the rule `{rule}`")).unwrap_or_else(|| "the policy".to_owned());
        anyhow::bail!(
            "{rule} fails at the records ({}: {}), so that its cost says nothing: `scan` shows where",
            failure.kind,
            failure.reason
        );
    }
    let all = |wanted: &Wanted<'_>| wanted.rules.clone();
    let in_scan = (usize::try_from(limits.batch_records).unwrap_or(usize::MAX), limits.batch_kib.bytes());
    let by_size = SIZES.into_iter().map(|size| Ok((size, bench.calls(&wanted, all, (size, limits.batch_kib.bytes()))?)));
    let of_rule = |(rule, id): &(u32, Name)| {
        let only = |wanted: &Wanted<'_>| wanted.rules.iter().copied().filter(|wanted| wanted == rule).collect();
        let concerned: Vec<Wanted<'_>> = wanted.iter().filter(|wanted| wanted.rules.contains(rule)).map(Wanted::again).collect();
        Ok(OfRule { id: id.clone(), calls: bench.calls(&concerned, only, in_scan)? })
    };
    Ok(Measured {
        identity,
        rounds,
        records: chunks.iter().map(|chunk| chunk.records.len() as u64).sum(),
        routed: wanted.len() as u64,
        tasks: wanted.iter().map(|wanted| wanted.rules.len() as u64).sum(),
        findings,
        json_bytes: wanted.iter().map(|wanted| wanted.json.len() as u64).sum(),
        handed_bytes: bench.batches(&wanted, all, in_scan)?.iter().map(|batch| batch.bytes().len() as u64).sum(),
        whole,
        guest: bench.calls(&wanted, all, in_scan)?,
        by_size: by_size.collect::<anyhow::Result<_>>()?,
        handing_over: bench.calls(&wanted, |_| Vec::new(), in_scan)?,
        by_rule: rules.iter().map(of_rule).collect::<anyhow::Result<_>>()?,
    })
}

impl Wanted<'_> {
    fn again(&self) -> Self {
        Self { chunk: self.chunk, json: self.json, rules: self.rules.clone() }
    }
}

/// The records that some rule wants, in their order.
fn wanted<'c>(catalogue: &Catalogue, chunks: &'c [Chunk]) -> anyhow::Result<Vec<Wanted<'c>>> {
    let (mut wanted, mut found) = (Vec::new(), Vec::new());
    for (number, chunk) in chunks.iter().enumerate() {
        for record in &chunk.records {
            let json = &*record.record.json;
            let fields = Fields::from_json(json).context("a record can't be read")?;
            catalogue.router().route(&fields, &mut found);
            if !found.is_empty() {
                let rules = found.iter().map(|subscriber| u32::try_from(subscriber.rule)).collect::<Result<_, _>>()?;
                wanted.push(Wanted { chunk: number, json, rules });
            }
        }
    }
    Ok(wanted)
}

/// One policy in both engines.
struct Bench<'p> {
    policy: &'p LoadedPolicy,
    counting: &'p LoadedPolicy,
    rounds: u16,
}

impl Bench<'_> {
    /// Measures the calls for these records, with the rules that are asked of each, in batches of at most so many records and bytes.
    fn calls(
        &self,
        wanted: &[Wanted<'_>],
        rules: impl Fn(&Wanted<'_>) -> Vec<u32> + Copy,
        most: (usize, u64),
    ) -> anyhow::Result<Calls> {
        let batches = self.batches(wanted, rules, most)?;
        let failed = "the policy fails at the records, so that its cost says nothing: `scan` shows where";
        let (guest, counting) = (self.policy.guest(), self.counting.guest());
        let mut probe = guest.probe().context("the policy can't be started")?;
        let times = Times::of(self.rounds, || batches.iter().try_for_each(|batch| probe.call(batch).map(drop)).context(failed))?;
        let mut counting = counting.probe().context("the policy can't be started with an engine that counts fuel")?;
        let (mut fuel, mut answers) = (0, 0);
        for batch in &batches {
            let cost = counting.call(batch).context(failed)?;
            fuel += cost.fuel.context("the engine does not count fuel")?;
            answers += cost.answers as u64;
        }
        let bytes = batches.iter().map(|batch| batch.bytes().len() as u64).sum();
        Ok(Calls { batches: batches.len() as u64, records: wanted.len() as u64, bytes, answers, times, fuel })
    }

    /// Batches as a scan makes them: none reaches from one chunk into the next, and a record that is too large is alone.
    fn batches(
        &self,
        wanted: &[Wanted<'_>],
        rules: impl Fn(&Wanted<'_>) -> Vec<u32>,
        (records, bytes): (usize, u64),
    ) -> anyhow::Result<Vec<Batch>> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let (mut batches, mut handover) = (Vec::<Batch>::new(), Handover::default());
        let mut last_chunk = None;
        for record in wanted {
            let mut forms = handover.of(record.json);
            let form = forms.in_format(self.policy.record_format()).context("a record can't be handed over")?;
            let has_room = batches.last().is_some_and(|batch| {
                last_chunk == Some(record.chunk) && batch.len() < records && batch.bytes().len() + form.len() <= bytes
            });
            if !has_room {
                batches.push(Batch::default());
            }
            last_chunk = Some(record.chunk);
            if let Some(batch) = batches.last_mut() {
                batch.push(form, rules(record))?;
            }
        }
        Ok(batches)
    }
}
