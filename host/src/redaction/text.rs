//! Values inside texts, known by their form: each is looked for in what the ones before it have left.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use super::registry::{Kind, Registry};
use super::{arn, forms, host};

/// Finds the first value of one form in a text, and says what stands there instead.
type Find = fn(&mut Registry, &str) -> Option<(Range<usize>, String)>;

/// In this order: what has parts before the parts.
const FORMS: [Find; 12] = [
    arn::find,
    email,
    host::find_of_aws,
    host::find_in_url,
    host::find_internal,
    uuid,
    unique_id,
    address,
    resource_id,
    long_number,
    secret,
    account,
];

/// A part of a text.
enum Piece {
    /// Still to be looked at.
    Open(String),
    /// Done, whatever it holds.
    Closed(String),
}

/// The text with everything replaced that is known by its form, or as a name.
pub(super) fn rewrite(registry: &mut Registry, text: &str) -> String {
    // Names may be any word, so they are looked for in what is nothing else.
    in_order(registry, text, FORMS.into_iter().chain([name as Find]))
}

/// The text with everything replaced that is known by its form.
pub(super) fn rewrite_forms(registry: &mut Registry, text: &str) -> String {
    in_order(registry, text, FORMS.into_iter())
}

/// The text of a member that AWS writes, in which nobody's names stand: with accounts and keys replaced all the same.
pub(super) fn rewrite_word(registry: &mut Registry, text: &str) -> String {
    in_order(registry, text, [unique_id as Find, account].into_iter())
}

fn in_order(registry: &mut Registry, text: &str, finds: impl Iterator<Item = Find>) -> String {
    let pieces = pieces(registry, text, finds);
    let texts = pieces.into_iter().map(|piece| match piece {
        Piece::Open(text) | Piece::Closed(text) => text,
    });
    texts.collect()
}

/// The text, replaced, where all of it is one value that is known by its form.
pub(super) fn whole(registry: &mut Registry, text: &str) -> Option<String> {
    FORMS
        .into_iter()
        .find_map(|find| find(registry, text).filter(|(range, _)| *range == (0..text.len())))
        .map(|(_, replaced)| replaced)
}

fn pieces(registry: &mut Registry, text: &str, finds: impl Iterator<Item = Find>) -> Vec<Piece> {
    let mut pieces = vec![Piece::Open(text.to_owned())];
    for find in finds {
        let mut next = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Closed(text) => next.push(Piece::Closed(text)),
                Piece::Open(text) => split(registry, find, &text, &mut next),
            }
        }
        pieces = next;
    }
    pieces
}

fn split(registry: &mut Registry, find: Find, text: &str, pieces: &mut Vec<Piece>) {
    let mut rest = text;
    while let Some((range, replaced)) = find(registry, rest) {
        if range.start > 0 {
            pieces.push(Piece::Open(rest[..range.start].to_owned()));
        }
        pieces.push(Piece::Closed(replaced));
        rest = &rest[range.end..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Open(rest.to_owned()));
    }
}

/// The longest runs of characters of a kind.
pub(super) fn runs(text: &str, is_part: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(&is_part)?;
        let end = text[start..].find(|c| !is_part(c)).map_or(text.len(), |length| start + length);
        at = end;
        Some(start..end)
    })
}

/// The first run of characters for which there is something else.
fn first_run(
    registry: &mut Registry,
    text: &str,
    is_part: fn(char) -> bool,
    replaced: fn(&mut Registry, &str) -> Option<String>,
) -> Option<(Range<usize>, String)> {
    runs(text, is_part).find_map(|range| {
        let with = replaced(registry, &text[range.clone()])?;
        Some((range, with))
    })
}

fn email(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    let is_part = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
    runs(text, is_part).find_map(|range| {
        // A sentence may end behind it.
        let trimmed = text[range.clone()].trim_end_matches(['.', '-']);
        let (person, domain) = trimmed.split_once('@')?;
        let is_address = !person.is_empty() && domain.contains('.') && !domain.contains('@') && !domain.starts_with('.');
        is_address.then(|| (range.start..range.start + trimmed.len(), email_of(registry, trimmed)))
    })
}

fn email_of(registry: &mut Registry, original: &str) -> String {
    if forms::is_replaced_name(original) {
        return original.to_owned();
    }
    registry.replace(Kind::Email, original, |number| format!("person-{number}@example.com"))
}

/// Lengths of the groups of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// How replaced UUIDs begin.
const UUID_BEGIN: &str = "00000000-0000-4000-8000-";

fn uuid(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    let length = UUID.iter().sum::<usize>() + UUID.len() - 1;
    let bytes = text.as_bytes();
    let is_uuid = |window: &[u8]| {
        window.split(|byte| *byte == b'-').map(<[u8]>::len).eq(UUID)
            && window.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
    };
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_hexdigit);
    let stands_alone = |at: usize| !is_digit(at.checked_sub(1)) && !is_digit(Some(at + length));
    let start = bytes.windows(length).enumerate().find(|(at, window)| is_uuid(window) && stands_alone(*at)).map(|(at, _)| at)?;
    let range = start..start + length;
    let original = &text[range.clone()];
    let lower = original.to_ascii_lowercase();
    if lower.starts_with(UUID_BEGIN) {
        return Some((range, original.to_owned()));
    }
    Some((range, registry.replace(Kind::Request, &lower, |number| format!("{UUID_BEGIN}{number:012}"))))
}

