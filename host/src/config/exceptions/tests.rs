use std::fs;

use policy_contract::manifest::Mode;
use policy_contract::severity::Severity;

use crate::config::{Config, ConfigErrors};
use crate::exception::Exception;
use crate::limits::{CONDITION_VALUES, CONDITIONS, EXCEPTION_TEXT, EXCEPTIONS};

const HEAD: &str = "[[policies.p.rules.r.exceptions]]\nid = 'e'\nreason = 'r'\nowner = 'o'\nexpires = 2026-04-03\n";

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse("t.toml".as_ref(), text)
}

fn with_condition(condition: &str) -> String {
    format!("{HEAD}when = [{{ {condition} }}]\n")
}

fn refusal(text: &str) -> String {
    let errors = parse(text).unwrap_err();
    assert_eq!(errors.iter().count(), 1, "{errors}");
    errors.to_string()
}

fn ids(config: &Config, rule: &str) -> Vec<String> {
    let exceptions = config.policy(&"p".parse().unwrap()).rule_exceptions(&rule.parse().unwrap());
    exceptions.iter().map(|exception| exception.suppression.exception.to_string()).collect()
}

#[test]
fn those_of_policy_and_rule_come_in_the_order_of_the_file() {
    let one = |header: &str, id: &str| {
        format!(
            "[[{header}]]\nid = '{id}'\nreason = 'r'\nowner = 'o'\nexpires = 2026-04-03\nwhen = [{{ field = 'a', present = true }}]\n"
        )
    };
    let text = [
        one("policies.p.rules.r.exceptions", "first"),
        one("policies.p.exceptions", "second"),
        one("policies.p.rules.r.exceptions", "third"),
        one("policies.p.rules.other.exceptions", "first"),
        one("policies.p.exceptions", "fourth"),
    ]
    .concat();
    let config = parse(&text).unwrap();
    assert_eq!(ids(&config, "r"), ["first", "second", "third", "fourth"]);
    assert_eq!(ids(&config, "other"), ["second", "first", "fourth"]);
    assert_eq!(ids(&config, "any"), ["second", "fourth"]);
    let all: Vec<String> = config.exceptions().map(|(policy, exception)| exception.scope(policy)).collect();
    assert_eq!(all, ["p", "p", "p/other", "p/r", "p/r"]);
}

#[test]
fn a_day_ends_at_midnight_and_a_time_is_itself() {
    for (expires, expected) in [
        ("2026-04-03", "2026-04-04T00:00:00Z"),
        ("'2026-12-31'", "2027-01-01T00:00:00Z"),
        ("2026-04-03T18:00:00Z", "2026-04-03T18:00:00Z"),
        ("'2026-04-03T18:00:00Z'", "2026-04-03T18:00:00Z"),
        ("2026-04-03T18:00:00+02:00", "2026-04-03T16:00:00Z"),
    ] {
        let text = with_condition("field = 'a', present = true").replace("2026-04-03", expires);
        let config = parse(&text).unwrap_or_else(|errors| panic!("{errors}"));
        let (_, exception) = config.exceptions().next().unwrap();
        assert_eq!(exception.suppression.expires.to_string(), expected, "{expires}");
    }
    for expires in ["'never'", "''", "2026-04-03T18:00:00", "10:00:00", "'Friday'", "'2026-02-30'", "'2026-4-3'", "'9999-12-31'"]
    {
        let refusal = refusal(&with_condition("field = 'a', present = true").replace("2026-04-03", expires));
        assert!(
            refusal.starts_with("t.toml:5:11: '") && refusal.contains("is no time at which an exception can end"),
            "{refusal}"
        );
        assert_eq!(refusal.contains("there is no 'never'"), ["'never'", "''"].contains(&expires), "{refusal}");
    }
    assert!(
        refusal(&with_condition("field = 'a', present = true").replace("2026-04-03", "5")).contains("must be a date or time")
    );
}

