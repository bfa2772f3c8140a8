//! Attacks that need more than one hostile module in one scan, and where each is tested.

/// An attack that a test of its own makes.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// What the policy, or whoever writes records, does; as a sentence without its subject.
    pub does: &'static str,
    /// What stops it.
    pub stops: &'static str,
    /// What comes of it.
    pub comes: &'static str,
    /// The file of the test, from the project's folder.
    pub file: &'static str,
    /// The test's function.
    pub test: &'static str,
}

const fn row(does: &'static str, stops: &'static str, comes: &'static str, file: &'static str, test: &'static str) -> Elsewhere {
    Elsewhere { does, stops, comes, file, test }
}

const RUST: &str = "tests/tests/hostile/rust.rs";
const FAILING: &str = "tests/tests/failing/main.rs";
const KILLED: &str = "tests/tests/failing/killed.rs";
const DAMAGE: &str = "tests/tests/hostile/damage.rs";
const INSTANCES: &str = "tests/tests/hostile/instances.rs";
const COMPILING: &str = "tests/tests/compiling/limits.rs";
const CACHE: &str = "tests/tests/compiling/cache.rs";
const ENGINE: &str = "host/src/engine/tests.rs";

/// Policies in Rust, under the limits' defaults.
pub const IN_RUST: &[Elsewhere] = &[
    row(
        "never ends at the records that it selects",
        "`cpu_ms_per_record`",
        "fails at every record, `time`",
        RUST,
        "a_policy_that_never_ends_is_stopped_at_every_record",
    ),
    row(
        "panics at calls that change something",
        "WebAssembly",
        "fails at these, `trap`, with the panic's own words; the others are judged",
        RUST,
        "a_policy_that_panics_at_some_records_still_judges_the_others",
    ),
    row(
        "asks for memory without end",
        "`memory_mib`",
        "fails at every record, `memory`",
        RUST,
        "a_policy_that_eats_memory_is_stopped_at_every_record",
    ),
    row(
        "makes a hundred findings by one rule, and one of 1 MiB by another",
        "`findings_per_record`, `finding_kib`",
        "both rules fail at every record, `output`",
        RUST,
        "a_policy_that_floods_is_refused_its_answers",
    ),
    row(
        "answers by what it saw in earlier records",
        "`second_run_every`",
        "the answers of a fresh instance stand; `impure` is reported",
        FAILING,
        "a_policy_that_remembers_is_found_out_and_the_fresh_answers_stand",
    ),
    row(
        "fails at everything, whoever did it",
        "`quarantine_tasks`, `quarantine_principals`, `quarantine_event_kinds`",
        "quarantined at the same record for any number of workers",
        FAILING,
        "a_policy_that_fails_throughout_is_quarantined_at_the_same_record_for_any_number_of_workers",
    ),
    row(
        "is given 6,000 records with a user agent that was crafted to make it trap",
        "nothing has to",
        "fails at these, is not quarantined, and judges all others",
        FAILING,
        "a_crafted_user_agent_switches_no_policy_off",
    ),
    row(
        "fails so often that the journal of failed tasks is full",
        "`journal_mib`",
        "what has no room is counted, and reported as `journal-full`",
        FAILING,
        "a_full_journal_is_reported_with_what_had_no_room",
    ),
];

/// What happens to instances over time, and to files.
pub const OTHERS: &[Elsewhere] = &[
    row(
        "can't start again after it was loaded",
        "the contract",
        "is started once, asked nothing more, and quarantined",
        ENGINE,
        "a_policy_that_cannot_start_again_is_started_once_and_asked_nothing",
    ),
    row(
        "loops at a record, alone or after others",
        "`cpu_ms_per_record`",
        "is tried twice, the second time on a fresh instance, and never three times",
        ENGINE,
        "what_ran_out_of_time_is_tried_twice_and_never_three_times",
    ),
    row(
        "counts its records for ever",
        "`records_per_instance`",
        "a fresh instance takes over",
        INSTANCES,
        "an_instance_judges_so_many_records_and_no_more",
    ),
    row(
        "grows a little and never shrinks",
        "`memory_growth_mib`",
        "a fresh instance takes over",
        INSTANCES,
        "an_instance_that_has_grown_is_replaced",
    ),
    row(
        "keeps memory while nobody asks it",
        "`warm_instances`, `idle_seconds`",
        "a fresh instance takes over",
        INSTANCES,
        "an_instance_that_nobody_used_for_long_is_replaced",
    ),
    row(
        "fails with a text that is longer than anybody reads",
        "`failure_text_bytes`",
        "the text is cut",
        INSTANCES,
        "the_text_of_a_failure_is_cut",
    ),
    row(
        "writes to its log while it is loaded",
        "nothing has to",
        "the lines are dropped, and their number is told",
        INSTANCES,
        "what_is_written_to_the_log_before_the_first_record_is_counted",
    ),
    row(
        "has failed at records, and the host is killed while it writes down which",
        "the journal, which is on the disk first",
        "no failed task is lost",
        KILLED,
        "a_scan_that_is_killed_has_written_down_what_failed_before_what_it_printed",
    ),
    row(
        "catches up, and the host is killed between printing and removing",
        "findings' ids, which are the same again",
        "what was not removed is found again, with the same ids",
        KILLED,
        "a_catch_up_that_is_killed_finds_the_same_again_and_loses_nothing",
    ),
    row(
        "is a core module that is cut off, or in which bits are flipped, at 400 places and more",
        "the contract",
        "refused or loaded, and never a crash",
        DAMAGE,
        "a_damaged_core_module_is_refused_or_loaded",
    ),
    row(
        "is a component that is cut off, or in which bits are flipped, at 400 places and more",
        "the contract",
        "refused or loaded, and never a crash",
        DAMAGE,
        "a_damaged_component_is_refused_or_loaded",
    ),
    row(
        "sends a flood of signals",
        "`signals_per_record`",
        "the task fails, `output`; tried without a guest, since this host refuses correlations",
        "host/src/engine/answer.rs",
        "one_tasks_fault_costs_another_nothing",
    ),
    row(
        "takes too much CPU time to compile",
        "`compile_cpu_seconds`",
        "refused at `compile`, or runs unoptimised, and that is told",
        COMPILING,
        "cpu_time_is_limited",
    ),
    row(
        "takes too long to compile",
        "`compile_deadline_seconds`",
        "refused at `compile`, or runs unoptimised, and that is told",
        COMPILING,
        "wall_time_is_limited",
    ),
    row(
        "takes too much memory to compile",
        "`compile_memory_mib`",
        "refused at `compile`, or runs unoptimised, and that is told",
        COMPILING,
        "memory_is_limited",
    ),
    row(
        "becomes too much machine code",
        "`compiled_mib`",
        "refused at `compile`",
        COMPILING,
        "the_size_of_machine_code_is_limited",
    ),
    row(
        "has code in the cache that was changed or cut off",
        "the cache's digest",
        "told, deleted, and compiled again",
        CACHE,
        "an_entry_that_was_changed_is_told_and_replaced",
    ),
    row(
        "has code in the cache that belongs to another policy or host",
        "the cache's key",
        "told, deleted, and compiled again",
        CACHE,
        "an_entry_of_another_policy_or_host_is_told_and_replaced",
    ),
    row(
        "has a cache that others may write to",
        "the check of the folder",
        "the cache is not used, and that is told",
        "tests/tests/compiling/folder.rs",
        "a_folder_that_is_not_private_or_cannot_be_made_is_refused",
    ),
];
