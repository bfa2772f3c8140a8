//! The fuzzers' entry points as property tests: what a fuzzer looks at for hours is looked at for seconds in every test run.

use fuzz::{TARGETS, answers, boundary, image, manifest, splitter};
use proptest::collection::vec;
use proptest::prelude::*;

const RECORD: &str =
    r#"{"eventID":"1","eventName":"CreateUser","eventSource":"iam.amazonaws.com","n":[1.0,{"a":null}],"s":"\u00e9\n"}"#;
/// A record whose event name has an API version, and a text with all that can confuse who looks for its end.
const ODD_RECORD: &str =
    r#"{"eventID":"2","eventName":"CreateUser20100508v2","eventSource":"iam.amazonaws.com","s":"\"}],{\\","t":["]",{}]}"#;
const MANIFEST: &str = r#"{"manifest_version":"1","name":"p","version":"1","rules":[{"id":"a","title":"A","severity":"low","selectors":["all"]},{"id":"b","title":"B","severity":"low","selectors":[{"match":{"event_name":["CreateUser","Get*"],"event_source":["iam.amazonaws.com"],"outcome":["success"]}}]}]}"#;

/// A text with some of its bytes replaced, taken away and doubled.
fn damaged(text: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), prop::option::of(any::<u8>()), any::<bool>());
    vec(change, 0..4).prop_map(move |changes| {
        let mut bytes = text.to_vec();
        for (at, byte, doubles) in changes {
            let at = at.index(bytes.len());
            match byte {
                Some(byte) => bytes[at] = byte,
                None if doubles => bytes.insert(at, bytes[at]),
                None => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        bytes
    })
}

fn damaged_record() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![damaged(RECORD.as_bytes()), damaged(ODD_RECORD.as_bytes())]
}

fn joined(parts: impl IntoIterator<Item = Vec<u8>>, between: &[u8]) -> Vec<u8> {
    parts.into_iter().collect::<Vec<_>>().join(between)
}

#[test]
fn an_object_that_is_cut_at_its_limit_is_the_same_however_much_of_it_arrives_at_once() {
    // At most 0 bytes, in pieces of one byte.
    splitter(&[&[192, 0, 0, 0], &[0; 44][..]].concat());
}

proptest! {
    #[test]
    fn any_bytes_at_all_do_no_harm_anywhere(bytes in vec(any::<u8>(), 0..400)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn objects_of_damaged_records_are_read(
        controls in any::<[u8; 4]>(),
        records in vec(damaged_record(), 0..6),
        between in prop::sample::select(vec![&b"\n"[..], b",", b"", b" \xef\xbb\xbf"]),
        wrapped in any::<bool>(),
    ) {
        let records = joined(records, between);
        let object = if wrapped { [b"{\"Records\":[", &records[..], b"]}"].concat() } else { records };
        splitter(&[&controls, &object[..]].concat());
    }

    #[test]
    fn damaged_manifests_are_refused_or_mean_what_they_say(
        document in damaged(MANIFEST.as_bytes()),
        record in damaged_record(),
    ) {
        manifest(&joined([document, record], b"\0"));
    }

    #[test]
    fn damaged_texts_make_images_like_trees_or_none(text in damaged_record()) {
        image(&[b"\0", &text[..]].concat());
    }

    #[test]
    fn damaged_images_do_no_harm(
        chosen in prop::sample::select(vec![1, 3]),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = vec![chosen];
        policy_contract::image::Writer::new().write(RECORD, &mut bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for (at, byte) in changes {
            let at = 1 + at.index(bytes.len() - 1);
            bytes[at] = byte;
        }
        image(&bytes);
    }

    #[test]
    fn any_answers_are_accepted_or_refused_one_by_one(bytes in vec(any::<u8>(), 0..2_000)) {
        answers(&bytes);
    }

    #[test]
    fn whatever_a_guest_returns_fails_its_own_records_and_no_others(bytes in vec(any::<u8>(), 0..600)) {
        boundary(&bytes);
    }
}
