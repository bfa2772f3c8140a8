//! Exceptions: from `[[policies.NAME.exceptions]]` and `[[policies.NAME.rules.ID.exceptions]]` to conditions that can be asked.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use policy_contract::manifest::TableKind;
use policy_contract::name::Name;
use policy_contract::path::Path;
use policy_contract::tables::{BadTable, Table};
use toml::Spanned;
use toml::de::DeValue;

use super::context_table::ContextTable;
use super::error::Problem;
use super::hint::Hint;
use super::reader::{Entry, Reader, Section};
use super::schema;
use super::value_kind::ValueKind;
use crate::exception::{Asked, Condition, Exception, Fact, Test};
use crate::finding::Suppression;
use crate::limits::{CONDITION_VALUES, CONDITIONS, EXCEPTION_TEXT, EXCEPTIONS};

/// The configured tables by name; none where one is configured and can't be used, which is reported where it is.
pub(super) type Tables = BTreeMap<Name, Option<ContextTable>>;

/// An exception, and where in the file it begins: the first that is met counts.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) exception: Arc<Exception>,
    pub(super) at: usize,
}

/// What the key `exceptions` of a section says; what is wrong with it is reported. `rule` is the rule that they are for, and
/// `prefix` what the section is called. `taken` are the ids that none of them may have.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    section: &Section<'a>,
    prefix: &str,
    rule: Option<&Name>,
    taken: &[Placed],
    tables: &Tables,
) -> Vec<Placed> {
    let title = format!("[[{prefix}.exceptions]]");
    let mut read: Vec<Placed> = Vec::new();
    for section in reader.tables(section, "exceptions", &title, EXCEPTIONS) {
        let Some((exception, id_span)) = read_one(reader, &section, rule, tables) else { continue };
        let id = &exception.suppression.exception;
        if taken.iter().chain(&read).any(|other| other.exception.suppression.exception == *id) {
            reader.report(id_span, Problem::ExceptionTwice { id: id.clone() });
        }
        read.push(Placed { exception: Arc::new(exception), at: section.span.start });
    }
    read
}

fn read_one<'a>(
    reader: &mut Reader<'a>,
    section: &Section<'a>,
    rule: Option<&Name>,
    tables: &Tables,
) -> Option<(Exception, Range<usize>)> {
    reader.refuse_unknown_keys(section, schema::EXCEPTION);
    reader.report_missing_keys(section, schema::EXCEPTION);
    let id = reader.string(section, "id").and_then(|(text, span)| match text.parse::<Name>() {
        Ok(name) => Some((name, span)),
        Err(not_a_name) => {
            reader.report(span, not_a_name.into());
            None
        }
    });
    let reason = reader.text(section, "reason", EXCEPTION_TEXT);
    let owner = reader.text(section, "owner", EXCEPTION_TEXT);
    let expires = section.entry("expires").and_then(|entry| expires(reader, section, entry));
    let title = format!("'when' of {}", section.title);
    let sections = reader.tables(section, "when", &title, CONDITIONS);
    // Each is looked at, so that every bad one is reported.
    let conditions: Vec<_> = sections.iter().map(|section| condition(reader, section, tables)).collect();
    let conditions = conditions.into_iter().collect::<Option<Vec<_>>>()?;
    let ((exception, span), reason, owner, expires) = (id?, reason?, owner?, expires?);
    let suppression = Suppression { exception, reason: reason.to_owned(), owner: owner.to_owned(), expires };
    Some((Exception { suppression: Arc::new(suppression), rule: rule.cloned(), conditions }, span))
}

fn expires(reader: &mut Reader<'_>, section: &Section<'_>, entry: Entry<'_>) -> Option<Timestamp> {
    let text = match entry.value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(datetime) => datetime.to_string(),
        _ => {
            reader.wrong_type(section, entry, ValueKind::Date);
            return None;
        }
    };
    let time = end_of_day(&text).or_else(|| text.parse().ok());
    if time.is_none() {
        let is_never = ["never", "none", ""].contains(&text.to_lowercase().as_str());
        reader.report(entry.value.span(), Problem::NoExpiry { text, is_never });
    }
    time
}

/// The end of a day, UTC, where the text is a day. `jiff` also takes a date and time for a date, so the length is looked at.
fn end_of_day(text: &str) -> Option<Timestamp> {
    let date: Date = text.parse().ok().filter(|_| text.len() == "2026-04-03".len())?;
    format!("{}T00:00:00Z", date.tomorrow().ok()?).parse().ok()
}

fn condition<'a>(reader: &mut Reader<'a>, section: &Section<'a>, tables: &Tables) -> Option<Condition> {
    reader.refuse_unknown_keys(section, schema::CONDITION);
    let subject = reader.one_of(section, schema::CONDITION, schema::ASKED);
    let operator = reader.one_of(section, schema::CONDITION, schema::OPERATOR);
    let asked = asked(reader, section, subject?)?;
    let test = test(reader, section, operator?, &asked, tables)?;
    Some(Condition { asked, test })
}

