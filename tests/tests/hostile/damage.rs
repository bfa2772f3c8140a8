//! Modules that are cut off or in which bits are flipped: refused or loaded, and never a crash.

use e2e::findings;
use e2e::hostile::damage::damaged;
use e2e::hostile::guest::Guest;

use crate::beside::Stage;
use crate::observed::good_lines;

/// Damaged modules of each kind in a scan.
const OF_EACH: usize = 100;

#[test]
fn a_damaged_core_module_is_refused_or_loaded() {
    damage("module", &Guest::named("hostile-damaged").module().unwrap());
}

#[test]
fn a_damaged_component_is_refused_or_loaded() {
    damage("component", &Guest::named("hostile-damaged").component().unwrap());
}

fn damage(kind: &str, module: &[u8]) {
    let stage = Stage::new();
    let mut number = 0;
    for damaged in damaged(module, OF_EACH) {
        stage.add(&format!("hostile-{kind}-{}", damaged.what), &damaged.bytes);
        number += 1;
    }
    assert!(number >= 4 * OF_EACH, "{number}");
    let configuration = "[limits]\ncpu_ms_per_record = 1\nstart_cpu_ms = 100\nwall_time_factor = 1000\n";
    let alone = stage.scan(configuration, false, &[]);
    let beside = stage.scan(configuration, true, &[]);
    assert_eq!(beside.code, Some(2), "{}", beside.stderr);
    assert_eq!(good_lines(&beside), alone.stdout.lines().collect::<Vec<_>>());
    // Whatever a damaged module says, what the host writes of it is valid.
    let refused = findings(&beside).unwrap().iter().filter(|finding| e2e::rule(finding) == "policy-refused").count();
    assert!(refused > number / 2, "{refused} of {number} refused");
}
