//! The same three look-ups in the record's JSON text, with a reader that builds nothing: what a policy costs that asks for
//! the format `json`. It stands on the contract alone, as a policy in another language does.
#![cfg(target_arch = "wasm32")]
#![allow(unsafe_code, reason = "the generated exports")]

use std::borrow::Cow;

use policy_sdk::guest::bindings;
use policy_sdk::guest::bindings::exports::trailwarden::policy::rules::{Answer, Finding, Guest, Verdict};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    #[serde(borrow, default)]
    user_identity: Option<Identity<'a>>,
    #[serde(borrow, default)]
    request_parameters: Option<Parameters<'a>>,
    #[serde(borrow, default, rename = "sourceIPAddress")]
    address: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow, default)]
    arn: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters<'a> {
    #[serde(borrow, default)]
    user_name: Option<Cow<'a, str>>,
}

const MANIFEST: &str = r#"{"manifest_version":"1","name":"bench-borrowed-json","version":"1","record":{"format":"json"},
    "rules":[{"id":"nobody","title":"Nobody","severity":"low","selectors":["all"]}]}"#;

struct Policy;

fn is_nobody(text: Option<&str>) -> bool {
    text == Some("nobody")
}

fn judge(record: &[u8]) -> Option<Verdict> {
    let record: Record<'_> = match serde_json::from_slice(record) {
        Ok(record) => record,
        Err(error) => return Some(Verdict::Error(error.to_string())),
    };
    let arn = record.user_identity.as_ref().and_then(|identity| identity.arn.as_deref());
    let user = record.request_parameters.as_ref().and_then(|parameters| parameters.user_name.as_deref());
    (is_nobody(arn) || is_nobody(user) || is_nobody(record.address.as_deref())).then(|| {
        let summary = "nobody did it".to_owned();
        Verdict::Finding(Finding {
            severity: None,
            title: None,
            summary,
            key: String::new(),
            grouping: None,
            more: String::new(),
        })
    })
}

impl Guest for Policy {
    fn describe() -> String {
        MANIFEST.to_owned()
    }

    fn configure(_settings: String) -> Result<(), String> {
        Ok(())
    }

    fn evaluate(records: Vec<u8>, ends: Vec<u32>, tasks: Vec<u32>) -> Vec<Answer> {
        let place = |record: u32| {
            let end = *ends.get(record as usize)? as usize;
            let begin = record.checked_sub(1).and_then(|before| ends.get(before as usize)).copied().unwrap_or_default();
            records.get(begin as usize..end)
        };
        let answer = |(number, [record, _]): (usize, &[u32; 2])| {
            Some(Answer { task: number as u32, verdict: judge(place(*record).unwrap_or_default())? })
        };
        tasks.as_chunks().0.iter().enumerate().filter_map(answer).collect()
    }

    fn conclude(_group: String) -> Result<Option<Finding>, String> {
        Ok(None)
    }
}

bindings::export!(Policy with_types_in bindings);
