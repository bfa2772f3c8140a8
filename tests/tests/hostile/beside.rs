//! All hostile policies at once, beside the ones that ship.

use std::fs;
use std::path::Path;

use e2e::hostile::{Case, cases, records};
use e2e::{Run, built, findings, trailwarden};

use crate::observed::{Observed, good_lines};

/// Time limits that are short, so that the test is. The ones that ship have what they need on a crowded machine, and wall time
/// is no backstop that could act in the place of CPU time.
const CONFIGURATION: &str = r#"
[limits]
cpu_ms_per_record = 1
start_cpu_ms = 100
wall_time_factor = 1000
[tables.hostile-list]
kind = "exact"
file = "list.txt"
[tables.hostile-map]
kind = "map"
file = "map.json"
"#;

const GOOD: [&str; 7] = ["audit-log", "compute", "diagnostics", "identity", "network", "secrets", "storage"];

/// A folder with records, modules and a configuration.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    /// Records in which the good policies find something, and the ones that hostile policies select.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 400).unwrap();
        sample_day::write(&day, &folder.path().join("records")).unwrap();
        let lines: Vec<String> = records::records().iter().map(ToString::to_string).collect();
        fs::write(folder.path().join("records/hostile.jsonl"), lines.join("\n")).unwrap();
        fs::create_dir(folder.path().join("policies")).unwrap();
        fs::write(folder.path().join("list.txt"), "anna\n").unwrap();
        fs::write(
            folder.path().join("map.json"),
            serde_json::json!({"anna": {"team": "red"}, "large": "x".repeat(300 << 10)}).to_string(),
        )
        .unwrap();
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts a module into the folder of policies.
    pub fn add(&self, name: &str, module: &[u8]) {
        fs::write(self.path().join(format!("policies/{name}.wasm")), module).unwrap();
    }

    /// Scans with the good policies, and with the hostile ones if wanted.
    pub fn scan(&self, configuration: &str, with_hostile: bool, extra: &[&str]) -> Run {
        let good =
            GOOD.map(|name| format!("[policies.{name}.limits]\ncpu_ms_per_record = 10000\nstart_cpu_ms = 10000\n")).concat();
        let config = self.path().join("trailwarden.toml");
        fs::write(&config, format!("{configuration}{good}")).unwrap();
        let shipped = built("target/policies", "make policies").unwrap();
        let [policies, records] = ["policies", "records"].map(|name| self.path().join(name));
        let mut paths = vec![config.as_path(), Path::new("-p"), &shipped];
        if with_hostile {
            paths.extend([Path::new("-p"), &policies]);
        }
        paths.push(&records);
        let paths = paths.into_iter().map(|path| path.as_os_str().to_owned());
        let extra = extra.iter().map(Into::into);
        trailwarden(["scan", "--format", "ocsf"].map(Into::into).into_iter().chain(extra).chain(["-c".into()]).chain(paths))
            .unwrap()
    }
}

#[test]
fn every_hostile_policy_is_stopped_and_the_others_notice_nothing() {
    let stage = Stage::new();
    let cases: Vec<&Case> = cases::all().flat_map(|(_, cases)| cases).collect();
    for case in &cases {
        stage.add(&case.policy(), &case.module().unwrap());
    }
    let alone = stage.scan(CONFIGURATION, false, &[]);
    assert_eq!(alone.code, Some(0), "{}", alone.stderr);
    assert!(alone.stdout.lines().count() > 10, "{}", alone.stderr);

    let beside = stage.scan(CONFIGURATION, true, &[]);
    assert_eq!(beside.code, Some(2), "{}", beside.stderr);
    assert_eq!(good_lines(&beside), alone.stdout.lines().collect::<Vec<_>>());
    let found = findings(&beside).unwrap();
    let differences: Vec<String> =
        cases.iter().filter_map(|case| Observed::of(&case.policy(), &found).differs(case, case.outcome, &beside)).collect();
    assert!(differences.is_empty(), "{} of {} cases:\n{}", differences.len(), cases.len(), differences.join("\n"));
}
