//! Selectors in words, as Markdown.

use policy_contract::fields::Outcome;
use policy_contract::selector::{Conditions, Pattern, Selector};

/// Which records a selector takes: `` `CreateUser` of `iam.amazonaws.com` that succeeded ``.
pub(super) fn in_words(selector: &Selector) -> String {
    match selector {
        Selector::All => "every record".to_owned(),
        Selector::Match(conditions) => conditions_in_words(conditions),
    }
}

fn conditions_in_words(conditions: &Conditions) -> String {
    // Whole, so that a condition that is added is not forgotten here.
    let Conditions {
        event_source,
        event_name,
        event_category,
        event_type,
        principal_type,
        outcome,
        error_code,
        read_only,
        region,
        actor_account,
        recipient_account,
    } = conditions;
    let mut words = if event_name.is_empty() { "every event".to_owned() } else { any_pattern(event_name) };
    if !event_source.is_empty() {
        words += &format!(" of {}", any(event_source.iter().map(String::as_str)));
    }
    if !outcome.is_empty() {
        let outcomes = outcome.iter().map(|outcome| match outcome {
            Outcome::Success => "succeeded",
            Outcome::Failure => "failed",
            Outcome::DryRun => "were dry runs",
        });
        words += &format!(" that {}", outcomes.collect::<Vec<_>>().join(" or "));
    }
    let texts = [
        ("the event's category", event_category),
        ("the event's type", event_type),
        ("the principal's type", principal_type),
        ("the region", region),
        ("the actor's account", actor_account),
        ("the recipient's account", recipient_account),
    ];
    let given = texts.into_iter().filter(|(_, wanted)| !wanted.is_empty());
    let mut conditions: Vec<String> =
        given.map(|(what, wanted)| format!("{what} is {}", any(wanted.iter().map(String::as_str)))).collect();
    if !error_code.is_empty() {
        conditions.push(format!("the error code is {}", any_pattern(error_code)));
    }
    if let Some(read_only) = read_only {
        conditions.push(if *read_only { "the call only reads" } else { "the call does not only read" }.to_owned());
    }
    if conditions.is_empty() { words } else { format!("{words}, where {}", conditions.join(" and ")) }
}

fn any_pattern(patterns: &[Pattern]) -> String {
    let texts: Vec<String> = patterns.iter().cloned().map(String::from).collect();
    any(texts.iter().map(String::as_str))
}

fn any<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut texts: Vec<String> = texts.map(super::code).collect();
    match texts.pop() {
        Some(last) if !texts.is_empty() => format!("{} or {last}", texts.join(", ")),
        last => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> String {
        in_words(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn selectors_read_as_sentences() {
        assert_eq!(words("\"all\""), "every record");
        assert_eq!(
            words(r#"{"match":{"event_source":["iam.amazonaws.com"],"event_name":["CreateUser"],"outcome":["success"]}}"#),
            "`CreateUser` of `iam.amazonaws.com` that succeeded"
        );
        assert_eq!(
            words(
                r#"{"match":{"event_name":["A","B","C*"],"principal_type":["Root","IAMUser"],"read_only":false,"error_code":["X*"]}}"#
            ),
            "`A`, `B` or `C*`, where the principal's type is `Root` or `IAMUser` and the error code is `X*` and the call does not \
             only read"
        );
        assert_eq!(words(r#"{"match":{"outcome":["failure","dry-run"]}}"#), "every event that failed or were dry runs");
    }
}
