//! The configuration from outside: a file in, a `Config` or errors with places out.

use std::fs;
use std::path::Path;

use policy_contract::manifest::{Mode, TableKind, TableNeed};
use policy_contract::name::Name;
use policy_contract::severity::Severity;
use policy_contract::tables::Membership;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::digest::Digest;
use crate::limits::{LIMITS, Mebibytes, Milliseconds};

const REFERENCE: &str = include_str!("../../../docs/reference/configuration.md");

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse("trailwarden.toml".as_ref(), text)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// The only error of a text, as it is printed, with its problem.
fn refusal(text: &str) -> (String, Problem) {
    only(parse(text).unwrap_err())
}

fn only(errors: ConfigErrors) -> (String, Problem) {
    let text = errors.to_string();
    let mut errors = errors.into_iter();
    let error = errors.next().unwrap();
    assert!(errors.next().is_none(), "more than one error: {text}");
    (text, error.problem)
}

/// A folder with `trailwarden.toml` and other files.
fn folder(config: &str, files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::write(folder.path().join("trailwarden.toml"), config).unwrap();
    folder
}

fn load(folder: &TempDir) -> Result<Config, ConfigErrors> {
    Config::load(&folder.path().join("trailwarden.toml"))
}

/// The only error of a folder, its name taken out of the text.
fn refusal_of(folder: &TempDir) -> (String, Problem) {
    let (text, problem) = only(load(folder).unwrap_err());
    (text.replace(&format!("{}/", folder.path().display()), ""), problem)
}

const TABLE: &str = "[tables.trusted]\nkind = \"cidr\"\nfile = \"t.txt\"\n";

#[test]
fn an_empty_file_means_the_defaults() {
    let config = parse("").unwrap();
    assert_eq!(config.limits, Limits::default());
    assert!(config.tables.is_empty() && config.policy_paths.is_empty());
    let policy = config.policy(&name("storage"));
    assert_eq!((policy.mode, policy.settings.json()), (Mode::Enforce, "{}"));
    assert_eq!(policy.settings, Config::default().policy(&name("storage")).settings);
}

#[test]
fn everything_that_is_set_arrives() {
    let folder = folder(
        r#"
        policy_paths = ["policies", "/opt/policies/x.wasm"]
        limits = { cpu_ms_per_record = 20 }
        [tables.trusted]
        kind = "cidr"
        file = "tables/trusted.txt"
        [policies.storage]
        mode = "shadow"
        limits.memory_mib = 0x80
        settings = { b = 1, a = ["x"] }
        [policies.diagnostics.rules.any-record]
        mode = "enforce"
        severity = "high"
        "#,
        &[("tables/trusted.txt", b"10.0.0.0/8 # all\n")],
    );
    let config = load(&folder).unwrap();
    assert_eq!(config.policy_paths, [folder.path().join("policies"), "/opt/policies/x.wasm".into()]);
    let trusted = &config.tables[&name("trusted")];
    assert_eq!(trusted.table.contains("10.1.1.1"), Membership::Inside);
    assert_eq!(trusted.digest, Digest::of(b"10.0.0.0/8 # all\n"));
    let storage = config.policy(&name("storage"));
    assert_eq!(storage.mode, Mode::Shadow);
    assert_eq!((storage.limits.cpu_ms_per_record, storage.limits.memory_mib), (Milliseconds(20), Mebibytes(128)));
    assert_eq!(config.limits.memory_mib, Mebibytes(64));
    let diagnostics = config.policy(&name("diagnostics"));
    assert_eq!(diagnostics.rule_mode(&name("any-record"), Mode::Off), Mode::Enforce);
    assert_eq!(diagnostics.rule_severity(&name("any-record")), Some(Severity::High));
}

