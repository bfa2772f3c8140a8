//! Which findings a sink takes: the key `take` of its section.
//!
//! `take` is a list of alternatives, each a conjunction. Without it a sink takes everything but what rules in the shadow find
//! and what exceptions suppress: those two go only to who asks for them, so that nobody is woken by a rule on trial.

use policy_contract::manifest::Mode;
use policy_contract::name::Name;
use policy_contract::severity::Severity;

use super::error::{ConfigError, Problem};
use super::hint::Hint;
use super::place::Place;
use super::reader::{Reader, Section};
use super::schema;
use crate::finding::{About, Label, Reported};
use crate::limits::{TAKE_ALTERNATIVES, TAKE_NAMES};

/// A name that a label may have.
type NameOf = for<'l> fn(&Label<'l>) -> Option<&'l str>;

/// Which findings a sink takes. [`Take::default`] is what holds where nothing is said.
#[derive(Clone, Debug)]
pub struct Take {
    alternatives: Vec<Alternative>,
}

/// What a finding must be, all of it; an empty list is no condition.
#[derive(Clone, Debug, Default)]
struct Alternative {
    about: Option<About>,
    owners: Vec<Wanted>,
    policies: Vec<Wanted>,
    rules: Vec<Wanted>,
    min_severity: Option<Severity>,
    mode: Mode,
    is_suppressed: bool,
}

/// A name that a finding may have, and where it stands.
#[derive(Clone, Debug)]
struct Wanted {
    name: String,
    place: Place,
}

impl Default for Take {
    fn default() -> Self {
        Self { alternatives: vec![Alternative::default()] }
    }
}

impl Take {
    /// What the key `take` of a sink's section says; what is wrong with it is reported.
    pub(super) fn read<'a>(reader: &mut Reader<'a>, sink: &Section<'a>) -> Self {
        if sink.entry("take").is_none() {
            return Self::default();
        }
        let title = format!("'take' of {}", sink.title);
        let sections = reader.tables(sink, "take", &title, TAKE_ALTERNATIVES);
        Self { alternatives: sections.iter().map(|section| Alternative::read(reader, section)).collect() }
    }

    /// Whether the sink takes a finding.
    pub fn takes(&self, finding: &Reported<'_>) -> bool {
        self.takes_label(&finding.label())
    }

    /// Whether the sink takes a finding of which this much is known.
    pub fn takes_label(&self, label: &Label<'_>) -> bool {
        self.alternatives.iter().any(|alternative| alternative.takes(label))
    }

    /// Every name in it that nobody has: findings that somebody wanted would go nowhere. `labels` are those of every rule there
    /// is, at work or not.
    pub fn unknown_names(&self, labels: &[Label<'_>]) -> Vec<ConfigError> {
        let mut unknown = Vec::new();
        for alternative in &self.alternatives {
            let kinds: [(&[Wanted], _, NameOf); 3] = [
                (&alternative.owners, "owner of a loaded policy", |label| Some(label.owner).filter(|owner| !owner.is_empty())),
                (&alternative.policies, "loaded policy", |label| label.policy),
                (&alternative.rules, "rule of a loaded policy or of the host", |label| Some(label.rule)),
            ];
            for (wanted, what, name) in kinds {
                let known: std::collections::BTreeSet<&str> = labels.iter().filter_map(name).collect();
                let strangers = wanted.iter().filter(|wanted| !known.contains(wanted.name.as_str()));
                unknown.extend(strangers.map(|Wanted { name, place }| {
                    let hint = Hint::new(name, known.iter().copied());
                    ConfigError { place: place.clone(), problem: Problem::UnknownWord { word: name.clone(), what, hint } }
                }));
            }
        }
        unknown
    }
}

/// The rules of which no sink takes what they find, at their own severity. Rules in the shadow or off are not among them.
pub(super) fn untaken<'t, 'l>(takes: &[&'t Take], labels: impl IntoIterator<Item = Label<'l>>) -> Vec<Label<'l>> {
    let is_at_work = |label: &Label<'_>| label.mode == Mode::Enforce;
    let is_taken = |label: &Label<'_>| takes.iter().any(|take| take.takes_label(label));
    labels.into_iter().filter(|label| is_at_work(label) && !is_taken(label)).collect()
}

