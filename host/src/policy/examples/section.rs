//! The custom section that holds a policy's examples: a JSON list of fixtures, one for each of their files.

use serde_json::Value;
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::{Parser, Payload};

use super::BadExamples;

/// The section's name.
pub const SECTION: &str = "trailwarden:examples@1";
/// How the name begins in every form.
const FAMILY: &str = "trailwarden:examples@";

/// The content of the section in a policy's file, if it has one. Sections of what the file holds inside, such as a core module of
/// a component, are not the policy's own.
///
/// # Errors
/// There are several, one of another form, or the file can't be read.
pub fn find(file: &[u8]) -> Result<Option<&[u8]>, BadExamples> {
    let (mut depth, mut sections) = (0_u32, 0);
    let mut found = None;
    for payload in Parser::new(0).parse_all(file) {
        match payload.map_err(|error| BadExamples::Unsearchable { reason: error.to_string() })? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name().starts_with(FAMILY) => {
                if section.name() != SECTION {
                    return Err(BadExamples::OtherForm { form: section.name().to_owned() });
                }
                sections += 1;
                found = Some(section.data());
            }
            _ => {}
        }
    }
    if sections > 1 { Err(BadExamples::Several { sections }) } else { Ok(found) }
}

/// Appends the section to a component. `files` are fixtures, as [`super::read`] reads them.
///
/// # Errors
/// A host would not read them.
pub fn embed(component: &mut Vec<u8>, files: &[Value]) -> Result<(), BadExamples> {
    let content = serde_json::to_vec(files).map_err(|error| BadExamples::Malformed { reason: error.to_string() })?;
    super::read(&content)?;
    CustomSection { name: SECTION.into(), data: content.into() }.append_to_component(component);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn component(text: &str) -> Vec<u8> {
        wat::parse_str(format!("(component {text})")).unwrap()
    }

    fn with_section(name: &str, data: &[u8]) -> Vec<u8> {
        let mut component = component("");
        CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut component);
        component
    }

    #[test]
    fn what_is_embedded_is_found() {
        let mut component = component("(core module (func))");
        assert_eq!(find(&component), Ok(None));
        let fixtures = json!({"rule": "r", "record": {}, "matches": [{"name": "m"}], "passes": [{"name": "p"}]});
        embed(&mut component, std::slice::from_ref(&fixtures)).unwrap();
        assert_eq!(find(&component), Ok(Some(json!([fixtures]).to_string().as_bytes())));
        wasmparser::Validator::new().validate_all(&component).unwrap();
        embed(&mut component, &[]).unwrap();
        assert_eq!(find(&component), Err(BadExamples::Several { sections: 2 }));
    }

    #[test]
    fn what_no_host_would_read_is_not_embedded() {
        let mut component = component("");
        let before = component.clone();
        assert!(matches!(embed(&mut component, &[json!({"rule": "r"})]), Err(BadExamples::Malformed { .. })));
        assert_eq!(component, before);
    }

    #[test]
    fn a_section_of_another_form_is_named_and_others_do_not_count() {
        let other = with_section("trailwarden:examples@2", b"[]");
        assert_eq!(find(&other), Err(BadExamples::OtherForm { form: "trailwarden:examples@2".to_owned() }));
        assert_eq!(find(&with_section("trailwarden:example@1", b"[]")), Ok(None));
    }

    #[test]
    fn only_the_file_itself_has_examples_and_not_what_it_holds() {
        let inner = r#"(@custom "trailwarden:examples@1" "[]")"#;
        assert_eq!(find(&component(&format!("(core module {inner})"))), Ok(None));
        assert_eq!(find(&component(&format!("(component {inner})"))), Ok(None));
        assert_eq!(find(&wat::parse_str(format!("(module {inner})")).unwrap()), Ok(Some(b"[]".as_slice())));
        assert!(matches!(find(b"\0asm\x0d\0\x01\0\xff\xff"), Err(BadExamples::Unsearchable { .. })));
    }
}
