//! The page of the rules is the one that the policies print.

use std::fs;

use e2e::{built, trailwarden};

#[test]
fn the_committed_page_is_the_one_that_the_policies_print() {
    let policies = built("target/policies", "make policies").unwrap();
    let run = trailwarden(["policy", "catalogue", policies.to_str().unwrap()]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let committed = fs::read_to_string(e2e::project().join("docs/reference/rules.md")).unwrap();
    assert!(committed == run.stdout, "run `make rules-page` and commit docs/reference/rules.md");
}

#[test]
fn every_rule_of_the_page_has_what_an_operator_asks_for() {
    let page = fs::read_to_string(e2e::project().join("docs/reference/rules.md")).unwrap();
    let rules: Vec<&str> = page.split("\n### ").skip(1).collect();
    assert!(rules.len() > 20, "{}", rules.len());
    for rule in rules {
        for part in ["- Severity ", "- Looks at ", "- Runbook: "] {
            assert!(rule.contains(part), "no {part:?} in {rule}");
        }
    }
}
