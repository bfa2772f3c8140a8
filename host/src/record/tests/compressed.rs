//! Objects that are compressed, and their limits.

use super::super::UnpackError;
use super::*;

fn log_file(ids: std::ops::Range<u32>) -> String {
    format!(r#"{{"Records":[{}]}}"#, ids.map(event).collect::<Vec<_>>().join(","))
}

fn unpack_error(outcome: &Outcome) -> &UnpackError {
    match &outcome.only_fault().reason {
        FaultReason::Unpack(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn gzip_is_told_by_its_first_bytes_even_when_they_come_one_by_one() {
    let packed = gzip(log_file(0..3).as_bytes());
    let outcome = read_from(InPieces::new(&packed, vec![1]), ReadLimits::default());
    assert_eq!(outcome.tally.records, 3);
    assert_eq!(outcome.items.len(), 3);
    assert_eq!(outcome.tally.bytes.read, packed.len() as u64);
}

#[test]
fn gzip_members_one_behind_the_other_are_one_object() {
    let packed = [gzip(log_file(0..2).as_bytes()), gzip(b""), gzip(log_file(2..3).as_bytes())].concat();
    let outcome = read_from(InPieces::new(&packed, vec![1, 7, 3]), ReadLimits::default());
    assert_eq!(outcome.texts(), [event(0), event(1), event(2)]);
    assert_eq!(outcome.items.len(), 3);
}

#[test]
fn bytes_that_are_no_gzip_behind_gzip_are_a_fault_after_all_records() {
    for rest in [&[0; 600][..], b"x", &[0x1f], b"{\"eventID\":\"9\"}"] {
        let packed = [&gzip(log_file(0..3).as_bytes()), rest].concat();
        let outcome = read(&packed);
        assert_eq!(outcome.tally.records, 3);
        let bytes = rest.len() as u64;
        assert!(matches!(unpack_error(&outcome), UnpackError::GzipTrailingBytes { bytes: found } if *found == bytes));
        assert_eq!(outcome.tally.bytes.after_gzip, bytes);
        assert_eq!(outcome.tally.bytes.read, packed.len() as u64);
    }
}

#[test]
fn a_gzip_stream_that_was_cut_gives_the_records_before_and_one_fault() {
    let plain = log_file(0..2000);
    let packed = gzip(plain.as_bytes());
    for kept in (0..packed.len()).step_by(97).chain([1, 2, 9, packed.len() - 1]) {
        let outcome = read(&packed[..kept]);
        let texts = outcome.texts();
        let expected: Vec<String> = (0..texts.len() as u32).map(event).collect();
        assert_eq!(texts, expected);
        match kept {
            0 => assert!(outcome.items.is_empty()),
            1 => assert!(matches!(outcome.only_fault().reason, FaultReason::Unexpected { found: 0x1f, .. })),
            _ => assert!(matches!(unpack_error(&outcome), UnpackError::GzipTruncated), "{kept}"),
        }
    }
}

#[test]
fn a_wrong_checksum_is_a_fault_after_all_records() {
    let mut packed = gzip(log_file(0..3).as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    let outcome = read(&packed);
    assert_eq!(outcome.tally.records, 3);
    assert!(matches!(unpack_error(&outcome), UnpackError::GzipCorrupt));
    assert_eq!(outcome.only_fault().skipped.bytes, 0);
}

#[test]
fn a_corrupt_stream_never_gives_a_record_that_was_not_there_before_the_fault_is_told() {
    let packed = gzip(log_file(0..500).as_bytes());
    for at in 10..packed.len() {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        let outcome = read(&damaged);
        assert!(!outcome.faults().is_empty(), "byte {at} was damaged and nothing was said");
    }
}

#[test]
fn a_corrupt_stream_gives_every_record_that_stands_before_the_damage_however_it_arrives() {
    let packed = gzip(log_file(0..500).as_bytes());
    for at in (packed.len() / 4..packed.len() - 8).step_by(101) {
        let mut damaged = packed.clone();
        damaged[at] ^= 0x55;
        let (at_once, byte_by_byte) = (read(&damaged), read_from(InPieces::new(&damaged, vec![1]), ReadLimits::default()));
        assert_eq!(at_once.tally.bytes.decompressed, byte_by_byte.tally.bytes.decompressed, "byte {at}");
        assert_eq!(at_once.texts(), byte_by_byte.texts(), "byte {at}");
        assert!(at_once.tally.records >= 20, "byte {at} of {}: {:?}", packed.len(), at_once.tally);
    }
}

#[test]
fn an_object_over_the_limit_gives_the_records_before_it() {
    let plain = log_file(0..100);
    let limits = ReadLimits { object_bytes: plain.len() as u64 - 1, ..ReadLimits::default() };
    for object in [plain.clone().into_bytes(), gzip(plain.as_bytes())] {
        let outcome = read_within(object, limits);
        assert_eq!(outcome.tally.records, 100);
        assert!(matches!(unpack_error(&outcome), UnpackError::TooLarge { .. }));
        assert!(outcome.only_fault().skipped.rest_lost);
    }
    let exact = ReadLimits { object_bytes: plain.len() as u64, ..ReadLimits::default() };
    assert_eq!(read_within(&plain, exact).items.len(), 100);
}

#[test]
fn damage_behind_the_limit_for_objects_is_not_told_however_it_arrives() {
    let packed = gzip(log_file(0..500).as_bytes());
    let mut damaged = packed.clone();
    damaged[packed.len() / 2] ^= 0x55;
    let before = read(&damaged).tally.bytes.decompressed;
    for (object_bytes, is_over) in [(before - 1, true), (before, false), (before + 1, false)] {
        let limits = ReadLimits { object_bytes, ..ReadLimits::default() };
        for outcome in [read_within(&damaged, limits), read_from(InPieces::new(&damaged, vec![1]), limits)] {
            // What the damage made of the text before it is at fault too.
            let faults = outcome.faults();
            let last = &faults[faults.len() - 1].reason;
            assert!(matches!(last, FaultReason::Unpack(_)), "{last} at {object_bytes}");
            let says_too_large = matches!(last, FaultReason::Unpack(UnpackError::TooLarge { .. }));
            assert_eq!(says_too_large, is_over, "{last} at {object_bytes}");
        }
    }
}

#[test]
fn a_bomb_is_stopped_by_its_ratio_and_what_stood_before_it_is_read() {
    let plain = [log_file(0..3).as_bytes(), &vec![b' '; 64 << 20]].concat();
    let outcome = read(gzip(&plain));
    assert_eq!(outcome.tally.records, 3);
    assert!(matches!(unpack_error(&outcome), UnpackError::RatioTooHigh { limit: 200 }));
    assert!(outcome.tally.bytes.decompressed < 16 << 20);
}

#[test]
fn a_small_object_that_compresses_well_is_no_bomb() {
    let plain = log_file(0..1) + &" ".repeat(1 << 19);
    let packed = gzip(plain.as_bytes());
    assert!(plain.len() / packed.len() > 200);
    assert_eq!(read(packed).items.len(), 1);
}

/// Fails where its bytes end, once interrupted before.
struct Failing<'a> {
    bytes: &'a [u8],
    interrupted: bool,
}

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.interrupted, true) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.bytes.read(out)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            count => Ok(count),
        }
    }
}

#[test]
fn a_source_that_fails_is_told_from_a_stream_that_was_cut() {
    let plain = log_file(0..3);
    let packed = gzip(plain.as_bytes());
    for bytes in [&plain.as_bytes()[..plain.len() - 1], &packed, &packed[..packed.len() - 5], &[]] {
        let outcome = read_from(Failing { bytes, interrupted: false }, ReadLimits::default());
        assert_eq!(outcome.tally.records, if bytes.is_empty() { 0 } else { 3 });
        assert!(matches!(unpack_error(&outcome), UnpackError::Io(_)));
    }
}
