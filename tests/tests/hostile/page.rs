//! The page of the cases is the one that their table prints.

use std::collections::BTreeSet;
use std::fs;

use e2e::hostile::elsewhere::{IN_RUST, OTHERS};
use e2e::hostile::{cases, page};

#[test]
fn the_committed_page_is_the_one_that_the_table_prints() {
    let committed = fs::read_to_string(page::path()).unwrap();
    assert_eq!(committed, page::text(), "run `make hostile-page` and commit docs/reference/hostile-cases.md");
}

#[test]
fn no_two_cases_have_one_name() {
    let names: Vec<&str> = cases::all().flat_map(|(_, cases)| cases).map(|case| case.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert!(names.len() > 100, "{}", names.len());
}

#[test]
fn every_test_that_the_page_names_is_there() {
    for row in IN_RUST.iter().chain(OTHERS) {
        let file = fs::read_to_string(e2e::project().join(row.file)).unwrap();
        let test = format!("#[test]\nfn {}()", row.test);
        let unindented = file.lines().map(str::trim_start).collect::<Vec<_>>().join("\n");
        assert!(unindented.contains(&test), "{} has no test {}", row.file, row.test);
    }
}
