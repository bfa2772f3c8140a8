//! What to write instead of a word that is not known: the nearest one that is, or all of them.

use std::fmt;

/// The words that are known where an unknown one stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The known word that was probably meant.
    pub nearest: Option<String>,
    /// All of them.
    pub known: Vec<String>,
}

impl Hint {
    /// The hint for a word among known ones.
    pub fn new<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let folded = word.to_lowercase().replace('_', "-");
        let distance = |candidate: &String| strsim::damerau_levenshtein(&folded, &candidate.to_lowercase().replace('_', "-"));
        // A third of the letters may differ: more than that is no slip of the fingers.
        let allowed = (folded.chars().count() / 3).max(1);
        let is_near = |(distance, _): &(usize, &String)| *distance <= allowed;
        let nearest = known.iter().map(|candidate| (distance(candidate), candidate)).filter(is_near).min();
        Self { nearest: nearest.map(|(_, candidate)| candidate.clone()), known }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.nearest, self.known.as_slice()) {
            (Some(nearest), _) => write!(f, "; did you mean '{nearest}'?"),
            (None, []) => f.write_str("; there is none"),
            (None, [only]) => write!(f, "; the only one is {only}"),
            (None, [but_last @ .., last]) => write!(f, "; known are {} and {last}", but_last.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(word: &str, known: &[&str]) -> String {
        Hint::new(word, known.iter().copied()).to_string()
    }

    #[test]
    fn a_slip_is_answered_with_the_nearest_word() {
        assert_eq!(hint("mdoe", &["limits", "mode", "rules"]), "; did you mean 'mode'?");
        assert_eq!(hint("policy-paths", &["policies", "policy_paths"]), "; did you mean 'policy_paths'?");
        assert_eq!(hint("ENFORCE", &["enforce", "off"]), "; did you mean 'enforce'?");
    }

    #[test]
    fn another_word_is_answered_with_all_of_them() {
        assert_eq!(hint("colour", &["limits", "mode", "rules"]), "; known are limits, mode and rules");
        assert_eq!(hint("colour", &["mode"]), "; the only one is mode");
        assert_eq!(hint("colour", &[]), "; there is none");
    }
}
