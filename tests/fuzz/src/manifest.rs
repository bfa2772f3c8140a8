//! Any manifest, and any record that its rules are to be found for.

use policy_contract::fields::Fields;
use policy_contract::manifest::Manifest;
use trailwarden::route::Router;

/// Reads the manifest before the first zero byte, and routes the record behind it.
///
/// # Panics
/// A manifest that was accepted is not when it is written and read again, a text that names something hides in it, or the
/// index of the rules finds others than asking each one does.
pub fn manifest(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (document, record) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(manifest) = serde_json::from_slice::<Manifest>(document) else { return };
    let checked = manifest.check();
    let written = serde_json::to_string(&manifest);
    let again = written.as_deref().map(serde_json::from_str::<Manifest>);
    assert!(matches!(&again, Ok(Ok(again)) if *again == manifest), "written and read again it is another: {written:?}");
    if checked.is_err() {
        return;
    }
    let Ok(Ok(fields)) = std::str::from_utf8(record).map(Fields::from_json) else { return };

    let mut router = Router::new();
    let mut expected = Vec::new();
    for (position, rule) in manifest.rules.iter().enumerate() {
        if rule.selectors.iter().any(|selector| selector.matches(&fields)) {
            expected.push(position);
        }
        rule.selectors.iter().for_each(|selector| router.subscribe(position, selector.clone()));
        let unmet = |selector: &policy_contract::selector::Selector| selector.unmet(&fields).is_empty();
        assert_eq!(rule.selectors.iter().any(unmet), expected.last() == Some(&position), "what is unmet says otherwise");
    }
    let mut found = vec![usize::MAX];
    router.route(&fields, &mut found);
    assert_eq!(found, expected, "the index of {written:?} finds others for {fields:?}");
}
