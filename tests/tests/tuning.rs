//! Tuning by configuration, from outside: an exception silences one rule for one role and nothing else, ends, and is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use e2e::hostile::guest::Guest;
use e2e::{Run, built, event, findings, policy, project, rule, trailwarden};
use serde_json::{Value, json};

/// What the sample day's deployment pipeline does, and an attacker does too.
const RULE: &str = "lambda-code-updated";
const PIPELINE: &str = "arn:aws:iam::444455556666:role/ci/github-deploy";

fn policies() -> String {
    built("target/policies", "make policies").unwrap().display().to_string()
}

/// A day of example records.
fn day() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let day = sample_day::Day::make(sample_day::DEFAULT_SEED, sample_day::DEFAULT_RECORDS).unwrap();
    sample_day::write(&day, folder.path()).unwrap();
    folder
}

fn configuration(name: &str) -> String {
    project().join("examples/sample-day").join(name).display().to_string()
}

fn scan(config: &str, records: &Path, extra: &[&str]) -> Run {
    let records = records.display().to_string();
    let policies = policies();
    let args = ["scan", "-p", &policies, "-c", config, "--format", "ocsf", &records];
    trailwarden(args.into_iter().chain(extra.iter().copied())).unwrap()
}

/// The findings of policies as rule and event, with what is suppressed apart.
fn told(run: &Run) -> (BTreeSet<(String, String)>, Vec<Value>) {
    let (suppressed, told): (Vec<Value>, Vec<Value>) =
        findings(run).unwrap().into_iter().filter(|finding| policy(finding).is_some()).partition(|f| f["status_id"] == 3);
    (told.iter().map(|finding| (rule(finding).to_owned(), event(finding).to_owned())).collect(), suppressed)
}

fn is_by_the_pipeline(finding: &Value) -> bool {
    finding["evidences"][0]["actor"]["session"]["issuer"] == PIPELINE
}

const NOW: [&str; 2] = ["--now", "2027-06-01T00:00:00Z"];

#[test]
fn an_exception_silences_one_rule_for_one_role_and_nothing_else() {
    let day = day();
    let (before, none) = told(&scan(&configuration("trailwarden.toml"), day.path(), &[]));
    assert_eq!(none.len(), 0);
    let run = scan(&configuration("tuned.toml"), day.path(), &NOW);
    let (after, hidden) = told(&run);
    assert_eq!(hidden.len(), 0, "nothing that is suppressed is told unasked");
    let silenced: Vec<_> = before.difference(&after).collect();
    assert_eq!(silenced.len(), 1, "{silenced:?}");
    assert_eq!(silenced[0].0, RULE);
    assert!(
        after.is_subset(&before) && after.iter().any(|(rule, _)| rule == RULE),
        "the attacker's use of the same call is told"
    );
    assert!(run.stderr.contains("findings  20: ") && run.stderr.contains("and 1 suppressed"), "{}", run.stderr);
    let counted = "compute/lambda-code-updated, suppressed by deploy-pipeline        1";
    assert!(run.stderr.contains(counted), "{}", run.stderr);

    let run = scan(&configuration("tuned.toml"), day.path(), &[&NOW[..], &["--suppressed", "--fail-on", "critical"]].concat());
    let (same, hidden) = told(&run);
    let [suppressed] = &hidden[..] else { panic!("one finding is suppressed: {hidden:?}") };
    assert_eq!(same, after);
    assert!(is_by_the_pipeline(suppressed), "{suppressed}");
    assert_eq!((event(suppressed), &suppressed["is_alert"]), (silenced[0].1.as_str(), &json!(false)));
    let exception = &suppressed["unmapped"]["exception"];
    assert_eq!(exception["id"], "deploy-pipeline");
    assert_eq!((&exception["owner"], &exception["expires"]), (&json!("platform-team"), &json!("2028-01-01T00:00:00Z")));
}

#[test]
fn any_number_of_workers_suppresses_the_same() {
    let day = day();
    let with =
        |workers| scan(&configuration("tuned.toml"), day.path(), &[&NOW[..], &["--suppressed", "--workers", workers]].concat());
    assert!(with("1").stdout == with("3").stdout);
}

#[test]
fn what_has_expired_suppresses_nothing_and_is_told_once() {
    let day = day();
    let (before, _) = told(&scan(&configuration("trailwarden.toml"), day.path(), &[]));
    for (now, expired) in [("2027-12-31T23:59:59Z", 0), ("2028-01-01T00:00:00Z", 1)] {
        let run = scan(&configuration("tuned.toml"), day.path(), &["--now", now, "--workers", "2"]);
        let (after, _) = told(&run);
        assert_eq!(before.len() - after.len(), 1 - expired, "{now}");
        let of_host: Vec<Value> = findings(&run).unwrap().into_iter().filter(|finding| policy(finding).is_none()).collect();
        assert_eq!(of_host.len(), expired, "{now}");
        for finding in of_host {
            assert_eq!((rule(&finding), &finding["severity"]), ("exception-expired", &json!("Low")));
            let unmapped = &finding["unmapped"];
            let subject = (&unmapped["policy"], &unmapped["rule"], &unmapped["exception"]);
            assert_eq!(subject, (&json!("compute"), &json!(RULE), &json!("deploy-pipeline")));
        }
    }
}