impl Alternative {
    fn read<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Self {
        reader.refuse_unknown_keys(section, schema::TAKE);
        let owners = reader.texts(section, "owner", TAKE_NAMES).into_iter();
        let owners = owners.map(|(name, span)| Wanted { name: name.to_owned(), place: reader.place(span) }).collect();
        let alternative = Self {
            about: reader.word(section, "about", "kind of finding", &schema::ABOUT, About::as_str),
            owners,
            policies: names(reader, section, "policy"),
            rules: names(reader, section, "rule"),
            min_severity: reader.word(section, "min_severity", "severity", &Severity::ALL, Severity::as_str),
            mode: reader
                .word(section, "mode", "mode of a rule with findings", &schema::TAKE_MODES, Mode::as_str)
                .unwrap_or_default(),
            is_suppressed: reader.flag(section, "suppressed").unwrap_or_default(),
        };
        if alternative.about == Some(About::Host) {
            for (is_there, key, why) in [
                (!alternative.owners.is_empty(), "owner", "findings of the host belong to no policy's owner"),
                (alternative.mode == Mode::Shadow, "mode", "the host's own rules are never in the shadow"),
                (alternative.is_suppressed, "suppressed", "no exception suppresses findings of the host"),
            ] {
                if let Some(entry) = section.entry(key).filter(|_| is_there) {
                    reader.report(entry.key.span(), Problem::TakesNothing { section: section.title.clone(), why, key });
                }
            }
        }
        alternative
    }

    fn takes(&self, label: &Label<'_>) -> bool {
        let is_one_of = |wanted: &[Wanted], name: Option<&str>| {
            wanted.is_empty() || name.is_some_and(|name| wanted.iter().any(|wanted| wanted.name == name))
        };
        self.about.is_none_or(|about| about == label.about)
            && is_one_of(&self.owners, Some(label.owner))
            && is_one_of(&self.policies, label.policy)
            && is_one_of(&self.rules, Some(label.rule))
            && self.min_severity.is_none_or(|severity| label.severity >= severity)
            && self.mode == label.mode
            && self.is_suppressed == label.is_suppressed
    }
}

