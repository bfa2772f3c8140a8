//! What the service says in its log: one function for each event, so that its name and fields stand once.

use policy_contract::name::Name;

use super::delivery::StepError;
use crate::engine::{LogLevel, LogLine};
use crate::finding::HostFinding;
use crate::harmless::harmless;
use crate::pipeline::Verdict;
use crate::policy::{LoadedPolicy, Notice, Refusal};
use crate::sink::{Recovered, SinkError};
use crate::source::Problem;
use crate::watch::NotWatched;

pub(super) fn started(policies: usize, refused: usize, workers: usize) {
    tracing::info!(event = "service.started", policies, refused, workers);
}

pub(super) fn stopping() {
    tracing::info!(event = "service.stopping", "finishing what is in hand; a second signal stops at once");
}

pub(super) fn policy_loaded(policy: &LoadedPolicy) {
    let identity = policy.identity();
    tracing::info!(event = "policy.loaded", policy = %identity.name, version = %harmless(&identity.version), digest = %identity.digest);
}

pub(super) fn policy_swapped(from: &LoadedPolicy, to: &LoadedPolicy) {
    let (from, to) = (from.identity(), to.identity());
    tracing::info!(
        event = "policy.swapped", policy = %to.name, version = %harmless(&to.version), digest = %to.digest,
        version_before = %harmless(&from.version), digest_before = %from.digest
    );
}

pub(super) fn policy_retired(policy: &LoadedPolicy) {
    tracing::info!(event = "policy.retired", policy = %policy.identity().name);
}

pub(super) fn policy_refused(refusal: &Refusal, kept: Option<&LoadedPolicy>) {
    let kept = kept.map(|kept| kept.identity().digest.to_string()).unwrap_or_default();
    tracing::error!(
        event = "policy.refused", file = %refusal.path.display(), step = refusal.error.step().as_str(),
        reason = %refusal.error.text(), digest_kept = %kept
    );
}

pub(super) fn policy_noted(file: &std::path::Path, notice: &Notice) {
    tracing::warn!(event = "policy.noted", file = %file.display(), reason = %harmless(&notice.to_string()));
}

pub(super) fn policy_quarantined(policy: &Name, verdict: &Verdict) {
    tracing::error!(event = "policy.quarantined", %policy, reason = %harmless(&verdict.to_string()));
}

pub(super) fn policy_said(policy: &Name, line: &LogLine) {
    let text = harmless(&line.text);
    match line.level {
        LogLevel::Error => tracing::error!(event = "policy.log", %policy, "{text}"),
        LogLevel::Warn => tracing::warn!(event = "policy.log", %policy, "{text}"),
        LogLevel::Info => tracing::info!(event = "policy.log", %policy, "{text}"),
        LogLevel::Debug => tracing::debug!(event = "policy.log", %policy, "{text}"),
        LogLevel::Trace => tracing::trace!(event = "policy.log", %policy, "{text}"),
    }
}

pub(super) fn paths_unlisted(path: &std::path::Path, error: &std::io::Error) {
    tracing::error!(event = "policies.unlisted", path = %path.display(), reason = %error, "what was loaded from it stays in force");
}

pub(super) fn paths_listed(path: &std::path::Path) {
    tracing::info!(event = "policies.listed", path = %path.display());
}

pub(super) fn no_policy() {
    tracing::error!(event = "policies.none", "no policy is loaded: records wait until there is one");
}

pub(super) fn config_reloaded() {
    tracing::info!(event = "config.reloaded");
}

pub(super) fn config_refused(reason: &str) {
    tracing::error!(event = "config.refused", reason = %harmless(reason), "the last good one stays in force");
}

pub(super) fn config_needs_restart(key: &str) {
    tracing::warn!(event = "config.needs_restart", key, "it has changed, and is in force from the next start on");
}

pub(super) fn config_warning(warning: &str) {
    tracing::warn!(event = "config.warning", reason = %warning);
}

pub(super) fn not_watched(not_watched: &NotWatched) {
    tracing::warn!(event = "watch.late", reason = %not_watched);
}

pub(super) fn source_problems(problems: &[Problem]) {
    for problem in problems {
        tracing::error!(event = "source.problem", path = %problem.path.display(), reason = %harmless(&problem.reason));
    }
    if problems.is_empty() {
        tracing::info!(event = "source.recovered");
    }
}

pub(super) fn sink_opened(sink: &Name, recovered: Recovered) {
    let Recovered { findings, torn_bytes } = recovered;
    if torn_bytes > 0 {
        tracing::warn!(event = "sink.torn", %sink, bytes = torn_bytes, "a line that was never finished was cut off");
    }
    tracing::info!(event = "sink.opened", %sink, unsettled = findings);
}

pub(super) fn host_finding(finding: &HostFinding) {
    let object = harmless(finding.subject.object.as_deref().unwrap_or_default());
    tracing::warn!(
        event = "host.finding", rule = finding.rule.id(), %object, offset = finding.subject.offset, count = finding.count,
        reason = %harmless(&finding.reason)
    );
}

pub(super) fn stands_still(error: &StepError) {
    tracing::error!(event = "delivery.blocked", reason = %error, "nothing more is judged until this works again");
}

pub(super) fn goes_on() {
    tracing::info!(event = "delivery.unblocked");
}

pub(super) fn not_rotated(error: &SinkError) {
    tracing::error!(event = "sink.not_rotated", reason = %error);
}