#[test]
fn explain_and_check_say_how_exceptions_stand() {
    let day = day();
    let day_folder = day.path().display().to_string();
    let compute = format!("{}/compute.wasm", policies());
    let (all, _) = told(&scan(&configuration("trailwarden.toml"), day.path(), &[]));
    let (kept, _) = told(&scan(&configuration("tuned.toml"), day.path(), &NOW));
    let explain = |event: &str, now: &str| {
        let config = configuration("tuned.toml");
        let args = ["policy", "explain", "-c", &config, "-r", RULE, "-e", event, "--now", now, &compute, &day_folder];
        trailwarden(args).unwrap().stdout
    };
    let (_, silenced) = all.difference(&kept).next().unwrap();
    let met = explain(silenced, NOW[1]);
    assert!(
        met.contains("exception deploy-pipeline of platform-team until 2028-01-01T00:00:00Z: met: findings are suppressed"),
        "{met}"
    );
    let expired = explain(silenced, "2028-06-01T00:00:00Z");
    assert!(expired.contains("expired at 2028-01-01T00:00:00Z: met, but expired"), "{expired}");
    let (_, other) = kept.iter().find(|(rule, _)| rule == RULE).unwrap();
    let unmet = explain(other, NOW[1]);
    assert!(unmet.contains(": not met\n    principal is \"arn:aws:iam::"), "{unmet}");
    assert!(unmet.contains(&format!(", wanted {PIPELINE:?}\n")), "{unmet}");

    let check =
        |now: &str| trailwarden(["config", "check", "-p", &policies(), "--now", now, &configuration("tuned.toml")]).unwrap();
    let run = check(NOW[1]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("exception"), "{}", run.stderr);
    let listed =
        "lambda-code-updated: enforce, medium\n      exception deploy-pipeline of platform-team until 2028-01-01T00:00:00Z\n";
    assert!(run.stdout.contains(listed), "{}", run.stdout);
    let soon = "warning: the exception 'deploy-pipeline' of compute/lambda-code-updated ends at 2028-01-01T00:00:00Z; platform-team answers for it";
    assert!(check("2027-12-28T00:00:00Z").stderr.contains(soon));
    assert!(
        check("2028-12-28T00:00:00Z")
            .stderr
            .contains("warning: the exception 'deploy-pipeline' of compute/lambda-code-updated (")
    );
}

#[test]
fn a_check_says_what_no_sink_takes_and_which_names_nobody_has() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trailwarden.toml");
    let check = |sinks: &str| {
        fs::write(&file, sinks).unwrap();
        let run = trailwarden(["config", "check", "-p", &policies(), &file.display().to_string()]).unwrap();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stderr
    };
    for all in ["", "[sinks.all]\nkind = \"stdout\"\n"] {
        assert_eq!(check(all), "");
    }
    let told = check("[sinks.pager]\nkind = \"stdout\"\ntake = [{ min_severity = \"high\" }, { policy = \"compte\" }]\n");
    assert!(told.contains("trailwarden.toml:3:47: 'compte' is no loaded policy; did you mean 'compute'?"), "{told}");
    let (_, nowhere) = told.split_once("warning: no sink takes what these rules find: ").unwrap();
    assert!(nowhere.contains("compute/run-instances (low)") && nowhere.contains("exception-expired of the host (low)"), "{told}");
    assert!(!nowhere.contains("(high)") && !nowhere.contains("any-record"), "{told}");
}

/// A configuration in a folder of its own, with a rule that finds every record.
fn any_record(folder: &Path, exceptions: &str) -> String {
    let file = folder.join("trailwarden.toml");
    let text = format!("[policies.diagnostics.rules.any-record]\nmode = \"enforce\"\nseverity = \"critical\"\n{exceptions}");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

fn exception(id: &str, condition: &str) -> String {
    format!(
        "[[policies.diagnostics.exceptions]]\nid = \"{id}\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2027-12-31\nwhen = [{{ {condition} }}]\n"
    )
}

#[test]
fn malformed_exceptions_are_refused_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.jsonl");
    fs::write(&records, "{\"eventName\":\"A\",\"eventID\":\"1\"}\n").unwrap();
    for (condition, place) in [
        ("field = \"a..b\", present = true", ":9:19: "),
        ("field = \"a\", like = \"*\"", ":9:31: "),
        ("field = \"a\", cidr = \"nowhere\"", ":9:31: "),
        ("field = \"a\", in_table = \"nowhere\"", ":9:35: "),
        ("fact = \"who\", equals = \"a\"", ":9:18: "),
        ("", ":9:9: "),
    ] {
        let config = any_record(folder.path(), &exception("e", condition));
        for run in [scan(&config, &records, &[]), trailwarden(["config", "check", &config]).unwrap()] {
            assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{condition}");
            assert!(run.stderr.contains(&format!("trailwarden.toml{place}")), "{condition}: {}", run.stderr);
        }
    }
}