#[test]
fn whatever_is_missing_is_named() {
    let errors = parse("[[policies.p.exceptions]]\n").unwrap_err().to_string();
    for key in ["id", "reason", "owner", "expires", "when"] {
        assert!(errors.contains(&format!("t.toml:1:1: [[policies.p.exceptions]] has no '{key}'; add {key} = ")), "{errors}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (condition, expected) in [
        (
            "field = 'a', equals = 'x', equal = 'x'",
            "6:38: unknown key 'equal' in 'when' of [[policies.p.rules.r.exceptions]]; did you mean 'equals'?",
        ),
        ("equals = 'x'", "6:9: 'when' of [[policies.p.rules.r.exceptions]] needs exactly one of field and fact, and has none"),
        (
            "field = 'a', fact = 'outcome', equals = 'x'",
            "6:24: 'when' of [[policies.p.rules.r.exceptions]] needs exactly one of field and fact, and has 2",
        ),
        (
            "field = 'a'",
            "6:9: 'when' of [[policies.p.rules.r.exceptions]] needs exactly one of equals, one_of, like, cidr, in_table, absent and present, and has none",
        ),
        ("field = 'a', equals = 'x', like = 'y*'", "6:38: 'when' of"),
        ("field = 'a..b', equals = 'x'", "6:19: the path \"a..b\" has no key at byte 2"),
        ("field = '', equals = 'x'", "6:19: 'field' in 'when' of [[policies.p.rules.r.exceptions]] is empty"),
        (
            "field = 1, equals = 'x'",
            "6:19: 'field' in 'when' of [[policies.p.rules.r.exceptions]] is a whole number and must be a string",
        ),
        ("fact = 'event-name', equals = 'x'", "6:18: 'event-name' is no fact of a record; did you mean 'event_name'?"),
        (
            "fact = 'outcome', equals = 'failed'",
            "6:38: 'failed' is no value of this fact; known are success, failure and dry-run",
        ),
        ("fact = 'read_only', one_of = ['yes']", "6:41: 'yes' is no value of this fact; known are true and false"),
        ("fact = 'outcome', present = true", "6:29: 'when' of [[policies.p.rules.r.exceptions]] is met by every record"),
        ("field = 'a', like = '**'", "6:31: 'when' of [[policies.p.rules.r.exceptions]] is met by every record"),
        (
            "field = 'a', present = false",
            "6:34: 'present' in 'when' of [[policies.p.rules.r.exceptions]] can only be true; write absent = true",
        ),
        (
            "field = 'a', absent = 'yes'",
            "6:33: 'absent' in 'when' of [[policies.p.rules.r.exceptions]] is a string and must be true or false",
        ),
        (
            "field = 'a', equals = 1.5",
            "6:33: 'equals' in 'when' of [[policies.p.rules.r.exceptions]] is a number with a fraction and must be a string",
        ),
        (
            "field = 'a', equals = ['x']",
            "6:33: 'equals' in 'when' of [[policies.p.rules.r.exceptions]] is an array and must be a string",
        ),
        (
            "field = 'a', one_of = 'x'",
            "6:33: 'one_of' in 'when' of [[policies.p.rules.r.exceptions]] is a string and must be an array",
        ),
        ("field = 'a', one_of = []", "6:33: 'one_of' in 'when' of [[policies.p.rules.r.exceptions]] is empty"),
        ("field = 'a', equals = 99999999999999999999", "6:33: 99999999999999999999 is a number of more than 64 bits"),
        ("field = 'a', cidr = ['10.0.0.0/8', 'ten']", "6:46: 'ten' is neither a network such as 10.0.0.0/8 nor an address"),
        ("field = 'a', cidr = '10.0.0.0/33'", "6:31: '10.0.0.0/33' is neither a network"),
        ("fact = 'principal', cidr = '10.0.0.0/8'", "6:31: 'principal' is never an address"),
        ("field = 'a', in_table = 'nets'", "6:35: 'nets' is no table under [tables]; there is none"),
    ] {
        let refusal = refusal(&with_condition(condition));
        assert!(refusal.starts_with(&format!("t.toml:{expected}")), "{condition}: {refusal}");
    }
}

#[test]
fn an_exception_without_a_condition_is_refused() {
    assert!(
        refusal(&format!("{HEAD}when = []\n")).starts_with("t.toml:6:8: 'when' in [[policies.p.rules.r.exceptions]] is empty")
    );
    let single = HEAD.replace("[[", "[").replace("]]", "]");
    assert!(refusal(&single).contains("'exceptions' in [policies.p.rules.r] is a table and must be an array"));
}

#[test]
fn an_id_stands_once_for_a_rule() {
    let condition = "when = [{ field = 'a', present = true }]\n";
    let twice = format!("{HEAD}{condition}{HEAD}{condition}");
    assert!(refusal(&twice).starts_with("t.toml:8:6: there are two exceptions 'e'"), "{}", refusal(&twice));
    let of_policy = HEAD.replace(".rules.r", "");
    let both = format!("{HEAD}{condition}{of_policy}{condition}");
    assert!(refusal(&both).contains("there are two exceptions 'e'"));
    let of_other_rule = HEAD.replace(".rules.r", ".rules.other");
    parse(&format!("{HEAD}{condition}{of_other_rule}{condition}")).unwrap();
}

#[test]
fn lists_and_texts_have_a_largest_size() {
    let condition = "when = [{ field = 'a', present = true }]\n";
    let many: String = (0..=EXCEPTIONS).map(|n| HEAD.replace("id = 'e'", &format!("id = 'e{n}'")) + condition).collect();
    assert!(refusal(&many).contains("has 257 entries and must not have more than 256"));
    let many = vec!["{ field = 'a', present = true }"; CONDITIONS + 1].join(",");
    assert!(refusal(&format!("{HEAD}when = [{many}]")).contains("has 17 entries and must not have more than 16"));
    let many = vec!["'a'"; CONDITION_VALUES + 1].join(",");
    assert!(refusal(&with_condition(&format!("field = 'a', one_of = [{many}]"))).contains("has 257 entries"));
    let long = "a".repeat(EXCEPTION_TEXT + 1);
    for text in [
        HEAD.replace("'r'", &format!("'{long}'")) + condition,
        with_condition(&format!("field = '{long}', present = true")),
        with_condition(&format!("field = 'a', equals = '{long}'")),
        with_condition(&format!("field = 'a', like = '{long}'")),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains("is 1025 bytes long and must not be longer than 1024") && refusal.len() < 600, "{refusal}");
    }
}

