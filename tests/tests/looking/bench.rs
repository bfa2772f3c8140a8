//! What `policy bench` measures.

use e2e::hostile::guest::Guest;
use e2e::{Run, trailwarden};
use serde_json::{Value, json};

use crate::Stage;

fn bench(args: &[&str]) -> Run {
    trailwarden(["policy", "bench", "--rounds", "2"].iter().chain(args)).unwrap()
}

/// A policy of two rules, of which the second works more.
fn policy(stage: &Stage) -> String {
    let mut guest = Guest::named("hostile-bench");
    guest.judge = "(if (i32.eq (local.get $rule) (i32.const 1)) (then (call $work (i64.const 1000))) (else (call $find (local.get $task))))".into();
    guest.describes(|manifest| {
        let rules = manifest["rules"].as_array_mut().unwrap();
        let mut more = rules[0].clone();
        more["id"] = json!("works-more");
        rules.push(more);
        rules.push(json!({"id": "asleep", "title": "Asleep", "severity": "low", "selectors": ["all"], "default_mode": "off"}));
    });
    stage.policy("bench", &guest.module().unwrap())
}

#[test]
fn fuel_is_the_same_in_every_run_and_shows_where_it_goes() {
    let stage = Stage::new();
    let file = policy(&stage);
    let measured = || -> Value {
        let run = bench(&["--format", "json", &file, &stage.records()]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let first = measured();
    assert_eq!(
        (&first["records"], &first["routed"], &first["tasks"], &first["findings"]),
        (&json!(13), &json!(12), &json!(24), &json!(12))
    );
    let rules: Vec<&str> = first["by_rule"].as_array().unwrap().iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["works-more", "hostile"], "a rule that is off was measured, or what costs most does not stand first");
    let fuel = |of: &Value| of["fuel_per_record"].as_f64().unwrap();
    assert!(fuel(&first["by_rule"][0]) > 2.0 * fuel(&first["by_rule"][1]), "{first:#}");
    assert!(fuel(&first["handing_over"]) < fuel(&first["by_rule"][1]), "{first:#}");
    let sizes: Vec<_> = first["by_batch_size"]
        .as_array()
        .unwrap()
        .iter()
        .map(|size| (size["most_records"].clone(), size["batches"].clone()))
        .collect();
    assert_eq!(sizes, [(json!(1), json!(12)), (json!(16), json!(1)), (json!(64), json!(1)), (json!(256), json!(1))]);
    let again = measured();
    assert_eq!(fuel(&first["guest"]), fuel(&again["guest"]));
    let share = first["guest_share"].as_f64().unwrap();
    assert!(share > 0.0 && share <= 1.0, "{share}");
    let table = bench(&[&file, &stage.records()]).stdout;
    assert!(table.contains("works-more (") && table.contains("the policy's share"), "{table}");
}

#[test]
fn what_cannot_be_measured_is_told() {
    let stage = Stage::new();
    let mut guest = Guest::named("hostile-bench");
    guest.judge = "(unreachable)".into();
    let run = bench(&[&stage.policy("traps", &guest.module().unwrap()), &stage.records()]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("the rule `hostile` fails at the records (trap"), "{}", run.stderr);
    let run = bench(&[&crate::shipped("network"), &stage.records()]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("no rule of the policy wants any of the records"), "{}", run.stderr);
}
