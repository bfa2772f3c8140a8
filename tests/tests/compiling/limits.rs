//! Modules that take too much to compile, and the limit that stops each.

use std::collections::BTreeSet;

use e2e::hostile::guest::Guest;
use e2e::hostile::{records, slow};
use e2e::{Run, event, findings, policy, rule};

use crate::stage::{Stage, assert_quiet, assert_quiet_and_small, good_lines};

const NAME: &str = "hostile-slow";

fn guest() -> Guest {
    Guest::named(NAME)
}

/// That the hostile policy judged each of its records, and the others found what they find without it.
fn assert_judges(run: &Run, alone: &Run) {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let found = findings(run).unwrap();
    let events: BTreeSet<&str> = found.iter().filter(|finding| policy(finding) == Some(NAME)).map(event).collect();
    assert_eq!(events.len(), records::COUNT, "{}", run.stderr);
    assert!(good_lines(run) == good_lines(alone), "other findings: {}", run.stderr);
}

/// A module is refused under some limits and for this reason, beside others that do not notice; under other limits it judges, and
/// says this.
fn stopped(module: &[u8], limits: &str, reason: &str, raised: &str, told: &str) {
    let stage = Stage::new();
    let alone = stage.scan("");
    assert_quiet(&alone);
    stopped_beside(&stage, &alone, module, limits, reason, raised, told);
}

/// The same on a stage that was scanned: the others' code is in the cache, so that low limits concern the one module alone.
fn stopped_beside(stage: &Stage, alone: &Run, module: &[u8], limits: &str, reason: &str, raised: &str, told: &str) {
    let entries = stage.entries();
    stage.add(module);
    let beside = stage.scan(limits);
    assert_eq!(beside.code, Some(2), "{}", beside.stderr);
    assert!(good_lines(&beside) == good_lines(alone), "other findings: {}", beside.stderr);
    let found = findings(&beside).unwrap();
    let refusals: Vec<_> = found.iter().filter(|finding| rule(finding) == "policy-refused").collect();
    let [refusal] = refusals[..] else { panic!("{} refusals: {}", refusals.len(), beside.stderr) };
    assert_eq!((&refusal["unmapped"]["policy"], &refusal["unmapped"]["failure"]), (&"hostile.wasm".into(), &"compile".into()));
    let text = refusal["finding_info"]["desc"].as_str().unwrap();
    assert!(text.contains(reason), "{text}");
    assert!(beside.stderr.contains(reason) && beside.stderr.contains("[limits]"), "{}", beside.stderr);
    assert_eq!((stage.entries(), stage.unfinished().len()), (entries, 0));

    let without = stage.scan(raised);
    assert_judges(&without, alone);
    assert!(without.stderr.contains(told), "{}", without.stderr);
}

#[test]
fn cpu_time_is_limited() {
    let module = slow::bulk(guest(), 500, 1000).unwrap();
    let reason = "it takes more than 1 s of CPU time (`compile_cpu_seconds`) optimised, and more than 1 s of CPU time (`compile_cpu_seconds`) unoptimised";
    stopped(&module, "compile_cpu_seconds = 1", reason, "", "");
}

#[test]
fn wall_time_is_limited() {
    let module = slow::bulk(guest(), 500, 1000).unwrap();
    let reason = "it takes longer than 1 s (`compile_deadline_seconds`) optimised, and longer than 1 s (`compile_deadline_seconds`) unoptimised";
    stopped(&module, "compile_deadline_seconds = 1", reason, "", "");
}

#[test]
fn memory_is_limited() {
    let module = slow::nested_loops(guest(), 1000, 1000).unwrap();
    let reason = "it takes more than 128 MiB of memory (`compile_memory_mib`) optimised, and more than 128 MiB of memory (`compile_memory_mib`) unoptimised";
    // To optimise it takes minutes, whatever memory there is.
    stopped(&module, "compile_memory_mib = 128\ncompiled_mib = 128", reason, "compile_cpu_seconds = 6", "it runs unoptimised");
}

#[test]
fn the_size_of_machine_code_is_limited() {
    let module = slow::bulk(guest(), 100, 1000).unwrap();
    // What is in the cache is held to this limit too.
    let stage = Stage::small();
    let alone = stage.scan("");
    assert_quiet_and_small(&alone);
    stopped_beside(&stage, &alone, &module, "compiled_mib = 1", "compiles to more than 1 MiB of machine code", "", "");
}

#[test]
fn code_in_the_cache_is_held_to_a_limit_that_was_lowered() {
    let stage = Stage::small();
    stage.add(&slow::bulk(guest(), 100, 1000).unwrap());
    let alone = stage.scan("");
    assert_judges(&alone, &alone);
    let entries = stage.entries();
    let lowered = stage.scan("compiled_mib = 1");
    assert_eq!(lowered.code, Some(2), "{}", lowered.stderr);
    assert!(lowered.stderr.contains("compiles to more than 1 MiB of machine code"), "{}", lowered.stderr);
    assert!(good_lines(&lowered) == good_lines(&alone), "other findings: {}", lowered.stderr);
    assert_judges(&stage.scan(""), &alone);
    assert_eq!(stage.entries(), entries);
}

#[test]
fn what_is_too_slow_to_optimise_runs_unoptimised_until_the_limit_is_raised() {
    let stage = Stage::new();
    let alone = stage.scan("");
    assert_quiet(&alone);
    stage.add(&slow::nested_loops(guest(), 200, 200).unwrap());
    let told = "it runs unoptimised, and so slower: to optimise it takes more than 1 s of CPU time (`compile_cpu_seconds`)";
    let mut entries = None;
    for _ in 0..2 {
        let unoptimised = stage.scan("compile_cpu_seconds = 1");
        assert_judges(&unoptimised, &alone);
        assert!(unoptimised.stderr.contains(told), "{}", unoptimised.stderr);
        assert_eq!(entries.get_or_insert_with(|| stage.entries()), &stage.entries(), "it is not taken from the cache");
    }
    let raised = stage.scan("");
    assert_judges(&raised, &alone);
    assert_quiet(&raised);
}
