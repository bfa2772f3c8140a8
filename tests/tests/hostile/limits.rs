//! The limits are what stops the hostile policies: where one is raised, its guest ends by itself.

use std::fmt::Write as _;

use e2e::findings;
use e2e::hostile::{Case, Outcome, Proof, cases};

use crate::beside::Stage;
use crate::observed::Observed;

#[test]
fn where_a_limit_is_raised_nothing_stops_the_guest() {
    let raised: Vec<_> = cases::all()
        .flat_map(|(_, cases)| cases)
        .filter_map(|case| match case.proof {
            Proof::Raised(limits) => Some((case, limits, Outcome::Judges { words: "" })),
            Proof::Otherwise(limits, outcome) => Some((case, limits, outcome)),
            Proof::Twin => None,
        })
        .collect();
    assert!(raised.len() > 20, "{}", raised.len());
    let differences: Vec<String> =
        raised.into_iter().filter_map(|(case, limits, outcome)| differs(case, limits, outcome)).collect();
    assert!(differences.is_empty(), "{} cases:\n{}", differences.len(), differences.join("\n"));
}

/// What is otherwise than it has to be under these limits.
fn differs(case: &Case, limits: &[(&str, u64)], outcome: Outcome) -> Option<String> {
    let mut configuration = String::from("[limits]\nwall_time_factor = 1000\n");
    for (limit, value) in limits {
        writeln!(configuration, "{limit} = {value}").unwrap();
    }
    configuration += "[tables.hostile-list]\nkind = \"exact\"\nfile = \"list.txt\"\n";
    configuration += "[tables.hostile-map]\nkind = \"map\"\nfile = \"map.json\"\n";
    let stage = Stage::new();
    stage.add(&case.policy(), &case.module().unwrap());
    let run = stage.scan(&configuration, true, &["--workers", "1"]);
    let observed = Observed::of(&case.policy(), &findings(&run).unwrap());
    observed.differs(case, outcome, &run).map(|difference| format!("{difference}\n{}", run.stderr))
}
