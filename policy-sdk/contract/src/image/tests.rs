//! What is written is read back, whatever it is; and bytes that nobody wrote do no harm.

use proptest::prelude::*;

use super::layout::HEADER;
use super::trial::{check_against_dom, exercise};
use super::*;

fn image(json: &str) -> Vec<u8> {
    let mut image = Vec::new();
    Writer::new().write(json, &mut image).unwrap();
    image
}

fn with_root<T>(json: &str, look: impl FnOnce(Node<'_>) -> T) -> T {
    look(Image::read(&image(json)).unwrap().root())
}

fn refusal(json: &str) -> BadJson {
    let mut out = vec![7];
    let refusal = Writer::new().write(json, &mut out).unwrap_err();
    assert_eq!(out, [7], "what was there before stays, and nothing else: {json}");
    refusal
}

#[test]
fn an_image_is_what_the_format_says_byte_by_byte() {
    let json = r#"{"a":[1.0,"\n"]}"#;
    let text_end = HEADER + json.len();
    let rest: &[&[u8]] = &[
        b"\n",
        // The array's two slots: a number (3) of 3 bytes in the text, a string (4) of 1 byte behind the text.
        &(3 << 29 | 3_u32).to_le_bytes(),
        &(HEADER as u32 + 6).to_le_bytes(),
        &(4 << 29 | 1_u32).to_le_bytes(),
        &(text_end as u32).to_le_bytes(),
        // The object: its one key, its one slot, which is the array (5).
        &(HEADER as u32 + 2).to_le_bytes(),
        &1_u32.to_le_bytes(),
        &(5 << 29 | 2_u32).to_le_bytes(),
        &(text_end as u32 + 1).to_le_bytes(),
    ];
    let length = text_end + rest.iter().map(|part| part.len()).sum::<usize>();
    // The root: an object (6) of one member, behind the array.
    let root = [&(6 << 29 | 1_u32).to_le_bytes()[..], &(text_end as u32 + 17).to_le_bytes()].concat();
    let header = [&b"TWI\x01"[..], &(length as u32).to_le_bytes(), &root].concat();
    assert_eq!(image(json), [&header[..], json.as_bytes(), &rest.concat()].concat());
}

#[test]
fn values_are_read_as_they_were_written() {
    let json =
        r#" {"text":"a\u00e9\n","number":-1.50E+9,"yes":true,"no":false,"none":null,"list":[1,[],{}],"more":{"":"empty key"}} "#;
    with_root(json, |root| {
        assert_eq!(root.member("text").unwrap().str(), Some("aé\n"));
        assert_eq!(root.member("number").unwrap().number(), Some("-1.50E+9"));
        assert_eq!((root.member("yes").unwrap().flag(), root.member("no").unwrap().flag()), (Some(true), Some(false)));
        assert_eq!(root.member("none").unwrap().kind(), Kind::Null);
        assert_eq!(root.member("list").unwrap().element(0).unwrap().number(), Some("1"));
        assert_eq!(root.member("more").unwrap().member("").unwrap().str(), Some("empty key"));
        assert_eq!(root.member("lis").map(Node::kind), None);
        let keys: Vec<_> = root.members().map(|(key, _)| key).collect();
        assert_eq!(keys, ["text", "number", "yes", "no", "none", "list", "more"]);
    });
}

#[test]
fn a_value_of_another_kind_answers_nothing() {
    for json in ["null", "true", "1", "\"x\"", "[1]", "{\"a\":1}"] {
        with_root(json, |root| {
            assert_eq!(root.str().is_some(), json.starts_with('"'), "{json}");
            assert_eq!(root.number().is_some(), json == "1", "{json}");
            assert_eq!(root.flag().is_some(), json == "true", "{json}");
            assert_eq!(root.elements().count(), usize::from(json == "[1]"), "{json}");
            assert_eq!(root.members().count(), usize::from(json == "{\"a\":1}"), "{json}");
            assert_eq!(root.element(1).map(Node::kind), None, "{json}");
        });
    }
}

#[test]
fn the_last_of_equal_keys_counts_in_the_first_ones_place() {
    for members in [0, 2, 20, 60] {
        let others: String = (0..members).map(|number| format!(r#","k{number}":{number},"k{number}":-{number}"#)).collect();
        let json = format!(r#"{{"a":1,"b":2,"\u0061":3,"b":4{others}}}"#);
        with_root(&json, |root| {
            let first: Vec<_> = root.members().take(2).map(|(key, value)| (key, value.number().unwrap())).collect();
            assert_eq!(first, [("a", "3"), ("b", "4")]);
            assert_eq!(root.members().count(), members + 2);
        });
        check_against_dom(&json).unwrap();
    }
}

#[test]
fn objects_of_every_size_are_searched() {
    for members in (0..40).chain([1000]) {
        let members: Vec<_> = (0..members).map(|number| format!(r#""key {number}":{number}"#)).collect();
        check_against_dom(&format!("{{{}}}", members.join(","))).unwrap();
    }
}

#[test]
fn buckets_are_what_the_format_says() {
    // Five members have 16 buckets.
    let image = image(r#"{"a":1,"b":2,"c":3,"d":4,"e":5}"#);
    let buckets = image.last_chunk::<16>().unwrap();
    for (key, number) in ["a", "b", "c", "d", "e"].into_iter().zip(1..) {
        let wanted = layout::hash(key.as_bytes()) as usize;
        let found = (0..16).map(|step| (wanted + step) % 16).find(|bucket| buckets[*bucket] == number).unwrap();
        let between = (0..16).map(|step| (wanted + step) % 16).take_while(|bucket| *bucket != found);
        assert!(between.into_iter().all(|bucket| buckets[bucket] != 0), "{key} is behind a free bucket");
    }
    assert_eq!(buckets.iter().filter(|number| **number != 0).count(), 5);
}

#[test]
fn keys_that_share_a_hash_are_told_apart_and_cost_little() {
    for count in [30, 20_000] {
        // The middle of a long key is not hashed.
        let keys: Vec<_> = (0..count).map(|number| format!("12345678{number:08}12345678")).collect();
        let hashes: std::collections::BTreeSet<u32> = keys.iter().map(|key| layout::hash(key.as_bytes())).collect();
        assert_eq!(hashes.len(), 1);
        let members: Vec<_> = keys.iter().map(|key| format!("\"{key}\":\"{key}\"")).collect();
        // A search through all of them for each would compare 200 million pairs.
        with_root(&format!("{{{}}}", members.join(",")), |root| {
            assert!(keys.iter().all(|key| root.member(key).and_then(Node::str) == Some(key)));
            assert!(root.member("12345678999999991234567").is_none());
            assert!(root.member("12345678xxxxxxxx12345678").is_none(), "the hash of the others, and another key");
        });
    }
}

#[test]
fn what_is_no_json_is_refused_at_its_place() {
    for (json, at, expected) in [
        ("", 0, Expected::Value),
        ("nul", 0, Expected::Value),
        ("{", 1, Expected::KeyOrEnd),
        ("{1", 1, Expected::KeyOrEnd),
        (r#"{"a""#, 4, Expected::Colon),
        (r#"{"a":}"#, 5, Expected::Value),
        (r#"{"a":1,}"#, 7, Expected::Key),
        (r#"{"a":1]"#, 6, Expected::CommaOrObjectEnd),
        ("[1,]", 3, Expected::Value),
        ("[1}", 2, Expected::CommaOrArrayEnd),
        ("[1", 2, Expected::CommaOrArrayEnd),
        ("01", 1, Expected::End),
        ("1.", 2, Expected::Digit),
        ("-", 1, Expected::Digit),
        ("1e+", 3, Expected::Digit),
        ("{} {}", 3, Expected::End),
        ("\"a", 2, Expected::StringEnd),
    ] {
        assert_eq!(refusal(json), BadJson::Syntax { at, expected }, "{json:?}");
        check_against_dom(json).unwrap();
    }
}

#[test]
fn nesting_ends_where_the_other_readers_end() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested =
            |levels: usize| format!("{}{}{}", open.repeat(levels), if open == "[" { "" } else { "1" }, close.repeat(levels));
        check_against_dom(&nested(DEEPEST)).unwrap();
        check_against_dom(&nested(DEEPEST + 1)).unwrap();
        assert!(image(&nested(DEEPEST)).len() > DEEPEST);
        assert_eq!(refusal(&nested(DEEPEST + 1)), BadJson::TooDeep { at: DEEPEST * open.len() });
    }
    with_root(&"[".repeat(DEEPEST).chars().chain("]".repeat(DEEPEST).chars()).collect::<String>(), |root| {
        assert_eq!(root.to_string(), format!("{}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST)));
    });
}

#[test]
fn bytes_that_are_no_image_are_refused() {
    let good = image("{}");
    assert_eq!(Image::read(b"").unwrap_err(), BadImage::NoImage);
    assert_eq!(Image::read(b"{\"eventName\":\"A\"}").unwrap_err(), BadImage::NoImage);
    assert_eq!(Image::read(&good[..HEADER - 1]).unwrap_err(), BadImage::NoImage);
    let changed =
        |at: usize, byte: u8| good.iter().enumerate().map(|(place, old)| if place == at { byte } else { *old }).collect();
    let other_version: Vec<u8> = changed(3, 2);
    assert_eq!(Image::read(&other_version).unwrap_err(), BadImage::OtherVersion { version: 2 });
    let without_root: Vec<u8> = changed(11, 0xff);
    assert_eq!(Image::read(&without_root).unwrap_err(), BadImage::NoRoot);
    let longer = [&good[..], &[0]].concat();
    assert!(matches!(Image::read(&longer).unwrap_err(), BadImage::OtherLength { bytes, .. } if bytes == longer.len()));
}

#[test]
fn an_image_that_holds_itself_many_times_ends() {
    // An array of a thousand slots, each of which is the array itself.
    let slot = [(5_u32 << 29 | 1000).to_le_bytes(), (HEADER as u32).to_le_bytes()].concat();
    let length = (HEADER + 8 * 1000) as u32;
    let image = [&b"TWI\x01"[..], &length.to_le_bytes(), &slot, &slot.repeat(1000)].concat();
    assert_eq!(exercise(&image), 1001);
    let root = Image::read(&image).unwrap().root();
    assert_eq!(root.to_string(), format!("[{}]", vec!["null"; 1000].join(",")));
}

fn any_json() -> impl Strategy<Value = String> {
    let key = prop_oneof!["[a-c]{0,2}", "[a-z]{0,20}", "\\PC{0,12}", Just("eventName".to_owned())];
    let number = "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?";
    let text = prop_oneof!["[ -~é€😀]{0,40}", ".{0,12}"].prop_map(|text| serde_json::Value::String(text).to_string());
    let escaped = "(\\\\[\"\\\\/bfnrt]|\\\\u00[0-7][0-9a-fA-F]|\\\\ud83d\\\\ude00|x){0,6}".prop_map(|text| format!("\"{text}\""));
    let word = prop_oneof![Just("null"), Just("true"), Just("false"), Just("\"Failure\"")].prop_map(str::to_owned);
    let space = prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("\n\t\r ")];
    prop_oneof![number, text, escaped, word].prop_recursive(6, 128, 48, move |inner| {
        let element =
            (space.clone(), inner.clone(), space.clone()).prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (key.clone(), space.clone(), element.clone())
            .prop_map(|(key, between, value)| format!("{}{between}:{value}", serde_json::Value::String(key)));
        prop_oneof![
            prop::collection::vec(element, 0..6).prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec(member, 0..48).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

/// Changes, cuts and repeats bytes.
fn damage(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    for (place, byte) in changes {
        if bytes.is_empty() {
            break;
        }
        let at = place.index(bytes.len());
        match byte % 8 {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, *byte),
            2 => drop(bytes.remove(at)),
            _ => bytes[at] = *byte,
        }
    }
    bytes
}

proptest! {
    #[test]
    fn an_image_says_what_the_tree_says(json in any_json()) {
        prop_assert_eq!(check_against_dom(&json), Ok(()));
    }

    #[test]
    fn what_is_written_again_is_the_same(json in any_json()) {
        let text = with_root(&json, |root| root.to_string());
        prop_assert_eq!(with_root(&text, |root| root.to_string()), text);
    }

    #[test]
    fn writer_and_tree_refuse_the_same_texts(json in any_json(), changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4)) {
        let damaged = damage(json.into_bytes(), &changes);
        if let Ok(text) = std::str::from_utf8(&damaged) {
            prop_assert_eq!(check_against_dom(text), Ok(()));
        }
    }

    #[test]
    fn any_text_is_written_or_refused(json in "[\\[\\]{}\",:\\\\ue0-9.a-z -]{0,40}") {
        prop_assert_eq!(check_against_dom(&json), Ok(()));
    }

    #[test]
    fn damaged_images_do_no_harm(json in any_json(), changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..8)) {
        let mut damaged = damage(image(&json), &changes);
        // A wrong length would be all that is noticed.
        let length = (damaged.len() as u32).to_le_bytes();
        if let Some(field) = damaged.get_mut(4..8) {
            field.copy_from_slice(&length);
        }
        exercise(&damaged);
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes);
        let header = [&b"TWI\x01"[..], &(HEADER as u32 + bytes.len() as u32 - 8).to_le_bytes()].concat();
        exercise(&[&header[..], &bytes].concat());
    }
}