#[test]
fn hostile_records_hide_nothing_that_should_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
    let records = [
        // What the exception means, in an honest record.
        r#"{"eventID":"plain","userIdentity":{"arn":"trusted"}}"#.to_owned(),
        r#"{"eventID":"last-key-is-trusted","userIdentity":{"arn":"x","arn":"trusted"}}"#.to_owned(),
        r#"{"eventID":"first-key-is-trusted","userIdentity":{"arn":"trusted","arn":"x"}}"#.to_owned(),
        r#"{"eventID":"overruled","userIdentity":{"arn":"trusted"},"userIdentity":{}}"#.to_owned(),
        r#"{"eventID":"list","userIdentity":{"arn":["trusted"]}}"#.to_owned(),
        r#"{"eventID":"flag","userIdentity":{"arn":true}}"#.to_owned(),
        r#"{"eventID":"null","userIdentity":{"arn":null}}"#.to_owned(),
        r#"{"eventID":"dotted","userIdentity.arn":"trusted"}"#.to_owned(),
        format!(r#"{{"eventID":"deep","userIdentity":{deep}}}"#),
        format!(r#"{{"eventID":"long","userIdentity":{{"arn":"trusted{}"}}}}"#, " ".repeat(100_000)),
    ];
    let file = folder.path().join("records.jsonl");
    fs::write(&file, records.join("\n")).unwrap();
    let config = any_record(folder.path(), &exception("trusted", "field = \"userIdentity.arn\", like = \"trusted*\""));
    let run = scan(&config, &file, &[&NOW[..], &["--suppressed"]].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let (told, suppressed) = told(&run);
    let suppressed: BTreeSet<&str> = suppressed.iter().map(event).collect();
    assert_eq!(suppressed, BTreeSet::from(["last-key-is-trusted", "plain"]));
    assert_eq!(told.len(), records.len() - suppressed.len());
    // What is suppressed fails no scan.
    let only_plain = folder.path().join("plain.jsonl");
    fs::write(&only_plain, &records[0]).unwrap();
    let run = scan(&config, &only_plain, &[&NOW[..], &["--fail-on", "low"]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
}

#[test]
fn of_several_exceptions_the_first_in_the_file_counts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.jsonl");
    fs::write(&file, "{\"eventName\":\"A\",\"eventID\":\"1\"}\n{\"eventName\":\"B\",\"eventID\":\"2\"}\n").unwrap();
    let exceptions =
        exception("only-a", "fact = \"event_name\", equals = \"A\"") + &exception("any", "field = \"eventID\", present = true");
    let run = scan(&any_record(folder.path(), &exceptions), &file, &[&NOW[..], &["--suppressed"]].concat());
    let (told, suppressed) = told(&run);
    assert_eq!(told.len(), 0);
    let by: Vec<(&str, &Value)> =
        suppressed.iter().map(|finding| (event(finding), &finding["unmapped"]["exception"]["id"])).collect();
    assert_eq!(by, [("1", &json!("only-a")), ("2", &json!("any"))]);
    // The rule's own severity is kept where the configuration set another one.
    assert!(suppressed.iter().all(|finding| finding["severity"] == "Critical"), "{suppressed:?}");
    assert!(suppressed.iter().all(|finding| finding["unmapped"]["untuned_severity"].is_string()), "{suppressed:?}");
}

#[test]
fn a_failure_is_told_whatever_exceptions_say_and_what_is_caught_up_meets_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, is_broken) in [("broken.wasm", true), ("mended.wasm", false)] {
        let mut guest = Guest::named("hostile-tuned");
        guest.describes(|manifest| manifest["rules"][0]["selectors"] = json!(["all"]));
        if is_broken {
            guest.judge = "unreachable".into();
        }
        fs::write(path(name), guest.component().unwrap()).unwrap();
    }
    fs::write(path("records.jsonl"), "{\"eventName\":\"A\",\"eventID\":\"1\"}\n").unwrap();
    fs::write(
        path("tuned.toml"),
        exception("all-of-it", "field = \"eventID\", present = true").replace("diagnostics", "hostile-tuned"),
    )
    .unwrap();
    let [broken, mended, config, journal, records] =
        ["broken.wasm", "mended.wasm", "tuned.toml", "journal.redb", "records.jsonl"].map(path);

    let run = trailwarden(["scan", "--format", "ocsf", "-p", &broken, "-c", &config, "-j", &journal, &records, NOW[0], NOW[1]])
        .unwrap();
    let found = findings(&run).unwrap();
    assert!(found.iter().any(|finding| rule(finding) == "policy-failed" && finding["status_id"] == 1), "{}", run.stdout);

    let caught_up =
        trailwarden(["catch-up", "--format", "ocsf", "-j", &journal, "-p", &mended, "-c", &config, NOW[0], NOW[1]]).unwrap();
    assert_eq!((caught_up.code, caught_up.stdout.as_str()), (Some(0), ""), "{}", caught_up.stderr);
    assert!(caught_up.stderr.contains("findings  0, and 1 suppressed"), "{}", caught_up.stderr);
    assert!(caught_up.stderr.contains("1 removed, 0 left"), "{}", caught_up.stderr);
}
