//! The forms by which values are known, and the forms of their replacements.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Digits of an account's number.
pub(super) const ACCOUNT_DIGITS: usize = 12;

/// Account numbers of AWS's own documentation, which belong to nobody; the first replacements.
const EXAMPLE_ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];

/// The number that an account gets.
pub(super) fn account(number: u64) -> String {
    let example = usize::try_from(number - 1).ok().and_then(|at| EXAMPLE_ACCOUNTS.get(at));
    example.map_or_else(|| format!("1000000{number:05}"), |example| (*example).to_owned())
}

/// Whether an account's number is a replacement.
pub(super) fn is_replaced_account(text: &str) -> bool {
    EXAMPLE_ACCOUNTS.contains(&text) || text.starts_with("1000000")
}

/// Words that replacements begin with: see [`super::Kind`].
const WORDS: [&str; 15] = [
    "user",
    "role",
    "group",
    "session",
    "policy",
    "bucket",
    "path",
    "resource",
    "principal",
    "redacted",
    "value",
    "remark",
    "name",
    "host",
    "person",
];

/// Digits of the number of a replaced name at most: no record has so many names.
const NUMBER_DIGITS: usize = 4;

/// Whether a name is a replacement.
pub(super) fn is_replaced_name(text: &str) -> bool {
    let text = text.strip_suffix(".example.com").or_else(|| text.strip_suffix("@example.com")).unwrap_or(text);
    let is_number = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_request = text.strip_prefix("REQUEST").is_some_and(|number| number.len() >= 9 && is_number(number));
    is_request
        || text
            .rsplit_once('-')
            .is_some_and(|(word, number)| WORDS.contains(&word) && is_number(number) && number.len() <= NUMBER_DIGITS)
}

/// Prefixes of access keys (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
const ACCESS_KEYS: [&str; 4] = ["AKIA", "ASIA", "ABIA", "ACCA"];
/// Prefixes of the other unique ids, as above.
const PRINCIPALS: [&str; 9] = ["AIDA", "AROA", "AGPA", "AIPA", "ANPA", "ANVA", "APKA", "ASCA", "AMBA"];

/// What a unique id of IAM is the id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UniqueId {
    AccessKey,
    Principal,
}

/// Whether a text is a unique id of IAM.
pub(super) fn unique_id(text: &str) -> Option<UniqueId> {
    let is_id = (12..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let prefix = text.get(..4).filter(|_| is_id)?;
    if ACCESS_KEYS.contains(&prefix) {
        Some(UniqueId::AccessKey)
    } else {
        PRINCIPALS.contains(&prefix).then_some(UniqueId::Principal)
    }
}

/// What a unique id is replaced by: of the same kind and of twenty characters or one more, as AWS's own.
pub(super) fn unique_id_number(original: &str, number: u64) -> String {
    format!("{}EXAMPLE{number:09}", &original[..4])
}

/// Whether a unique id is a replacement.
pub(super) fn is_replaced_unique_id(text: &str) -> bool {
    let number = text.get(4..).and_then(|rest| rest.strip_prefix("EXAMPLE"));
    number.is_some_and(|number| number.len() >= 9 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What an address becomes: one of the same family that is as public or private. None where it says nothing of anybody.
pub(super) fn address(of: IpAddr) -> Option<fn(u64) -> IpAddr> {
    match of {
        IpAddr::V4(address) => v4(address).map(|make| make as fn(u64) -> IpAddr),
        IpAddr::V6(address) => v6(address).map(|make| make as fn(u64) -> IpAddr),
    }
}

fn v4(address: Ipv4Addr) -> Option<fn(u64) -> IpAddr> {
    let octets = address.octets();
    let says_nothing = address.is_unspecified()
        || address.is_broadcast()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast();
    match octets {
        _ if says_nothing => None,
        // The ranges of the replacements.
        [198, 51, 100, _] | [203, 0, 113, _] | [192, 0, 2, _] | [198, 18 | 19, ..] | [10, 255, ..] | [172, 31, ..] => None,
        [192, 168, 255, _] | [100, 127, ..] => None,
        [10, ..] => Some(|number| v4_of([10, 255], number)),
        [172, 16..=31, ..] => Some(|number| v4_of([172, 31], number)),
        [192, 168, ..] => Some(|number| IpAddr::V4(Ipv4Addr::new(192, 168, 255, (number % 256) as u8))),
        [100, 64..=127, ..] => Some(|number| v4_of([100, 127], number)),
        _ => Some(public_v4),
    }
}

fn v4_of([first, second]: [u8; 2], number: u64) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(first, second, (number / 256 % 256) as u8, (number % 256) as u8))
}

/// The three networks for documentation (RFC 5737), then the one for measurements (RFC 2544).
fn public_v4(number: u64) -> IpAddr {
    let last = (number % 256) as u8;
    match number / 256 {
        0 => IpAddr::V4(Ipv4Addr::new(198, 51, 100, last)),
        1 => IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)),
        2 => IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)),
        _ => v4_of([198, 18], number),
    }
}

fn v6(address: Ipv6Addr) -> Option<fn(u64) -> IpAddr> {
    let segments = address.segments();
    let is_private = address.is_unique_local();
    let says_nothing =
        address.is_unspecified() || address.is_loopback() || address.is_multicast() || address.is_unicast_link_local();
    match segments {
        _ if says_nothing => None,
        [0x2001, 0xdb8, ..] | [0xfd00, 0, 0, 0, 0, 0, 0, _] => None,
        _ if is_private => Some(|number| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, (number % 65_536) as u16))),
        _ => Some(|number| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, (number % 65_536) as u16))),
    }
}

/// Whether a text is an AWS region or zone: `eu-central-1`, `us-gov-west-1`.
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [place, between @ .., number] = parts.as_slice() else { return false };
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    place.len() == 2
        && is_word(place)
        && !between.is_empty()
        && between.iter().all(is_word)
        && number.len() == 1
        && number.bytes().all(|byte| byte.is_ascii_digit())
}
