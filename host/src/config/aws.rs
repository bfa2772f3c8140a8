//! How AWS is asked: `[aws]`.

use std::ops::Range;

use super::error::Problem;
use super::reader::{Reader, Section};
use super::schema;
use crate::aws::AwsConfig;

/// What the section says; what is wrong with it is reported.
pub(super) fn read<'a>(reader: &mut Reader<'a>, top: &Section<'a>) -> AwsConfig {
    let section = top.entry("aws").and_then(|entry| reader.table(top, entry, "[aws]".to_owned()));
    let Some(section) = section else { return AwsConfig::default() };
    reader.refuse_unknown_keys(&section, schema::AWS);
    let region = reader.string(&section, "region");
    let endpoint_url = reader.string(&section, "endpoint_url");
    let role_arn = reader.string(&section, "role_arn");
    AwsConfig {
        region: checked(reader, region, "region, such as eu-west-1", is_region),
        endpoint_url: checked(reader, endpoint_url, "URL of an endpoint: http:// or https://, and a host", is_endpoint),
        role_arn: checked(reader, role_arn, "ARN of a role, such as arn:aws:iam::111122223333:role/trailwarden", is_role),
    }
}

fn checked(
    reader: &mut Reader<'_>,
    value: Option<(&str, Range<usize>)>,
    what: &'static str,
    is_one: impl Fn(&str) -> bool,
) -> Option<String> {
    let (text, span) = value?;
    if text.len() <= schema::AWS_TEXT && is_one(text) {
        return Some(text.to_owned());
    }
    reader.report(span, Problem::NoSuchThing { text: text.to_owned(), what });
    None
}

fn is_region(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(is_allowed)
}

fn is_endpoint(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace) && !host.contains('@'))
}

fn is_role(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut is = |wanted: &str| parts.next().is_some_and(|part| wanted.is_empty() || part == wanted);
    is("arn") && is("") && is("iam") && is("") && is("") && parts.next().is_some_and(|resource| resource.starts_with("role/"))
}