fn asked<'a>(reader: &mut Reader<'a>, section: &Section<'a>, entry: Entry<'a>) -> Option<Asked> {
    if entry.key() == "fact" {
        return reader.word(section, "fact", "fact of a record", &Fact::ALL, Fact::as_str).map(Asked::Fact);
    }
    let text = reader.text(section, "field", EXCEPTION_TEXT)?;
    match text.parse::<Path>() {
        Ok(path) => Some(Asked::Field { path, text: text.to_owned() }),
        Err(bad_path) => {
            reader.report(entry.value.span(), bad_path.into());
            None
        }
    }
}

fn test<'a>(reader: &mut Reader<'a>, section: &Section<'a>, operator: Entry<'a>, asked: &Asked, tables: &Tables) -> Option<Test> {
    let key = operator.key();
    match key {
        "equals" | "one_of" => values(reader, section, operator, asked).map(Test::OneOf),
        "like" => {
            let pattern = reader.text(section, key, EXCEPTION_TEXT)?;
            if pattern.bytes().all(|byte| byte == b'*') {
                reader.report(operator.value.span(), Problem::MeetsEverything { section: section.title.clone() });
                return None;
            }
            Some(Test::Like(pattern.to_owned()))
        }
        "cidr" => {
            let texts = reader.texts(section, key, CONDITION_VALUES);
            if !may_be_an_address(asked) {
                reader.report(operator.key.span(), Problem::NoAddress { fact: asked.to_string() });
                return None;
            }
            let networks = Table::of_networks(texts.iter().map(|(text, _)| *text));
            match networks {
                Ok(table) => Some(Test::Cidr(Arc::new(table))),
                Err(BadTable::NotANetwork { line, text }) => {
                    let span = texts.get(line.saturating_sub(1)).map_or(operator.value.span(), |(_, span)| span.clone());
                    reader.report(span, Problem::NotANetwork { text });
                    None
                }
                // A list of networks can have nothing else wrong.
                Err(BadTable::NotAnArn { .. } | BadTable::NotAMap(_)) => None,
            }
        }
        "in_table" => in_table(reader, section, asked, tables),
        _ => {
            if !reader.flag(section, key)? {
                reader.report(operator.value.span(), Problem::OnlyTrue { key: key.to_owned(), section: section.title.clone() });
                return None;
            }
            let is_always_there = matches!(asked, Asked::Fact(fact) if fact.is_always_there());
            if is_always_there {
                reader.report(operator.key.span(), Problem::MeetsEverything { section: section.title.clone() });
                return None;
            }
            Some(if key == "absent" { Test::Absent } else { Test::Present })
        }
    }
}

/// The texts of `equals` or `one_of`: strings, whole numbers and flags, by which fields are compared as they are written.
fn values<'a>(reader: &mut Reader<'a>, section: &Section<'a>, entry: Entry<'a>, asked: &Asked) -> Option<Vec<String>> {
    let elements: Vec<&Spanned<DeValue<'a>>> = match entry.value.get_ref() {
        DeValue::Array(array) if entry.key() == "one_of" => array.iter().collect(),
        _ if entry.key() == "one_of" => {
            reader.wrong_type(section, entry, ValueKind::Array);
            return None;
        }
        _ => vec![entry.value],
    };
    reader.check_number(section, entry, elements.len(), CONDITION_VALUES, "keep them in a context table");
    let words = if let Asked::Fact(fact) = asked { fact.words() } else { None };
    let mut values = Vec::new();
    for element in elements.into_iter().take(CONDITION_VALUES) {
        let value = match element.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) => number.to_string(),
                Err(_) => {
                    let number = reader.text_of(element.span()).to_owned();
                    reader.report(element.span(), Problem::NumberTooLarge { number });
                    continue;
                }
            },
            _ => {
                reader.wrong_element(section, entry, element, ValueKind::Text);
                continue;
            }
        };
        if value.len() > EXCEPTION_TEXT {
            reader.too_long(section, entry, element.span(), value.len(), EXCEPTION_TEXT);
        }
        if let Some(words) = words.as_ref().filter(|words| !words.contains(&value.as_str())) {
            let hint = Hint::new(&value, words.iter().copied());
            reader.report(element.span(), Problem::UnknownWord { word: value.clone(), what: "value of this fact", hint });
        }
        values.push(value);
    }
    Some(values)
}

fn in_table<'a>(reader: &mut Reader<'a>, section: &Section<'a>, asked: &Asked, tables: &Tables) -> Option<Test> {
    let (text, span) = reader.string(section, "in_table")?;
    let Some((name, table)) = tables.get_key_value(text) else {
        let hint = Hint::new(text, tables.keys().map(Name::as_str));
        reader.report(span, Problem::UnknownWord { word: text.to_owned(), what: "table under [tables]", hint });
        return None;
    };
    let table = Arc::clone(&table.as_ref()?.table);
    let fits = match (asked, table.kind()) {
        (Asked::Fact(Fact::SourceAddress), TableKind::Arn) => false,
        (_, TableKind::Cidr) => may_be_an_address(asked),
        _ => true,
    };
    if !fits {
        let problem = Problem::TableDoesNotFit { table: name.clone(), kind: table.kind(), asked: asked.to_string() };
        reader.report(span, problem);
        return None;
    }
    Some(Test::InTable(name.clone(), table))
}

fn may_be_an_address(asked: &Asked) -> bool {
    matches!(asked, Asked::Field { .. } | Asked::Fact(Fact::SourceAddress))
}

#[cfg(test)]
mod tests;