#[test]
fn a_rule_is_never_stricter_than_its_policy() {
    let with = |mode: &str| parse(&format!("[policies.p]\nmode = \"{mode}\"\nrules.r.mode = \"enforce\"")).unwrap();
    for (mode, expected) in [("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("off", Mode::Off)] {
        assert_eq!(with(mode).policy(&name("p")).rule_mode(&name("r"), Mode::Off), expected);
        let other = with(mode).policy(&name("p")).rule_mode(&name("other"), Mode::Off);
        assert_eq!(other, Mode::Off, "what is off by default stays off");
    }
}

#[test]
fn an_unknown_key_is_refused_with_place_and_suggestion() {
    let (text, problem) = refusal("[policies.storage]\n\n  mdoe = \"enforce\"\n");
    assert!(matches!(problem, Problem::UnknownKey { hint: Hint { nearest: Some(_), .. }, .. }));
    let expected = "trailwarden.toml:3:3: unknown key 'mdoe' in [policies.storage]; did you mean 'mode'?\n  3 |   mdoe = \"enforce\"\n    |   ^^^^";
    assert_eq!(text, expected);
}

#[test]
fn unknown_keys_are_refused_at_every_level_but_in_settings() {
    for (text, section) in [
        ("colour = 1", "the top level of the file"),
        ("[limits]\ncolour = 1", "[limits]"),
        ("[policies.p]\ncolour = 1", "[policies.p]"),
        ("[policies.p.limits]\ncolour = 1", "[policies.p.limits]"),
        ("[policies.p.rules.r]\ncolour = 1", "[policies.p.rules.r]"),
        ("policies = { p = { rules = { r = { colour = 1 } } } }", "[policies.p.rules.r]"),
    ] {
        let (message, problem) = refusal(text);
        assert!(matches!(problem, Problem::UnknownKey { section: found, .. } if found == section), "{message}");
    }
    let folder = folder(&format!("{TABLE}colour = 1"), &[("t.txt", b"")]);
    assert!(matches!(refusal_of(&folder).1, Problem::UnknownKey { section, .. } if section == "[tables.trusted]"));
    parse("[policies.p.settings]\ncolour = 1\ndeep.colour = 1").unwrap();
}

#[test]
fn all_errors_are_reported_in_the_order_of_the_file() {
    let errors = parse("zzz = 1\n[policies.B]\n[policies.a]\nmode = 1\n[limits]\nmemory_mib = 0\n").unwrap_err();
    let lines: Vec<_> = errors.iter().map(|error| error.place.position.as_ref().unwrap().line).collect();
    assert_eq!(lines, [1, 2, 4, 6], "{errors}");
}

#[test]
fn of_very_many_errors_only_the_number_is_said() {
    let text: String = (0..100).map(|n| format!("key{n} = 1\n")).collect();
    let errors = parse(&text).unwrap_err();
    assert_eq!(errors.iter().count(), 50);
    assert!(errors.to_string().ends_with("\nand 50 more"));
}

#[test]
fn a_large_file_of_something_else_is_refused_without_delay() {
    let record = "{\"eventName\": [\"a\", 1.5, null], \"x\": \"}\"}";
    for text in [record.repeat(100_000), format!("{record}\n").repeat(100_000)] {
        let begin = std::time::Instant::now();
        let errors = parse(&text).unwrap_err();
        assert!(errors.to_string().len() < 100_000, "the message stays readable");
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}

#[test]
fn a_syntax_error_is_refused_with_its_place() {
    let errors = parse("[limits]\nmemory_mib = \n").unwrap_err();
    let first = errors.iter().next().unwrap();
    assert!(matches!(first.problem, Problem::NotToml { .. }), "{errors}");
    assert!(errors.to_string().starts_with("trailwarden.toml:2:"), "{errors}");
    let (text, problem) = refusal("[policies.a]\n[policies.a]\n");
    assert!(matches!(problem, Problem::NotToml { .. }) && text.starts_with("trailwarden.toml:2:"), "{text}");
}

#[test]
fn a_value_of_another_type_is_refused() {
    for (text, place, key) in [
        ("policy_paths = \"x\"", "1:16", "policy_paths"),
        ("policy_paths = [\"x\", 1]", "1:22", "policy_paths"),
        ("tables = 1", "1:10", "tables"),
        ("[tables]\nx = 1", "2:5", "x"),
        ("[policies.p]\nmode = true", "2:8", "mode"),
        ("[policies.p]\nsettings = 1.5", "2:12", "settings"),
        ("[policies.p]\nrules = [1]", "2:9", "rules"),
        ("limits = 2024-01-01", "1:10", "limits"),
        ("[limits]\nmemory_mib = \"64\"", "2:14", "memory_mib"),
    ] {
        let (message, problem) = refusal(text);
        assert!(matches!(problem, Problem::WrongType { key: found, .. } if found == key), "{message}");
        assert!(message.starts_with(&format!("trailwarden.toml:{place}: ")), "{message}");
    }
}

#[test]
fn a_word_that_is_not_known_is_refused_with_the_known_ones() {
    let (text, problem) = refusal("[policies.p]\nmode = \"Enforce\"");
    assert!(matches!(problem, Problem::UnknownWord { what: "mode", .. }));
    assert!(text.contains(":2:8: 'Enforce' is no mode; did you mean 'enforce'?"), "{text}");
    let (text, _) = refusal("[policies.p.rules.r]\nseverity = \"urgent\"");
    assert!(text.contains("known are informational, low, medium, high and critical"), "{text}");
}

#[test]
fn a_bad_name_is_refused_where_it_stands() {
    for text in ["[tables.Trusted]", "[policies.\"a b\"]", "[policies.p.rules.A]"] {
        let (message, problem) = refusal(text);
        assert!(matches!(problem, Problem::NotAName(_)), "{message}");
    }
}

#[test]
fn limits_outside_their_range_are_refused() {
    for value in ["0", "-1", "99999999999999999999999", "4_097"] {
        let (message, problem) = refusal(&format!("[limits]\nmemory_mib = {value}"));
        assert!(matches!(&problem, Problem::OutOfRange(out) if out.name == "memory_mib"), "{message}");
        assert!(message.starts_with("trailwarden.toml:2:14: "), "{message}");
    }
    let (text, problem) = refusal("[policies.p.limits]\nobject_mib = 1");
    assert!(matches!(problem, Problem::HostLimit { .. }), "{text}");
}

#[test]
fn limits_that_do_not_fit_together_are_reported_once_where_they_stand() {
    let (text, problem) = refusal("[limits]\nmemory_budget_mib = 32\n[policies.p.limits]\ncpu_ms_per_record = 1");
    assert!(matches!(problem, Problem::Disagreement(_)) && text.starts_with("trailwarden.toml:2:1: "), "{text}");
    let (text, _) = refusal("[policies.p.limits]\nmemory_mib = 2000");
    assert!(text.starts_with("trailwarden.toml:2:1: "), "{text}");
}

#[test]
fn settings_become_canonical_json() {
    let json = |text: &str| parse(text).unwrap().policy(&name("p")).settings.clone();
    let settings = json("[policies.p.settings]\nz = [1, 1.0, true]\na.y = \"ü\\n\"\na.x = 0x10\nbig = 18446744073709551615\n");
    assert_eq!(settings.json(), r#"{"a":{"x":16,"y":"ü\n"},"big":18446744073709551615,"z":[1,1.0,true]}"#);
    assert_eq!(settings.digest(), Digest::of(settings.json().as_bytes()));
    let reordered =
        json(r#"policies.p.settings = { big = 18_446_744_073_709_551_615, a = { y = "ü\n", x = 16 }, z = [1, 1.0, true] }"#);
    assert_eq!(settings, reordered);
}

#[test]
fn settings_that_json_cannot_say_are_refused_one_by_one() {
    let errors = parse("[policies.p.settings]\na = 2024-01-01\nb = [{ c = nan }, inf]\nd = 1e999\ne = 99999999999999999999\n")
        .unwrap_err();
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert!(matches!(errors.iter().next().unwrap().problem, Problem::DateInSettings), "{errors}");
    let places = ["2:5: a date", "3:12: nan", "3:19: inf", "4:5: 1e999", "5:5: 99999999999999999999"];
    for (text, place) in texts.iter().zip(places) {
        assert!(text.starts_with(&format!("trailwarden.toml:{place}")), "{text}");
    }
    assert_eq!(texts.len(), places.len(), "{errors}");
}

#[test]
fn settings_have_a_largest_size() {
    let sized = |length: usize| parse(&format!("limits.settings_kib = 1\npolicies.p.settings.x = \"{}\"", "a".repeat(length)));
    sized(1024 - r#"{"x":""}"#.len()).unwrap();
    let (text, problem) = only(sized(1025 - r#"{"x":""}"#.len()).unwrap_err());
    assert!(matches!(problem, Problem::SettingsTooLarge { bytes: 1025, limit_bytes: 1024 }), "{text}");
}

#[test]
fn a_table_needs_kind_and_file() {
    let errors = parse("[tables.trusted]\n").unwrap_err();
    let keys: Vec<_> = errors.iter().map(|error| matches!(error.problem, Problem::MissingKey { .. })).collect();
    assert_eq!(keys, [true, true], "{errors}");
    assert!(errors.to_string().starts_with("trailwarden.toml:1:9: [tables.trusted] has no 'kind'; add kind = "), "{errors}");
}

#[test]
fn a_table_file_that_is_not_there_is_reported_where_it_is_named() {
    let (text, problem) = refusal_of(&folder(TABLE, &[]));
    assert!(matches!(&problem, Problem::UnreadableTable { path, .. } if path.ends_with("t.txt")), "{text}");
    assert!(text.starts_with("trailwarden.toml:3:8: 't.txt' cannot be read: "), "{text}");
    let (text, problem) = refusal_of(&folder("[tables.x]\nkind = \"map\"\nfile = \"\"", &[]));
    assert!(matches!(problem, Problem::EmptyPath), "{text}");
}

#[test]
fn a_bad_line_of_a_table_is_reported_in_the_table_file() {
    let (text, problem) = refusal_of(&folder(TABLE, &[("t.txt", b"10.0.0.0/8\n# ten\n  ten  # ?\n")]));
    assert!(matches!(problem, Problem::NotANetwork { .. }));
    assert!(text.starts_with("t.txt:3:3: 'ten' is neither"), "{text}");
    assert!(text.ends_with("\n  3 |   ten  # ?\n    |   ^^^"), "{text}");

    let (text, problem) = refusal_of(&folder(&TABLE.replace("cidr", "arn"), &[("t.txt", "ü\n".as_bytes())]));
    assert!(matches!(problem, Problem::NotAnArn { .. }) && text.starts_with("t.txt:1:1: "), "{text}");

    let long = "\u{1b}".repeat(10_000);
    let (text, _) = refusal_of(&folder(TABLE, &[("t.txt", long.as_bytes())]));
    assert!(text.len() < 1_000 && !text.contains('\u{1b}'), "{text}");

    let (text, problem) = refusal_of(&folder(&TABLE.replace("cidr", "map"), &[("t.txt", b"{\n \"a\": x\n}")]));
    assert!(matches!(problem, Problem::NotAMap { .. }) && text.starts_with("t.txt:2:7: "), "{text}");
}

#[test]
fn a_table_file_is_text_of_limited_size() {
    let (text, problem) = refusal_of(&folder(TABLE, &[("t.txt", b"10.0.0.1\n10.\xff")]));
    assert!(matches!(problem, Problem::NotUtf8 { offset: 12 }) && text.starts_with("t.txt:2:4: "), "{text}");

    let config = format!("limits.table_file_mib = 1\n{TABLE}");
    load(&folder(&config, &[("t.txt", &[b'\n'; 1 << 20])])).unwrap();
    let (text, problem) = refusal_of(&folder(&config, &[("t.txt", &[b'\n'; (1 << 20) + 1])]));
    assert!(matches!(problem, Problem::TooLarge { limit: Some("table_file_mib"), .. }), "{text}");
}

#[test]
fn a_byte_order_mark_belongs_to_no_entry() {
    let folder = folder(&format!("\u{feff}{TABLE}"), &[("t.txt", "\u{feff}10.0.0.1\n".as_bytes())]);
    let config = load(&folder).unwrap();
    assert_eq!(config.tables[&name("trusted")].table.contains("10.0.0.1"), Membership::Inside);
}

#[test]
fn a_configuration_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in [("absent.toml", None), ("binary.toml", Some(b"a = \"\xff\"".as_slice()))] {
        let path = folder.path().join(path);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let (text, problem) = only(Config::load(&path).unwrap_err());
        let is_expected = match content {
            None => matches!(problem, Problem::Unreadable { .. }),
            Some(_) => matches!(problem, Problem::NotUtf8 { offset: 5 }),
        };
        assert!(is_expected && text.starts_with(&path.display().to_string()), "{text}");
    }
    let (text, problem) = only(Config::load(folder.path()).unwrap_err());
    assert!(matches!(problem, Problem::Unreadable { .. }), "{text}");
}

#[test]
fn policies_and_rules_that_nobody_has_are_found_once_policies_are_loaded() {
    let config = parse("[policies.storge]\n[policies.iam.rules.create-usr]\nmode = \"off\"\n").unwrap();
    let loaded = [name("storage"), name("iam")];
    let [unknown] = &config.unknown_policies(&loaded)[..] else { panic!("one policy is unknown") };
    assert!(unknown.to_string().starts_with("trailwarden.toml:1:11: no policy 'storge' is loaded; did you mean 'storage'?"));
    let [unknown] = &config.unknown_rules(&name("iam"), &[name("create-user")])[..] else { panic!("one rule is unknown") };
    assert!(matches!(&unknown.problem, Problem::UnknownRule { .. }));
    assert!(
        unknown.to_string().contains(":2:21: the policy 'iam' has no rule 'create-usr'; did you mean 'create-user'?"),
        "{unknown}"
    );
    assert!(config.unknown_rules(&name("iam"), &[name("create-usr")]).is_empty());
    assert!(config.unknown_rules(&name("storage"), &[]).is_empty());
}

#[test]
fn tables_that_a_policy_needs_and_cannot_have_are_found() {
    let config = load(&folder(TABLE, &[("t.txt", b"")])).unwrap();
    let need = |table: &str, kind, required| TableNeed { name: name(table), kind, required, description: String::new() };
    let unmet = |need: TableNeed| config.unmet_needs(&name("p"), &[need]).pop().map(|error| error.problem);
    assert!(unmet(need("trusted", TableKind::Cidr, true)).is_none());
    assert!(unmet(need("other", TableKind::Cidr, false)).is_none());
    assert!(matches!(unmet(need("trusted", TableKind::Arn, false)), Some(Problem::OtherKind { .. })));
    assert!(matches!(unmet(need("trustee", TableKind::Cidr, true)), Some(Problem::AbsentTable { nearest: Some(_), .. })));
    let without_file = Config::default().unmet_needs(&name("p"), &[need("t", TableKind::Map, true)]).pop().unwrap();
    let expected = "no configuration: the policy 'p' requires the table 't'; add [tables.t] with kind = \"map\" and a file";
    assert_eq!(without_file.to_string(), expected);
}

/// The first TOML block of the reference page, which shows every key.
fn example() -> &'static str {
    REFERENCE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap()
}

/// Every key that stands in a file.
fn in_files() -> Vec<&'static str> {
    let sections = [
        schema::TOP,
        schema::SOURCE,
        schema::SINK,
        schema::TABLE,
        schema::POLICY,
        schema::RULE,
        schema::EXCEPTION,
        schema::CONDITION,
        schema::TELEMETRY,
        schema::AWS,
    ];
    sections.into_iter().flat_map(schema::names).collect()
}

#[test]
fn the_reference_page_explains_every_key() {
    let in_files = in_files();
    for key in in_files.iter().copied().chain(schema::names(schema::TAKE)) {
        assert!(REFERENCE.contains(&format!("| `{key}` |")), "the page does not explain '{key}'");
    }
    for key in in_files {
        let in_example = |line: &str| line.split(['[', ']', '.', ' ', ',']).any(|word| word == key);
        assert!(example().lines().any(in_example), "the example does not show '{key}'");
    }
}

#[test]
fn telemetry_is_off_until_it_is_given_an_address() {
    use crate::telemetry::log::{LeastLevel, LogFormat};
    let config = parse("").unwrap();
    assert_eq!(config.telemetry, TelemetryConfig { listen: None, log_format: LogFormat::Text, log_level: LeastLevel::Info });
    let text = "[telemetry]\nlisten = \"[::1]:9464\"\nlog_format = \"json\"\nlog_level = \"debug\"\n";
    let telemetry = parse(text).unwrap().telemetry;
    assert_eq!((telemetry.log_format, telemetry.log_level), (LogFormat::Json, LeastLevel::Debug));
    assert_eq!(telemetry.listen.unwrap().to_string(), "[::1]:9464");
}

#[test]
fn what_is_wrong_with_the_telemetry_is_named_with_its_place() {
    let (text, problem) = refusal("[telemetry]\nlisten = \"localhost:9464\"\n");
    assert!(matches!(problem, Problem::NotAnAddress { .. }));
    assert!(text.starts_with("trailwarden.toml:2:10: 'localhost:9464' is no address and port; write digits"), "{text}");
    let (text, _) = refusal("[telemetry]\nlog_format = \"xml\"\n");
    assert!(text.contains(":2:14: 'xml' is no form of the log; known are text and json"), "{text}");
    let (text, _) = refusal("[telemetry]\nlog_level = \"warning\"\n");
    assert!(text.contains("did you mean 'warn'") || text.contains("known are error, warn"), "{text}");
    let (text, _) = refusal("[telemetry]\nlog-format = \"json\"\n");
    assert!(text.contains("did you mean 'log_format'?"), "{text}");
    let (text, _) = refusal("telemetry = true\n");
    assert!(text.contains("must be a table"), "{text}");
}

#[test]
fn the_example_of_the_reference_page_is_accepted() {
    let files: &[(&str, &[u8])] =
        &[("tables/trusted-networks.txt", b"10.0.0.0/8\n"), ("tables/owners.json", b"{}"), ("tables/migration-roles.txt", b"")];
    let folder = folder(example(), files);
    let config = load(&folder).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(config.tables.len(), 3);
}

#[test]
fn keys_nested_beyond_reason_are_refused_and_overflow_nothing() {
    let dotted = vec!["a"; 100_000].join(".");
    let arrays = "[".repeat(100_000);
    for text in
        [format!("[policies.p.settings]\n{dotted} = 1"), format!("[policies.p.settings.{dotted}]"), format!("x = {arrays}")]
    {
        let errors = parse(&text).unwrap_err();
        assert!(matches!(errors.iter().next().unwrap().problem, Problem::NotToml { .. }));
    }
}

/// Pieces of which near-valid files are made, so that the checks behind the parser are reached too.
fn piece() -> impl Strategy<Value = String> {
    let limits: Vec<_> = LIMITS.iter().map(|limit| limit.name).collect();
    let words =
        ["[", "]", "{", "}", ".", "=", "\n", ",", " ", "\"", "#", "'", "ü", "\t", "-1", "1.5", "nan", "2024-01-01", "true"];
    let all: Vec<&str> = words
        .into_iter()
        .chain(in_files())
        .chain(limits)
        .chain(["\"enforce\"", "a", "\n[policies.p]\n", "\n[[policies.p.exceptions]]\n"])
        .collect();
    proptest::sample::select(all).prop_map(str::to_owned)
}

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_errors_with_places(text in "\\PC{0,200}") {
        check_any(&text);
    }

    #[test]
    fn any_pieces_are_a_configuration_or_errors_with_places(pieces in prop::collection::vec(piece(), 0..60)) {
        check_any(&pieces.concat());
    }

    #[test]
    fn any_settings_keep_their_texts(texts in prop::collection::btree_map("[a-z]{1,8}", "\\PC{0,20}", 0..8)) {
        let lines: String = texts.iter().map(|(key, text)| format!("{key} = {}\n", toml_string(text))).collect();
        let config = parse(&format!("[policies.p.settings]\n{lines}")).unwrap();
        prop_assert_eq!(config.policy(&name("p")).settings.json(), serde_json::to_string(&texts).unwrap());
    }
}

fn toml_string(text: &str) -> String {
    // TOML's basic strings have all of JSON's escapes but `\/`, which is never written.
    serde_json::to_string(text).unwrap()
}

fn check_any(text: &str) {
    if let Err(errors) = Config::parse(Path::new("absent-folder/t.toml"), text) {
        assert!(errors.iter().count() > 0);
        assert!(errors.iter().all(|error| error.place.position.is_some()), "{errors}");
    }
}