#[test]
fn a_table_must_be_there_and_fit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trailwarden.toml");
    fs::write(folder.path().join("nets.txt"), "10.0.0.0/8\n").unwrap();
    fs::write(folder.path().join("roles.txt"), "arn:aws:iam::*:role/ci\n").unwrap();
    let tables = "[tables.nets]\nkind = 'cidr'\nfile = 'nets.txt'\n[tables.roles]\nkind = 'arn'\nfile = 'roles.txt'\n";
    let load = |condition: &str| {
        fs::write(&file, format!("{}{tables}", with_condition(condition))).unwrap();
        Config::load(&file)
    };
    for condition in [
        "fact = 'source_address', in_table = 'nets'",
        "field = 'sourceIPAddress', in_table = 'nets'",
        "fact = 'principal', in_table = 'roles'",
        "field = 'userIdentity.arn', in_table = 'roles'",
    ] {
        load(condition).unwrap_or_else(|errors| panic!("{errors}"));
    }
    for (condition, expected) in [
        ("fact = 'principal', in_table = 'nets'", "the table 'nets' is of kind cidr, and 'principal' can't be in such a table"),
        ("fact = 'source_address', in_table = 'roles'", "the table 'roles' is of kind arn, and 'source_address' can't be"),
        ("field = 'a', in_table = 'roels'", "'roels' is no table under [tables]; did you mean 'roles'?"),
    ] {
        let errors = load(condition).unwrap_err().to_string();
        assert!(errors.contains(expected), "{errors}");
    }
    // A table that can't be read is reported once, where it is.
    fs::write(folder.path().join("nets.txt"), "ten\n").unwrap();
    let errors = load("fact = 'source_address', in_table = 'nets'").unwrap_err();
    assert!(errors.iter().count() == 1 && errors.to_string().contains("nets.txt:1:1"), "{errors}");
}

#[test]
fn a_rules_own_severity_goes_before_its_policys() {
    let config = parse("[policies.p]\nseverity = 'low'\nmode = 'shadow'\n[policies.p.rules.r]\nseverity = 'critical'\n").unwrap();
    let policy = config.policy(&"p".parse().unwrap());
    let severity = |rule: &str| policy.rule_severity(&rule.parse().unwrap());
    assert_eq!((severity("r"), severity("other")), (Some(Severity::Critical), Some(Severity::Low)));
    assert_eq!(policy.rule_mode(&"r".parse().unwrap(), Mode::Enforce), Mode::Shadow);
}

#[test]
fn an_exception_remembers_what_it_is_for() {
    let config = parse(&with_condition("fact = 'principal', like = 'arn:*'")).unwrap();
    let (_, exception): (_, &Exception) = config.exceptions().next().unwrap();
    assert_eq!((exception.suppression.reason.as_str(), exception.suppression.owner.as_str()), ("r", "o"));
    let [condition] = &exception.conditions[..] else { panic!("one condition") };
    assert_eq!(format!("{} {}", condition.asked, condition.test), "principal like \"arn:*\"");
}
