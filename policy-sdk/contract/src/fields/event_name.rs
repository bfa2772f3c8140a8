//! Event names, which some services write with the version of their API.

/// An event name without the API version at its end: `UpdateFunctionCode20150331v2` is `UpdateFunctionCode` (Lambda), and
/// `CreateFunction2020_05_31` is `CreateFunction` (CloudFront). Any other name comes back unchanged.
pub fn unversioned(name: &str) -> &str {
    let without_revision = match name.rfind('v') {
        Some(at) if at + 1 < name.len() && name[at + 1..].bytes().all(|b| b.is_ascii_digit()) => &name[..at],
        _ => name,
    };
    for (length, is_date) in [(8, is_compact_date as fn(&[u8]) -> bool), (10, is_spaced_date)] {
        let Some(at) = without_revision.len().checked_sub(length).filter(|at| *at > 0) else { continue };
        if is_date(&without_revision.as_bytes()[at..]) {
            return &name[..at];
        }
    }
    name
}

fn is_compact_date(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit) && (bytes.starts_with(b"19") || bytes.starts_with(b"20"))
}

fn is_spaced_date(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(at, byte)| if at == 4 || at == 7 { *byte == b'_' } else { byte.is_ascii_digit() })
        && (bytes.starts_with(b"19") || bytes.starts_with(b"20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_versions_are_taken_off_event_names() {
        for (raw, bare) in [
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("ListFunctions20150331", "ListFunctions"),
            ("CreateFunction2020_05_31", "CreateFunction"),
            ("CreateFunction2020_05_31v10", "CreateFunction"),
            ("CreateBucket", "CreateBucket"),
            ("GetV2", "GetV2"),
            ("Recv", "Recv"),
            ("20150331", "20150331"),
            ("Batch12345678", "Batch12345678"),
            ("é20150331v2", "é"),
            ("", ""),
        ] {
            assert_eq!(unversioned(raw), bare, "{raw}");
        }
    }
}
