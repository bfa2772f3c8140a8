//! Reads one table of the file after the other and collects what is wrong, so that one run reports all of it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use policy_contract::name::Name;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{ConfigError, ConfigErrors, KEPT_PROBLEMS, Problem};
use super::hint::Hint;
use super::place::Place;
use super::schema::{self, Key, Need, NumberRange};
use super::value_kind::ValueKind;
use crate::limits::OutOfRange;

/// The file that is read, and what was found wrong so far.
pub(super) struct Reader<'a> {
    /// The file as it was named.
    pub file: &'a Path,
    text: &'a str,
    errors: Vec<ConfigError>,
    more: usize,
}

/// A table of the file.
pub(super) struct Section<'a> {
    /// What it is called in messages, such as `[policies.storage]`.
    pub title: String,
    /// Where it is named.
    pub span: Range<usize>,
    pub table: &'a DeTable<'a>,
}

/// A key with its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub key: &'a Spanned<DeString<'a>>,
    pub value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Section<'a> {
    /// The top of the file.
    pub fn top(table: &'a DeTable<'a>) -> Self {
        Self { title: "the top level of the file".to_owned(), span: 0..0, table }
    }

    /// Every key with its value.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.table.iter().map(|(key, value)| Entry { key, value })
    }

    /// A key with its value, if it is there.
    pub fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.entries().find(|entry| entry.key() == key)
    }
}

