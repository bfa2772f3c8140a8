//! The same fields, looked up in a record's image: what the host does, which makes the image anyway.

use std::borrow::Cow;

use super::{Fields, Outcome};
use crate::image::{Kind, Node};

impl<'a> Fields<'a> {
    /// Looks the fields up in a record's image, by its root; none where that is no object. They are those that
    /// [`Fields::from_json`] reads in the record's text.
    pub fn in_image(root: Node<'a>) -> Option<Self> {
        if root.kind() != Kind::Object {
            return None;
        }
        let identity = root.member("userIdentity");
        let issuer = || identity?.member("sessionContext")?.member("sessionIssuer");
        let event_name = text(Some(root), "eventName");
        let error_code = text(Some(root), "errorCode");
        let has_error = ["errorCode", "errorMessage"].into_iter().any(|key| is_there(root, key));
        let says_failure = |name: &Cow<'_, str>| text(root.member("responseElements"), name).as_deref() == Some("Failure");
        Some(Self {
            event_source: text(Some(root), "eventSource"),
            event_category: text(Some(root), "eventCategory"),
            event_type: text(Some(root), "eventType"),
            principal_type: text(identity, "type"),
            outcome: Outcome::of(error_code.as_deref(), has_error, event_name.as_ref().is_some_and(says_failure)),
            event_name,
            error_code,
            read_only: root.member("readOnly").and_then(Node::flag),
            region: text(Some(root), "awsRegion"),
            actor_account: text(identity, "accountId").or_else(|| text(issuer(), "accountId")),
            recipient_account: text(Some(root), "recipientAccountId").or_else(|| text(Some(root), "accountId")),
        })
    }
}

fn text<'a>(object: Option<Node<'a>>, key: &str) -> Option<Cow<'a, str>> {
    object?.member(key)?.str().map(Cow::Borrowed)
}

fn is_there(root: Node<'_>, key: &str) -> bool {
    root.member(key).is_some_and(|value| value.kind() != Kind::Null)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::image::{Image, Writer};

    /// Members of a record whose keys are those that count, in any number and order, and whose values are of any type.
    fn record() -> impl Strategy<Value = String> {
        let keys = prop::sample::select(vec![
            "eventSource",
            "eventName",
            "eventCategory",
            "eventType",
            "awsRegion",
            "recipientAccountId",
            "accountId",
            "errorCode",
            "errorMessage",
            "readOnly",
            "responseElements",
            "userIdentity",
            "type",
            "sessionContext",
            "sessionIssuer",
            "Failure",
            r"event\u004eame",
            "other",
        ]);
        let leaf = prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "1.68E9",
            "\"\"",
            "\"Failure\"",
            r#""Fail\u0075re""#,
            "\"true\"",
            "\"eventName\"",
            "\"Client.DryRunOperation\"",
            "\"111122223333\"",
            "[]",
            "{}",
        ])
        .prop_map(str::to_owned);
        let value = leaf.prop_recursive(4, 60, 8, move |inner| {
            let member = (keys.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
            prop_oneof![
                3 => prop::collection::vec(member, 0..14).prop_map(|members| format!("{{{}}}", members.join(","))),
                1 => prop::collection::vec(inner, 0..3).prop_map(|elements| format!("[{}]", elements.join(","))),
            ]
        });
        value.prop_filter("an object", |text| text.starts_with('{'))
    }

    fn agree(json: &str) -> Result<(), TestCaseError> {
        let mut image = Vec::new();
        Writer::new().write(json, &mut image).unwrap();
        let root = Image::read(&image).unwrap().root();
        prop_assert_eq!(Fields::in_image(root), Fields::from_json(json).ok(), "{}", json);
        Ok(())
    }

    #[test]
    fn what_is_looked_up_is_what_is_read() {
        for json in [
            "[]",
            "3",
            "{}",
            r#"{"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Fail\u0075re"}}"#,
            r#"{"userIdentity":{"sessionContext":{"sessionIssuer":{"accountId":"1"}},"sessionContext":{}}}"#,
            r#"{"userIdentity":{"sessionContext":{"sessionIssuer":{"accountId":"1"},"sessionIssuer":3}}}"#,
            r#"{"userIdentity":{"accountId":"1","accountId":null,"type":"Root"},"readOnly":"true"}"#,
            r#"{"userIdentity":{"type":"Root"},"userIdentity":"x","errorCode":404,"eventName":"é"}"#,
        ] {
            agree(json).unwrap();
        }
    }

    proptest! {
        #[test]
        fn what_is_looked_up_in_any_record_is_what_is_read(json in record()) {
            agree(&json)?;
        }
    }
}
