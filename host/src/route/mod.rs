//! From a record's indexed fields to the rules that want it.
//!
//! Takes the selectors of all rules of all policies, once; gives for each record the subscribers that select it, each once
//! and in order. A policy is never called for a record that none of its rules selects.
//!
//! Selectors that name event sources and names, as nearly all do, are found by look-up; the others are tried one by one.
//! The rest of a selector's conditions is always checked by [`Selector::matches`], so that the index can only be too
//! generous, never wrong.

use std::collections::HashMap;

use policy_contract::fields::{Fields, unversioned};
use policy_contract::selector::{Conditions, Pattern, Selector};

/// Finds subscribers by a record's fields.
#[derive(Debug, Default)]
pub struct Router<S> {
    selectors: Vec<(S, Selector)>,
    /// Selectors by an event name that they want exactly.
    by_name: HashMap<String, Vec<usize>>,
    /// Selectors without an exact name, by an event source that they want.
    by_source: HashMap<String, Vec<usize>>,
    /// Selectors that name neither.
    others: Vec<usize>,
}

impl<S: Copy + Ord> Router<S> {
    /// A router without subscribers.
    pub fn new() -> Self {
        Self { selectors: Vec::new(), by_name: HashMap::new(), by_source: HashMap::new(), others: Vec::new() }
    }

    /// Lets a subscriber have the records that a selector selects. Several selectors of one subscriber are alternatives.
    pub fn subscribe(&mut self, subscriber: S, selector: Selector) {
        let position = self.selectors.len();
        match keys(&selector) {
            Keys::Names(names) => names.into_iter().for_each(|name| self.by_name.entry(name).or_default().push(position)),
            Keys::Sources(sources) => {
                sources.into_iter().for_each(|source| self.by_source.entry(source).or_default().push(position));
            }
            Keys::None => self.others.push(position),
        }
        self.selectors.push((subscriber, selector));
    }

    /// Replaces `found` with the subscribers that select a record with these fields, each once, in order.
    pub fn route(&self, fields: &Fields<'_>, found: &mut Vec<S>) {
        found.clear();
        let name = fields.event_name.as_deref();
        let bare_name = name.map(unversioned).filter(|bare| Some(*bare) != name);
        let named = [name, bare_name].into_iter().flatten().filter_map(|name| self.by_name.get(name));
        let sourced = fields.event_source.as_deref().and_then(|source| self.by_source.get(source));
        for position in named.chain(sourced).chain([&self.others]).flatten() {
            if let Some((subscriber, selector)) = self.selectors.get(*position)
                && selector.matches(fields)
            {
                found.push(*subscriber);
            }
        }
        found.sort_unstable();
        found.dedup();
    }
}

/// What a selector can be found by.
enum Keys {
    Names(Vec<String>),
    Sources(Vec<String>),
    None,
}

fn keys(selector: &Selector) -> Keys {
    let Selector::Match(conditions) = selector else { return Keys::None };
    let Conditions { event_name, event_source, .. } = conditions.as_ref();
    let exact = |pattern: &Pattern| match pattern {
        Pattern::Exactly(name) => Some(name.clone()),
        Pattern::Prefix(_) => None,
    };
    let exact_names: Option<Vec<String>> = event_name.iter().map(exact).collect();
    match exact_names {
        Some(names) if !names.is_empty() => Keys::Names(names),
        _ if !event_source.is_empty() => Keys::Sources(event_source.clone()),
        _ => Keys::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn selector(json: &str) -> Selector {
        serde_json::from_str(json).unwrap()
    }

    fn routed(router: &Router<u32>, record: &str) -> Vec<u32> {
        let mut found = vec![99];
        router.route(&Fields::from_json(record).unwrap(), &mut found);
        found
    }

    #[test]
    fn a_subscriber_gets_a_record_once_however_many_selectors_match() {
        let mut router = Router::new();
        router.subscribe(7, Selector::All);
        router.subscribe(3, selector(r#"{"match":{"event_name":["UpdateFunctionCode"]}}"#));
        router.subscribe(3, selector(r#"{"match":{"event_name":["UpdateFunctionCode20150331v2"]}}"#));
        router.subscribe(1, selector(r#"{"match":{"event_source":["lambda.amazonaws.com"],"read_only":true}}"#));
        let record = r#"{"eventSource":"lambda.amazonaws.com","eventName":"UpdateFunctionCode20150331v2","readOnly":false}"#;
        assert_eq!(routed(&router, record), [3, 7]);
        assert_eq!(routed(&router, "{}"), [7]);
    }

    fn any_selector() -> impl Strategy<Value = Selector> {
        let names = prop::collection::vec(prop::sample::select(vec!["Get", "Get20150331", "Put*", "G*", "List"]), 0..3);
        let sources = prop::collection::vec(prop::sample::select(vec!["s3", "iam"]), 0..3);
        (names, sources, prop::option::of(any::<bool>())).prop_map(|(names, sources, read_only)| {
            if names.is_empty() && sources.is_empty() && read_only.is_none() {
                return Selector::All;
            }
            let event_name = names.into_iter().map(|name| Pattern::try_from(name.to_owned()).unwrap()).collect();
            let event_source = sources.into_iter().map(str::to_owned).collect();
            Selector::Match(Box::new(Conditions { event_name, event_source, read_only, ..Conditions::default() }))
        })
    }

    proptest! {
        #[test]
        fn the_index_finds_what_trying_every_selector_finds(
            selectors in prop::collection::vec((0..4_u32, any_selector()), 0..12),
            name in prop::sample::select(vec!["Get", "Get20150331", "Get20150331v2", "PutX", "List", ""]),
            source in prop::sample::select(vec!["s3", "iam", "ec2"]),
            read_only in any::<bool>(),
        ) {
            let record = format!(r#"{{"eventName":"{name}","eventSource":"{source}","readOnly":{read_only}}}"#);
            let fields = Fields::from_json(&record).unwrap();
            let mut expected: Vec<u32> =
                selectors.iter().filter(|(_, selector)| selector.matches(&fields)).map(|(subscriber, _)| *subscriber).collect();
            expected.sort_unstable();
            expected.dedup();
            let mut router = Router::new();
            for (subscriber, selector) in selectors {
                router.subscribe(subscriber, selector);
            }
            prop_assert_eq!(routed(&router, &record), expected);
        }
    }
}
