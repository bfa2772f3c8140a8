use policy_contract::image::{Image, Writer};
use policy_contract::manifest::TableKind;
use policy_contract::tables::Table;
use proptest::prelude::*;

use super::*;

fn image(json: &str) -> Vec<u8> {
    let mut image = Vec::new();
    Writer::new().write(json, &mut image).unwrap();
    image
}

fn field(path: &str, test: Test) -> Condition {
    Condition { asked: Asked::Field { path: path.parse().unwrap(), text: path.to_owned() }, test }
}

fn fact(fact: Fact, test: Test) -> Condition {
    Condition { asked: Asked::Fact(fact), test }
}

fn equals(text: &str) -> Test {
    Test::OneOf(vec![text.to_owned()])
}

fn cidr(networks: &[&str]) -> Test {
    Test::Cidr(Arc::new(Table::of_networks(networks.iter().copied()).unwrap()))
}

fn is_met(condition: &Condition, json: &str) -> bool {
    condition.is_met(Image::read(&image(json)).unwrap().root())
}

const SESSION: &str = r#"{"eventName":"UpdateFunctionCode20150331v2","sourceIPAddress":"::ffff:10.1.2.3","readOnly":false,
    "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/ci-runner/i-0abc",
        "sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/ci/ci-runner","accountId":"111122223333"}}},
    "requestParameters":{"port":443,"ratio":1.68E9,"nothing":null,"rules":[{"cidr":"10.0.0.0/8"},{"cidr":"10.1.0.0/16"}],"empty":[]}}"#;