impl<'a> Entry<'a> {
    /// The key.
    pub fn key(&self) -> &'a str {
        self.key.get_ref()
    }
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, errors: Vec::new(), more: 0 }
    }

    /// A path that the file names: relative ones are relative to the file's folder.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    /// The place of a run of bytes of the file.
    pub fn place(&self, span: Range<usize>) -> Place {
        Place::in_text(self.file, self.text, span)
    }

    /// The text of a run of bytes of the file.
    pub fn text_of(&self, span: Range<usize>) -> &'a str {
        self.text.get(span).unwrap_or_default()
    }

    /// Notes that something is wrong in the file.
    pub fn report(&mut self, span: Range<usize>, problem: Problem) {
        if self.errors.len() >= KEPT_PROBLEMS {
            // To find the place takes time in proportion to the file.
            self.more += 1;
            return;
        }
        let place = self.place(span);
        self.errors.push(ConfigError { place, problem });
    }

    /// Notes what is wrong in another file that this one names.
    pub fn report_elsewhere(&mut self, errors: impl Into<ConfigErrors>) {
        self.errors.extend(errors.into());
    }

    /// All that was found wrong since the last time.
    pub fn check(&mut self) -> Result<(), ConfigErrors> {
        ConfigErrors::of(std::mem::take(&mut self.errors), std::mem::take(&mut self.more))
    }

    /// Reports every key that is not known in a section.
    pub fn refuse_unknown_keys(&mut self, section: &Section<'_>, known: &[Key]) {
        for entry in section.entries().filter(|entry| !known.iter().any(|key| key.name == entry.key())) {
            self.unknown_key(section, entry, schema::names(known));
        }
    }

    /// Reports every key that must be in a section and is not.
    pub fn report_missing_keys(&mut self, section: &Section<'_>, known: &[Key]) {
        for key in known {
            if let Need::Required(example) = key.need
                && section.entry(key.name).is_none()
            {
                let problem = Problem::MissingKey { key: key.name, section: section.title.clone(), example };
                self.report(section.span.clone(), problem);
            }
        }
    }

    /// The one key of a group that is there; reported where it is not exactly one.
    pub fn one_of(&mut self, section: &Section<'a>, known: &[Key], group: &'static str) -> Option<Entry<'a>> {
        let keys: Vec<&'static str> = known.iter().filter(|key| key.need == Need::OneOf(group)).map(|key| key.name).collect();
        let given: Vec<Entry<'a>> = keys.iter().filter_map(|key| section.entry(key)).collect();
        if let [only] = given[..] {
            return Some(only);
        }
        let span = given.get(1).map_or(section.span.clone(), |second| second.key.span());
        self.report(span, Problem::NotOne { section: section.title.clone(), keys, given: given.len() });
        None
    }

    /// Reports a key that is not known in a section.
    pub fn unknown_key<'k>(&mut self, section: &Section<'_>, entry: Entry<'_>, known: impl IntoIterator<Item = &'k str>) {
        let hint = Hint::new(entry.key(), known);
        self.report(entry.key.span(), Problem::UnknownKey { key: entry.key().to_owned(), section: section.title.clone(), hint });
    }

    /// Reports a value of another type.
    pub fn wrong_type(&mut self, section: &Section<'_>, entry: Entry<'_>, expected: ValueKind) {
        self.wrong_element(section, entry, entry.value, expected);
    }

    /// The table under a key, called by a title.
    pub fn table(&mut self, section: &Section<'a>, entry: Entry<'a>, title: String) -> Option<Section<'a>> {
        let DeValue::Table(table) = entry.value.get_ref() else {
            self.wrong_type(section, entry, ValueKind::Table);
            return None;
        };
        Some(Section { title, span: entry.key.span(), table })
    }

    /// The tables under the names of a table, such as those of `[tables]`; `prefix` is what stands before the name.
    pub fn named_tables(&mut self, parent: &Section<'a>, key: &str, prefix: &str) -> Vec<(Name, Section<'a>)> {
        let Some(entry) = parent.entry(key) else { return Vec::new() };
        let Some(names) = self.table(parent, entry, format!("[{prefix}]")) else { return Vec::new() };
        let mut tables = Vec::new();
        for entry in names.entries() {
            match entry.key().parse::<Name>() {
                Ok(name) => {
                    let title = format!("[{prefix}.{name}]");
                    tables.extend(self.table(&names, entry, title).map(|table| (name, table)));
                }
                Err(not_a_name) => self.report(entry.key.span(), not_a_name.into()),
            }
        }
        tables
    }

    /// The string under a key, with where it stands.
    pub fn string(&mut self, section: &Section<'a>, key: &str) -> Option<(&'a str, Range<usize>)> {
        let entry = section.entry(key)?;
        let DeValue::String(text) = entry.value.get_ref() else {
            self.wrong_type(section, entry, ValueKind::Text);
            return None;
        };
        Some((text, entry.value.span()))
    }

    /// The text under a key, which is not empty and has at most so many bytes.
    pub fn text(&mut self, section: &Section<'a>, key: &str, most_bytes: usize) -> Option<&'a str> {
        let entry = section.entry(key)?;
        let (text, span) = self.string(section, key)?;
        if text.is_empty() {
            self.nothing(section, entry, span);
            return None;
        }
        if text.len() > most_bytes {
            self.too_long(section, entry, span, text.len(), most_bytes);
            return None;
        }
        Some(text)
    }

    /// The texts under a key: one string, or an array of strings; none where the key is absent. Where it is there, there is at
    /// least one, and at most `most`.
    pub fn texts(&mut self, section: &Section<'a>, key: &str, most: usize) -> Vec<(&'a str, Range<usize>)> {
        let Some(entry) = section.entry(key) else { return Vec::new() };
        let elements: Vec<&Spanned<DeValue<'a>>> = match entry.value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            _ => vec![entry.value],
        };
        self.check_number(section, entry, elements.len(), most, "keep them in a context table, or divide the list");
        let mut texts = Vec::new();
        for element in elements.into_iter().take(most) {
            match element.get_ref() {
                DeValue::String(text) if text.is_empty() => self.nothing(section, entry, element.span()),
                DeValue::String(text) => texts.push((&**text, element.span())),
                _ => self.wrong_element(section, entry, element, ValueKind::Text),
            }
        }
        texts
    }

    /// The tables in the array under a key, all called by one title; none where the key is absent, at most `most`.
    pub fn tables(&mut self, section: &Section<'a>, key: &str, title: &str, most: usize) -> Vec<Section<'a>> {
        let Some(entry) = section.entry(key) else { return Vec::new() };
        let DeValue::Array(array) = entry.value.get_ref() else {
            self.wrong_type(section, entry, ValueKind::Array);
            return Vec::new();
        };
        self.check_number(section, entry, array.len(), most, "");
        let mut tables = Vec::new();
        for element in array.iter().take(most) {
            match element.get_ref() {
                DeValue::Table(table) => tables.push(Section { title: title.to_owned(), span: element.span(), table }),
                _ => self.wrong_element(section, entry, element, ValueKind::Table),
            }
        }
        tables
    }

    /// The flag under a key.
    pub fn flag(&mut self, section: &Section<'a>, key: &str) -> Option<bool> {
        let entry = section.entry(key)?;
        let DeValue::Boolean(flag) = entry.value.get_ref() else {
            self.wrong_type(section, entry, ValueKind::Truth);
            return None;
        };
        Some(*flag)
    }

    /// The whole number under a key, which must be in a range.
    pub fn number(&mut self, section: &Section<'a>, key: &'static str, range: NumberRange) -> Option<u64> {
        let NumberRange { min, max, default, unit } = range;
        let Some(entry) = section.entry(key) else { return default };
        let DeValue::Integer(integer) = entry.value.get_ref() else {
            self.wrong_type(section, entry, ValueKind::WholeNumber);
            return default;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let value = self.text_of(entry.value.span()).to_owned();
            self.report(entry.value.span(), OutOfRange { name: key, value, min, max, unit }.into());
        }
        number.or(default)
    }

    /// Reports a list of no entries, or of too many.
    pub fn check_number(&mut self, section: &Section<'_>, entry: Entry<'_>, number: usize, most: usize, instead: &'static str) {
        if number == 0 {
            self.nothing(section, entry, entry.value.span());
        } else if number > most {
            let (key, section) = (entry.key().to_owned(), section.title.clone());
            self.report(entry.key.span(), Problem::TooMany { key, section, number, most, instead_of_it: instead });
        }
    }

    /// Reports a text that is longer than it may be.
    pub fn too_long(&mut self, section: &Section<'_>, entry: Entry<'_>, span: Range<usize>, bytes: usize, most: usize) {
        let (key, section) = (entry.key().to_owned(), section.title.clone());
        self.report(span, Problem::TooLong { key, section, bytes, most });
    }

    fn nothing(&mut self, section: &Section<'_>, entry: Entry<'_>, span: Range<usize>) {
        self.report(span, Problem::Nothing { key: entry.key().to_owned(), section: section.title.clone() });
    }

    /// The path under a key, with where it stands.
    pub fn path(&mut self, section: &Section<'a>, key: &str) -> Option<(&'a Path, Range<usize>)> {
        let (text, span) = self.string(section, key)?;
        self.not_empty(text, span.clone()).map(|path| (path, span))
    }

    /// The paths in the array under a key; none where the key is absent.
    pub fn paths(&mut self, section: &Section<'a>, key: &str) -> Vec<&'a Path> {
        let Some(entry) = section.entry(key) else { return Vec::new() };
        let DeValue::Array(array) = entry.value.get_ref() else {
            self.wrong_type(section, entry, ValueKind::Array);
            return Vec::new();
        };
        let mut paths = Vec::new();
        for element in array.iter() {
            match element.get_ref() {
                DeValue::String(text) => paths.extend(self.not_empty(text, element.span())),
                _ => self.wrong_element(section, entry, element, ValueKind::Text),
            }
        }
        paths
    }

    /// The word under a key, which must be one of those that are known; `what` says what they are.
    pub fn word<T: Copy>(
        &mut self,
        section: &Section<'a>,
        key: &str,
        what: &'static str,
        known: &[T],
        text_of: fn(T) -> &'static str,
    ) -> Option<T> {
        let (word, span) = self.string(section, key)?;
        let found = known.iter().copied().find(|value| text_of(*value) == word);
        if found.is_none() {
            let hint = Hint::new(word, known.iter().map(|value| text_of(*value)));
            self.report(span, Problem::UnknownWord { word: word.to_owned(), what, hint });
        }
        found
    }

    fn not_empty(&mut self, path: &'a str, span: Range<usize>) -> Option<&'a Path> {
        if path.is_empty() {
            self.report(span, Problem::EmptyPath);
            return None;
        }
        Some(Path::new(path))
    }

    /// Reports a value of another type in an array, or the one value that stands for it.
    pub fn wrong_element(&mut self, section: &Section<'_>, entry: Entry<'_>, value: &Spanned<DeValue<'_>>, expected: ValueKind) {
        let (key, section) = (entry.key().to_owned(), section.title.clone());
        let found = ValueKind::of(value.get_ref());
        self.report(value.span(), Problem::WrongType { key, section, expected, found });
    }
}
