use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::finding::samples::{RECORD, full_finding, host_finding, hostile_record, plain_finding, suppressed_finding};
use crate::finding::{Finding, HostFinding, HostRule};

fn table(findings: &[Finding], host: &[HostFinding], width: Option<usize>, colour: bool) -> String {
    let mut out = Vec::new();
    let reported = findings.iter().map(Reported::Policy).chain(host.iter().map(Reported::Host));
    write(reported, Look { width, colour }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn samples() -> (Vec<Finding>, Vec<HostFinding>) {
    let mut second =
        full_finding(r#"{"userIdentity":{"type":"Root"},"eventTime":"2024-06-15T09:02:00Z","awsRegion":"us-east-1"}"#);
    second.severity = Severity::Critical;
    second.summary =
        "漢字 in a summary that is long enough to be wrapped, more than once, in a narrow column of a terminal".into();
    let mut host = host_finding(HostRule::PolicyFailed);
    host.subject.region = None;
    (vec![plain_finding(RECORD), second], vec![host])
}

#[test]
fn columns_are_aligned_and_summaries_wrap_inside_theirs() {
    let (findings, host) = samples();
    let expected = "\
TIME (UTC)           SEVERITY  RULE                       PRINCIPAL         ACCOUNT/REGION             SUMMARY
2024-06-15 09:01:01  high      any-record                 ci-runner/i-0abc  111122223333/eu-central-1  CreateBucket from an untrusted network.
2024-06-15 09:02:00  critical  bucket-change-out-of-band  root              us-east-1                  漢字 in a summary that is long enough to be
                                                                                                       wrapped, more than once, in a narrow column of
                                                                                                       a terminal
2024-06-15 09:01:01  high      policy-failed              policy storage    111122223333               trail/2024/06/15/a.json.gz, byte 12: the guest
                                                                                                       executed `unreachable`: look at its log, and
                                                                                                       mend the rule (150 times)
";
    assert_eq!(table(&findings, &host, Some(150), false), expected);
}

#[test]
fn a_narrow_terminal_gets_a_block_for_each_finding() {
    let (findings, host) = samples();
    let expected = "\
2024-06-15 09:01:01  high  any-record
  ci-runner/i-0abc  111122223333/eu-central-1
  CreateBucket from an untrusted network.

2024-06-15 09:02:00  critical  bucket-change-out-of-band
  root  us-east-1
  漢字 in a summary that is long enough to be wrapped, more
  than once, in a narrow column of a terminal

2024-06-15 09:01:01  high  policy-failed
  policy storage  111122223333
  trail/2024/06/15/a.json.gz, byte 12: the guest executed
  `unreachable`: look at its log, and mend the rule (150
  times)
";
    assert_eq!(table(&findings, &host, Some(60), false), expected);
}

#[test]
fn without_a_width_nothing_is_wrapped() {
    let (findings, host) = samples();
    assert_eq!(table(&findings, &host, None, false).lines().count(), 4);
}

#[test]
fn colour_is_written_only_when_asked_and_changes_nothing_else() {
    let (findings, host) = samples();
    let coloured = table(&findings, &host, Some(150), true);
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mcritical"), "{coloured:?}");
    let is_style = |character: char| character != 'm';
    let plain: String = coloured
        .split('\u{1b}')
        .enumerate()
        .map(|(number, part)| if number == 0 { part } else { &part.trim_start_matches(is_style)[1..] })
        .collect();
    assert_eq!(plain, table(&findings, &host, Some(150), false));
}

#[test]
fn a_suppressed_finding_says_by_what_and_steers_no_terminal() {
    let table = table(&[suppressed_finding(RECORD)], &[], None, false);
    let expected = "[suppressed by ci-role of platform: the pipeline makes buckets\\u{1b}[2J] CreateBucket from";
    assert!(table.contains(expected), "{table}");
}

#[test]
fn no_findings_give_no_table() {
    assert_eq!(table(&[], &[], Some(80), true), "");
}

#[test]
fn a_record_cannot_write_escape_sequences() {
    let record = r#"{"userIdentity":{"userName":"\u001b]0;owned\u0007zoe"},"awsRegion":"eu\u009b2J"}"#;
    let mut finding = plain_finding(record);
    finding.summary = "gone\u{1b}[1A\u{1b}[2K\r\nall is well".into();
    let table = table(&[finding], &[], Some(200), false);
    assert!(table.contains("\\u{1b}]0;owned\\u{7}zoe") && table.contains("eu\\u{9b}2J"), "{table}");
    assert!(!table.chars().any(|character| character.is_control() && character != '\n'), "{table:?}");
    assert_eq!(table.lines().count(), 2, "{table}");
}

proptest! {
    #[test]
    fn no_control_character_reaches_the_table_and_no_line_is_too_wide(
        record in hostile_record(), summary in any::<String>(), width in 4usize..200,
    ) {
        let mut finding = full_finding(&record);
        finding.summary = summary;
        let table = table(&[finding, full_finding(RECORD)], &[], Some(width), false);
        prop_assert!(!table.chars().any(|character| character.is_control() && character != '\n'));
        for line in table.lines() {
            prop_assert!(line.width() <= width, "{line:?} is wider than {width}");
        }
    }
}
