//! Names of hosts: those of AWS's services stay, with what stands before them replaced; all others go.

use std::ops::Range;

use super::registry::{Kind, Registry};
use super::text::{self, runs};
use super::{forms, keys};

/// Ends of the names of AWS's own hosts.
const OF_AWS: [&str; 6] = [".amazonaws.com", ".amazonaws.com.cn", ".aws.amazon.com", ".amazon.com", ".amazonaws.eu", ".api.aws"];
/// Ends of names that only a network itself knows.
const INTERNAL: [&str; 7] = [".internal", ".local", ".localdomain", ".corp", ".lan", ".intranet", ".home.arpa"];

fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '.' || character == '-'
}

/// The first host of AWS in a text.
pub(super) fn find_of_aws(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    runs(text, |c| is_part(c) || c == '_').find_map(|range| {
        let name = text[range.clone()].trim_end_matches('.');
        let end = OF_AWS.iter().find(|end| name.ends_with(**end))?;
        Some((range.start..range.start + name.len(), of_aws(registry, &name[..name.len() - end.len()], end)))
    })
}

/// `before` stands before the end by which the host is known. Its last label is a service, or a region behind a service, or a service
/// behind a region; what stands before those is somebody's.
fn of_aws(registry: &mut Registry, before: &str, end: &str) -> String {
    let labels: Vec<&str> = before.split('.').collect();
    let of_service = match labels.iter().rposition(|label| forms::is_region(label)) {
        // `balancer-1.eu-west-1.elb`: the service stands behind the region, and all before it is somebody's.
        Some(region) if region + 1 < labels.len() => region,
        Some(region) => region.saturating_sub(1),
        None => labels.len() - 1,
    };
    let (owned, kept) = labels.split_at(of_service);
    let kept: Vec<String> =
        kept.iter().map(|label| text::whole(registry, label).unwrap_or_else(|| (*label).to_owned())).collect();
    if owned.is_empty() {
        return format!("{}{end}", kept.join("."));
    }
    let owned = owned.join(".");
    let owned = text::whole(registry, &owned).unwrap_or_else(|| registry.name(Kind::Resource, &owned));
    format!("{owned}.{}{end}", kept.join("."))
}

/// The first host of an address of the web.
pub(super) fn find_in_url(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    let mut from = 0;
    while let Some(at) = text[from..].find("://").map(|at| from + at + 3) {
        let length = text[at..].find(|c| !is_part(c)).unwrap_or(text.len() - at);
        let host = text[at..at + length].trim_end_matches('.');
        // An address is found by its own form.
        if host.contains(|c: char| c.is_ascii_alphabetic()) {
            return Some((at..at + host.len(), named(registry, host)));
        }
        from = at;
    }
    None
}

/// The first host of a network's own.
pub(super) fn find_internal(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    runs(text, is_part).find_map(|range| {
        let name = text[range.clone()].trim_end_matches('.');
        let is_internal = INTERNAL.iter().any(|end| name.len() > end.len() && name.to_ascii_lowercase().ends_with(end));
        is_internal.then(|| (range.start..range.start + name.len(), named(registry, name)))
    })
}

/// A host that is known to be one.
pub(super) fn named(registry: &mut Registry, host: &str) -> String {
    if keys::is_kept(host) || host == "localhost" {
        return host.to_owned();
    }
    registry.name(Kind::Host, host)
}