/// The names under a key.
fn names<'a>(reader: &mut Reader<'a>, section: &Section<'a>, key: &str) -> Vec<Wanted> {
    let mut names = Vec::new();
    for (text, span) in reader.texts(section, key, TAKE_NAMES) {
        match text.parse::<Name>() {
            Ok(name) => names.push(Wanted { name: name.into(), place: reader.place(span) }),
            Err(not_a_name) => reader.report(span, not_a_name.into()),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml::de::DeTable;

    use super::*;
    use crate::config::ConfigErrors;
    use crate::finding::HostRule;

    fn read(text: &str) -> Result<Take, ConfigErrors> {
        let mut reader = Reader::new("t.toml".as_ref(), text);
        let table = DeTable::parse(text).unwrap();
        let sink = Section { title: "[sinks.s]".to_owned(), span: 0..0, table: table.get_ref() };
        let take = Take::read(&mut reader, &sink);
        reader.check().map(|()| take)
    }

    fn refusal(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    fn label<'a>(owner: &'a str, policy: &'a str, rule: &'a str, severity: Severity) -> Label<'a> {
        Label { about: About::Policy, owner, policy: Some(policy), rule, severity, mode: Mode::Enforce, is_suppressed: false }
    }

    const FOUND: Label<'_> = Label {
        about: About::Policy,
        owner: "data",
        policy: Some("storage"),
        rule: "bucket-policy-put",
        severity: Severity::High,
        mode: Mode::Enforce,
        is_suppressed: false,
    };
    const FAILED: Label<'_> = Label {
        about: About::Host,
        owner: "",
        policy: Some("storage"),
        rule: "policy-failed",
        severity: Severity::High,
        mode: Mode::Enforce,
        is_suppressed: false,
    };

    #[test]
    fn each_condition_takes_what_it_says_and_nothing_else() {
        let shadow = Label { mode: Mode::Shadow, ..FOUND };
        let suppressed = Label { is_suppressed: true, ..FOUND };
        // The sink's key; whether it takes: what is found, what the host says, what is in the shadow, what is suppressed.
        for (take, expected) in [
            ("", [true, true, false, false]),
            ("take = [{}]", [true, true, false, false]),
            ("take = [{ about = 'policy' }]", [true, false, false, false]),
            ("take = [{ about = 'host' }]", [false, true, false, false]),
            ("take = [{ owner = ['identity', 'data'] }]", [true, false, false, false]),
            ("take = [{ owner = 'Data' }]", [false, false, false, false]),
            ("take = [{ policy = 'storage' }]", [true, true, false, false]),
            ("take = [{ policy = ['identity'] }]", [false, false, false, false]),
            ("take = [{ rule = 'policy-failed' }]", [false, true, false, false]),
            ("take = [{ min_severity = 'high' }]", [true, true, false, false]),
            ("take = [{ min_severity = 'critical' }]", [false, false, false, false]),
            ("take = [{ mode = 'shadow' }]", [false, false, true, false]),
            ("take = [{ suppressed = true }]", [false, false, false, true]),
            ("take = [{ suppressed = false }]", [true, true, false, false]),
            ("take = [{}, { mode = 'shadow' }, { suppressed = true }]", [true, true, true, true]),
            ("take = [{ owner = 'data', min_severity = 'critical' }, { about = 'host' }]", [false, true, false, false]),
            ("take = [{ policy = 'storage', rule = 'bucket-policy-put', mode = 'shadow' }]", [false, false, true, false]),
        ] {
            let read = read(take).unwrap();
            assert_eq!([FOUND, FAILED, shadow, suppressed].map(|label| read.takes_label(&label)), expected, "{take}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (take, expected) in [
            ("take = 'all'", "t.toml:1:8: 'take' in [sinks.s] is a string and must be an array"),
            ("take = []", "t.toml:1:8: 'take' in [sinks.s] is empty"),
            ("take = [1]", "t.toml:1:9: 'take' in [sinks.s] is a whole number and must be a table"),
            ("take = [{ onwer = 'x' }]", "t.toml:1:11: unknown key 'onwer' in 'take' of [sinks.s]; did you mean 'owner'?"),
            ("take = [{ owner = [] }]", "t.toml:1:19: 'owner' in 'take' of [sinks.s] is empty"),
            ("take = [{ owner = ['a', ''] }]", "t.toml:1:25: 'owner' in 'take' of [sinks.s] is empty"),
            ("take = [{ policy = ['a', 1] }]", "t.toml:1:26: 'policy' in 'take' of [sinks.s] is a whole number"),
            ("take = [{ policy = 'A b' }]", "t.toml:1:20: \"A b\" is not a name"),
            ("take = [{ min_severity = 'hgih' }]", "t.toml:1:26: 'hgih' is no severity; did you mean 'high'?"),
            ("take = [{ mode = 'off' }]", "t.toml:1:18: 'off' is no mode of a rule with findings"),
            ("take = [{ about = 'shadow' }]", "t.toml:1:19: 'shadow' is no kind of finding"),
            ("take = [{ suppressed = 1 }]", "t.toml:1:24: 'suppressed' in 'take' of [sinks.s] is a whole number"),
            ("take = [{ about = 'host', owner = 'a' }]", "t.toml:1:27: 'take' of [sinks.s] can take nothing"),
            ("take = [{ about = 'host', suppressed = true }]", "t.toml:1:27: 'take' of [sinks.s] can take nothing"),
        ] {
            let refusal = refusal(take);
            assert!(refusal.starts_with(expected), "{take}: {refusal}");
        }
    }

    #[test]
    fn the_example_of_the_reference_page_is_accepted() {
        let page = include_str!("../../../docs/reference/configuration.md");
        let (_, example) = page.split_once("```toml\ntake = ").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        let take = read(&format!("take = {example}")).unwrap();
        assert!(take.takes_label(&Label { is_suppressed: true, ..FOUND }) && !take.takes_label(&FOUND));
    }

    #[test]
    fn lists_have_a_largest_length() {
        let many = |number: usize| format!("take = [{}]", vec!["{}"; number].join(","));
        read(&many(TAKE_ALTERNATIVES)).unwrap();
        assert!(
            refusal(&many(TAKE_ALTERNATIVES + 1)).contains("'take' in [sinks.s] has 65 entries and must not have more than 64")
        );
        let many = |number: usize| format!("take = [{{ rule = [{}] }}]", vec!["'a'"; number].join(","));
        read(&many(TAKE_NAMES)).unwrap();
        assert!(refusal(&many(TAKE_NAMES + 1)).contains("'rule' in 'take' of [sinks.s] has 257 entries"));
    }

    #[test]
    fn what_reaches_no_sink_and_who_does_not_exist_is_known() {
        let labels = [
            label("data", "storage", "bucket-policy-put", Severity::High),
            label("data", "storage", "list-buckets", Severity::Low),
            Label { mode: Mode::Shadow, ..label("ops", "compute", "run-instances", Severity::Low) },
            HostRule::Silence.label(),
        ];
        let take =
            read("take = [{ owner = 'data', min_severity = 'high' }, { policy = 'compte' }, { rule = 'silence' }]").unwrap();
        let untaken: Vec<_> = untaken(&[&take], labels).into_iter().map(|label| label.rule).collect();
        assert_eq!(untaken, ["list-buckets"]);
        let [unknown] = &take.unknown_names(&labels)[..] else { panic!("one name is unknown") };
        let text = unknown.to_string();
        assert!(text.starts_with("t.toml:1:63: 'compte' is no loaded policy; did you mean 'compute'?"), "{text}");
    }

    fn any_label() -> impl Strategy<Value = (bool, String, String, usize, bool, bool)> {
        (any::<bool>(), "[ab]", "[ab]", 0..5_usize, any::<bool>(), any::<bool>())
    }

    proptest! {
        /// By the definition: some alternative whose every given condition holds; shadow and suppressed only where asked for.
        #[test]
        fn a_finding_is_taken_when_an_alternative_says_so(
            alternatives in prop::collection::vec(
                (prop::option::of("[ab]"), prop::option::of("[ab]"), prop::option::of(0..5_usize), any::<bool>(), any::<bool>()), 1..4),
            (is_host, policy, rule, severity, is_shadow, is_suppressed) in any_label(),
        ) {
            let texts: Vec<String> = alternatives.iter().map(|(policy, rule, least, shadow, suppressed)| {
                let mut keys = Vec::new();
                keys.extend(policy.as_ref().map(|policy| format!("policy = '{policy}'")));
                keys.extend(rule.as_ref().map(|rule| format!("rule = ['{rule}', 'c']")));
                keys.extend(least.map(|least| format!("min_severity = '{}'", Severity::ALL[least])));
                keys.extend(shadow.then(|| "mode = 'shadow'".to_owned()));
                keys.extend(suppressed.then(|| "suppressed = true".to_owned()));
                format!("{{ {} }}", keys.join(", "))
            }).collect();
            let take = read(&format!("take = [{}]", texts.join(", "))).unwrap();
            let label = Label {
                about: if is_host { About::Host } else { About::Policy },
                mode: if is_shadow { Mode::Shadow } else { Mode::Enforce },
                is_suppressed,
                ..label("", &policy, &rule, Severity::ALL[severity])
            };
            let expected = alternatives.iter().any(|(wanted_policy, wanted_rule, least, shadow, suppressed)| {
                wanted_policy.as_ref().is_none_or(|wanted| *wanted == policy)
                    && wanted_rule.as_ref().is_none_or(|wanted| *wanted == rule)
                    && least.is_none_or(|least| severity >= least)
                    && *shadow == is_shadow
                    && *suppressed == is_suppressed
            });
            prop_assert_eq!(take.takes_label(&label), expected);
        }
    }
}
