//! The platform team's settings: a JSON object, read once into the policy's own type.

use std::fmt::Debug;

use serde::de::DeserializeOwned;

/// Settings of a policy. [`macro@crate::settings`] implements it; `()` is for a policy without settings.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no settings type",
    note = "mark the struct with `#[policy_sdk::settings]` and derive or write `Default` for it"
)]
pub trait Settings: Clone + Debug + Default + 'static {
    /// Reads the settings from a JSON object.
    ///
    /// # Errors
    /// What is wrong with them, for the person who wrote the configuration.
    fn read(json: &str) -> Result<Self, BadSettings>;
}

/// Settings that a policy does not accept.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    /// They do not fit the policy's type.
    #[error("the settings do not fit this policy: {}", without_values(.0))]
    DoNotFit(#[from] serde_json::Error),
    /// There are some, and the policy has none.
    #[error("this policy has no settings: remove {}", keys.join(", "))]
    NoneKnown {
        /// The keys that were given.
        keys: Vec<String>,
    },
}

/// What serde says, without the value that it says it of: a setting can be secret, and logs, findings and a host's status are read by
/// others.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let told = ["invalid type", "invalid value", "unknown variant"].into_iter().find(|begin| text.starts_with(begin));
    match told.zip(text.rfind(", expected ")) {
        Some((begin, rest)) => format!("{begin}{}", &text[rest..]),
        None => text,
    }
}

impl Settings for () {
    fn read(json: &str) -> Result<Self, BadSettings> {
        let members: serde_json::Map<String, serde_json::Value> = read(json)?;
        if members.is_empty() {
            Ok(())
        } else {
            Err(BadSettings::NoneKnown { keys: members.into_iter().map(|(key, _)| key).collect() })
        }
    }
}

#[doc(hidden)]
pub fn read<S: DeserializeOwned>(json: &str) -> Result<S, BadSettings> {
    Ok(serde_json::from_str(json)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[crate::settings]
    #[derive(PartialEq)]
    struct Limits {
        limit: u64,
    }

    impl Default for Limits {
        fn default() -> Self {
            Self { limit: 10 }
        }
    }

    #[test]
    fn what_is_not_given_has_the_default() {
        assert_eq!(Limits::read("{}").unwrap().limit, 10);
        assert_eq!(Limits::read(r#"{"limit": 3}"#).unwrap().limit, 3);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_known_ones() {
        let message = Limits::read(r#"{"limt": 3}"#).unwrap_err().to_string();
        assert!(message.contains("limt") && message.contains("`limit`"), "{message}");
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_repeated() {
        for json in [r#"{"limit": "xoxb, expected so"}"#, r#"{"limit": -7777}"#] {
            let message = Limits::read(json).unwrap_err().to_string();
            assert!(!message.contains("xoxb") && !message.contains("7777") && message.contains(", expected u64"), "{message}");
        }
    }

    #[test]
    fn a_policy_without_settings_refuses_any() {
        <()>::read("{}").unwrap();
        let message = <()>::read(r#"{"limit": 3}"#).unwrap_err().to_string();
        assert!(message.contains("no settings") && message.contains("limit"), "{message}");
        assert!(<()>::read("[]").is_err());
    }
}