#[test]
fn each_operator_means_what_it_says() {
    let like = |pattern: &str| Test::Like(pattern.to_owned());
    let table = |kind, text| Test::InTable("t".parse().unwrap(), Arc::new(Table::parse(kind, text).unwrap()));
    let port = "requestParameters.port";
    for (condition, expected) in [
        (field("eventName", equals("UpdateFunctionCode20150331v2")), true),
        (field("eventName", equals("UpdateFunctionCode")), false),
        (field("eventName", equals("updatefunctioncode20150331v2")), false),
        (field("eventName", like("UpdateFunctionCode*")), true),
        (field("eventName", like("*Function*")), true),
        (field("eventName", like("Function*")), false),
        (field(port, equals("443")), true),
        (field(port, equals("443.0")), false),
        (field("requestParameters.ratio", equals("1.68E9")), true),
        (field("readOnly", equals("false")), true),
        (field("readOnly", equals("true")), false),
        (field("sourceIPAddress", cidr(&["192.0.2.0/24", "10.0.0.0/8"])), true),
        (field("sourceIPAddress", cidr(&["10.2.0.0/16"])), false),
        (field("eventName", cidr(&["0.0.0.0/0", "::/0"])), false),
        (field("requestParameters.nothing", Test::Absent), true),
        (field("requestParameters.nothing", Test::Present), false),
        (field("requestParameters.nothing.deeper", Test::Absent), true),
        (field(port, Test::Absent), false),
        (field(port, Test::Present), true),
        (field("requestParameters", Test::Present), true),
        (field("requestParameters", equals("")), false),
        (field("sourceIPAddress", table(TableKind::Cidr, "10.0.0.0/8")), true),
        (field("eventName", table(TableKind::Cidr, "10.0.0.0/8")), false),
        (field("eventName", table(TableKind::Exact, "UpdateFunctionCode20150331v2")), true),
        (fact(Fact::Principal, table(TableKind::Arn, "arn:aws:iam::*:role/ci/*")), true),
        (fact(Fact::Principal, table(TableKind::Map, r#"{"arn:aws:iam::111122223333:role/ci/ci-runner": 1}"#)), true),
    ] {
        assert_eq!(is_met(&condition, SESSION), expected, "{} {}", condition.asked, condition.test);
    }
}

#[test]
fn facts_are_those_by_which_rules_are_routed() {
    for (condition, expected) in [
        (fact(Fact::EventName, equals("UpdateFunctionCode")), true),
        (fact(Fact::EventName, equals("UpdateFunctionCode20150331v2")), true),
        (fact(Fact::Outcome, equals("success")), true),
        (fact(Fact::ReadOnly, equals("false")), true),
        (fact(Fact::ActorAccount, equals("111122223333")), true),
        (fact(Fact::PrincipalType, equals("AssumedRole")), true),
        (fact(Fact::ErrorCode, Test::Absent), true),
        (fact(Fact::Region, Test::Present), false),
        (fact(Fact::SourceAddress, cidr(&["10.0.0.0/8"])), true),
        (fact(Fact::Principal, equals("arn:aws:iam::111122223333:role/ci/ci-runner")), true),
        (fact(Fact::Principal, equals("arn:aws:sts::111122223333:assumed-role/ci-runner/i-0abc")), false),
    ] {
        assert_eq!(is_met(&condition, SESSION), expected, "{} {}", condition.asked, condition.test);
    }
    let user = r#"{"userIdentity":{"arn":"u","sessionContext":{"sessionIssuer":{"type":"IAMUser","arn":"issuer"}}}}"#;
    assert!(is_met(&fact(Fact::Principal, equals("u")), user), "an issuer that is no role is not who acted");
    let empty = r#"{"userIdentity":{"arn":"u","sessionContext":{"sessionIssuer":{"arn":""}}}}"#;
    assert!(is_met(&fact(Fact::Principal, equals("u")), empty));
}

/// What an attacker would add to a record so that an exception hides it.
#[test]
fn of_a_list_every_element_must_meet_it() {
    let inside = field("rules[].cidr", Test::Like("10.*".to_owned()));
    for (record, expected) in [
        (r#"{"rules":[{"cidr":"10.0.0.0/8"},{"cidr":"10.1.0.0/16"}]}"#, true),
        (r#"{"rules":[{"cidr":"10.0.0.0/8"},{"cidr":"0.0.0.0/0"}]}"#, false),
        (r#"{"rules":[{"cidr":"10.0.0.0/8"},{"cidr6":"::/0"}]}"#, false),
        (r#"{"rules":[{"cidr":"10.0.0.0/8"},{"cidr":null}]}"#, false),
        (r#"{"rules":[{"cidr":"10.0.0.0/8"},"10.0.0.0/8"]}"#, false),
        (r#"{"rules":[]}"#, false),
        (r#"{"rules":{"cidr":"10.0.0.0/8"}}"#, false),
        (r#"{"rules":null}"#, false),
        ("{}", false),
    ] {
        assert_eq!(is_met(&inside, record), expected, "{record}");
    }
    let absent = field("rules[].cidr", Test::Absent);
    for (record, expected) in [
        (r#"{"rules":[{"cidr6":"::/0"},{"cidr":null}]}"#, true),
        (r#"{"rules":[{"cidr6":"::/0"},{"cidr":"x"}]}"#, false),
        (r#"{"rules":[]}"#, true),
        ("{}", true),
        (r#"{"rules":{"cidr":"x"}}"#, false),
    ] {
        assert_eq!(is_met(&absent, record), expected, "{record}");
    }
}

#[test]
fn hostile_fields_meet_nothing_they_should_not() {
    let role = "arn:aws:iam::111122223333:role/ci";
    let is_role = field("userIdentity.arn", equals(role));
    for (record, expected) in [
        // The last of two keys counts, as for every rule.
        (format!(r#"{{"userIdentity":{{"arn":"{role}","arn":"other"}}}}"#), false),
        (format!(r#"{{"userIdentity":{{"arn":"other","arn":"{role}"}}}}"#), true),
        (format!(r#"{{"userIdentity":{{"arn":"{role}"}},"userIdentity":{{}}}}"#), false),
        (format!(r#"{{"userIdentity":{{"arn":["{role}"]}}}}"#), false),
        (format!(r#"{{"userIdentity":{{"arn":{{"arn":"{role}"}}}}}}"#), false),
        (format!(r#"{{"userIdentity.arn":"{role}"}}"#), false),
        (format!(r#"{{"userIdentity":"{role}"}}"#), false),
        (format!(r#"{{"userIdentity":{{"a\u0072n":"{role}"}}}}"#), true),
        (format!(r#"{{"userIdentity":{{"arn":"{role}\u0000"}}}}"#), false),
        (r#"{"userIdentity":{"arn":12}}"#.to_owned(), false),
    ] {
        assert_eq!(is_met(&is_role, &record), expected, "{record}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(crate::limits::CONDITION_TEXT + 1));
    assert!(!is_met(&field("a", Test::Like("x*".to_owned())), &long), "a text beyond the limit is not compared");
    assert!(is_met(&field("a", Test::Present), &long));
    let deep = format!(r#"{{"a":{}1{}}}"#, r#"{"a":"#.repeat(120), "}".repeat(120));
    assert!(is_met(&field(&vec!["a"; 121].join("."), equals("1")), &deep));
    assert!(!is_met(&field(&vec!["a"; 122].join("."), Test::Present), &deep));
}

fn exception(id: &str, expires: &str, conditions: Vec<Condition>) -> Arc<Exception> {
    let suppression = Suppression {
        exception: id.parse().unwrap(),
        reason: "on purpose".into(),
        owner: "ops".into(),
        expires: expires.parse().unwrap(),
    };
    Arc::new(Exception { suppression: Arc::new(suppression), rule: Some("r".parse().unwrap()), conditions })
}

#[test]
fn the_first_that_is_met_and_not_expired_counts() {
    let at = |now: &str| {
        let list = vec![
            exception("first", "2026-04-03T00:00:00Z", vec![field("a", equals("1"))]),
            exception("both", "2026-04-10T00:00:00Z", vec![field("a", equals("1")), field("b", equals("2"))]),
            exception("second", "2026-04-05T00:00:00Z", vec![field("a", Test::Present)]),
        ];
        Exceptions::new(list, Now::At(now.parse().unwrap()))
    };
    let image = image(r#"{"a":1}"#);
    let root = Image::read(&image).unwrap().root();
    for (now, expected) in
        [("2026-04-02T23:59:59Z", Some("first")), ("2026-04-03T00:00:00Z", Some("second")), ("2026-04-05T00:00:00Z", None)]
    {
        let exceptions = at(now);
        assert_eq!(exceptions.first_met(root).map(|met| met.exception.as_str()), expected, "{now}");
    }
}

#[test]
fn an_exception_is_announced_a_week_before_its_end() {
    let exception = exception("e", "2026-04-08T00:00:00Z", Vec::new());
    for (now, expected) in [
        ("2026-04-01T00:00:00Z", Standing::InForce),
        ("2026-04-01T00:00:01Z", Standing::EndsSoon),
        ("2026-04-07T23:59:59.999Z", Standing::EndsSoon),
        ("2026-04-08T00:00:00Z", Standing::Expired),
    ] {
        assert_eq!(exception.standing(now.parse().unwrap()), expected, "{now}");
    }
}

#[test]
fn what_the_host_says_of_an_expired_one_has_an_identity_of_its_own() {
    let policy = "p".parse().unwrap();
    let [one, other] = ["one", "other"].map(|id| exception(id, "2026-04-08T00:00:00Z", Vec::new()).expired_finding(&policy));
    assert_ne!(one.id(), other.id());
    let later = exception("one", "2026-05-01T00:00:00Z", Vec::new()).expired_finding(&policy);
    assert_eq!(one.id(), later.id());
    assert!(one.reason.starts_with("the exception 'one' of p/r (on purpose) expired at 2026-04-08T00:00:00Z"), "{}", one.reason);
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["null", "true", "0", "1.68E9", "\"\"", "\"a\"", "\"10.0.0.1\"", "[]", "{}"]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 60, 6, |inner| {
        let member = (prop::sample::select(vec!["a", "b", "a.b", ""]), inner.clone())
            .prop_map(|(key, value)| format!("\"{key}\":{value}"));
        prop_oneof![
            prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
            prop::collection::vec(inner, 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
        ]
    })
}

proptest! {
    /// Where a condition on a value is met, the value is there; and nothing is both there and not there.
    #[test]
    fn any_record_can_be_asked(json in any_json(), path in prop::sample::select(vec!["a", "a.b", "a[]", "a[].b", "a[0]", "\"a.b\"[].a[]", "b.a[][]"])) {
        let [present, absent, equal, address] =
            [Test::Present, Test::Absent, equals("a"), cidr(&["10.0.0.0/8"])].map(|test| is_met(&field(path, test), &json));
        prop_assert!(!(present && absent), "{}", json);
        prop_assert!(present || !(equal || address), "{}", json);
        let image = image(&json);
        let root = Image::read(&image).unwrap().root();
        prop_assert!(!field(path, Test::Absent).found(root).is_empty());
        for fact in Fact::ALL {
            let condition = Condition { asked: Asked::Fact(fact), test: Test::Present };
            prop_assert_eq!(condition.is_met(root), condition.found(root) != "absent");
        }
    }
}