fn unique_id(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    first_run(
        registry,
        text,
        |c| c.is_ascii_alphanumeric(),
        |registry, original| {
            let kind = match forms::unique_id(original)? {
                forms::UniqueId::AccessKey => Kind::AccessKey,
                forms::UniqueId::Principal => Kind::PrincipalId,
            };
            if forms::is_replaced_unique_id(original) {
                return Some(original.to_owned());
            }
            Some(registry.replace(kind, original, |number| forms::unique_id_number(original, number)))
        },
    )
}

fn address(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    runs(text, is_part).find_map(|range| {
        // A sentence or a port may follow, a key stand before.
        let run = &text[range.clone()];
        let trimmed_start = run.len() - run.trim_start_matches('.').len();
        let run = run.trim_matches('.');
        let whole = [run, run.trim_end_matches(':'), run.rsplit_once(':').map_or(run, |(host, _)| host)];
        // Behind every other colon stands more of an IPv6 address, or of a fingerprint.
        let behind_keys =
            run.match_indices(':').map(|(at, _)| &run[at + 1..]).filter(|behind| behind.parse::<Ipv4Addr>().is_ok());
        let candidates = whole.map(|candidate| (0, candidate)).into_iter();
        let mut candidates = candidates.chain(behind_keys.map(|candidate| (run.len() - candidate.len(), candidate)));
        let parsed = candidates.find_map(|(from, candidate)| Some((from, candidate, candidate.parse::<IpAddr>().ok()?)))?;
        let (from, written, address) = parsed;
        let start = range.start + trimmed_start + from;
        Some((start..start + written.len(), address_of(registry, written, address)))
    })
}

fn address_of(registry: &mut Registry, written: &str, address: IpAddr) -> String {
    // An IPv4 address in IPv6's form is the IPv4 address.
    if let IpAddr::V6(v6) = address
        && let Some(v4) = v6.to_ipv4_mapped()
    {
        return format!("::ffff:{}", address_of(registry, &v4.to_string(), v4.into()));
    }
    match forms::address(address) {
        None => written.to_owned(),
        Some(make) => registry.replace(Kind::Address, &address.to_string(), |number| make(number).to_string()),
    }
}

/// Hexadecimal digits of a resource's id (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>).
const RESOURCE_ID_DIGITS: [usize; 2] = [8, 17];

fn resource_id(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    first_run(
        registry,
        text,
        |c| c.is_ascii_alphanumeric() || c == '-',
        |registry, original| {
            let (kind, id) = original.rsplit_once('-')?;
            let is_kind =
                !kind.is_empty() && kind.len() <= 12 && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let is_hexadecimal = RESOURCE_ID_DIGITS.contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_organization =
                matches!(kind, "o" | "r") && (8..=32).contains(&id.len()) && id.bytes().any(|byte| byte.is_ascii_digit());
            if !(is_kind && (is_hexadecimal || is_organization)) || forms::is_replaced_name(original) {
                return None;
            }
            // Replacements begin with more noughts than ids that AWS draws.
            if id.starts_with("0000") {
                return Some(original.to_owned());
            }
            let width = id.len();
            Some(registry.replace(Kind::ResourceId, original, |number| format!("{kind}-{number:0width$}")))
        },
    )
}

/// From this many hexadecimal digits on, a number is a digest or an id.
const LONG_NUMBER: usize = 32;

fn long_number(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    first_run(
        registry,
        text,
        |c| c.is_ascii_alphanumeric(),
        |registry, original| {
            let is_long = original.len() >= LONG_NUMBER && original.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_long {
                return None;
            }
            if original.starts_with("0000000000000000") {
                return Some(original.to_owned());
            }
            let width = original.len();
            Some(registry.replace(Kind::Digest, original, |number| format!("{number:0width$}")))
        },
    )
}

/// From this many characters on, an unbroken run of letters of both cases and digits is no word.
const LONG_RUN: usize = 40;

fn secret(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    first_run(
        registry,
        text,
        |c| c.is_ascii_alphanumeric() || "+/=_-".contains(c),
        |registry, original| {
            let has = |is: fn(&u8) -> bool| original.as_bytes().iter().any(is);
            let is_random = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
            // A path is long too, of short parts.
            let longest = original.split(['/', '-', '_']).map(str::len).max().unwrap_or_default();
            (original.len() >= LONG_RUN && is_random && longest >= LONG_RUN / 2).then(|| registry.name(Kind::Secret, original))
        },
    )
}

fn account(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    first_run(
        registry,
        text,
        |c| c.is_ascii_digit(),
        |registry, original| (original.len() == forms::ACCOUNT_DIGITS).then(|| account_of(registry, original)),
    )
}

/// A text that stands where an account's number does: there it is one however many digits it has, and letters among them.
pub(super) fn account_in_place(registry: &mut Registry, text: &str) -> String {
    let is_number = text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.bytes().any(|byte| byte.is_ascii_digit());
    if is_number { account_of(registry, text) } else { rewrite(registry, text) }
}

/// What an account's number is replaced by.
pub(super) fn account_of(registry: &mut Registry, original: &str) -> String {
    if forms::is_replaced_account(original) {
        return original.to_owned();
    }
    registry.replace(Kind::Account, original, forms::account)
}

fn name(registry: &mut Registry, text: &str) -> Option<(Range<usize>, String)> {
    text.char_indices().find_map(|(at, _)| {
        let (name, replaced) = registry.name_at(text, at)?;
        Some((at..at + name.len(), replaced.to_owned()))
    })
}
