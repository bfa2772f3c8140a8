//! `trailwarden policy catalogue`: what policies find, as a page of Markdown made from what they say of themselves.

mod words;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use policy_contract::manifest::{Manifest, Mode, RuleDescription, TableNeed, Technique};

use super::exit::Exit;
use super::loading;
use crate::config::Config;
use crate::harmless::harmless;
use crate::limits::Limits;
use crate::policy::{CompiledFile, policy_files};
use words::in_words;

/// What `trailwarden policy catalogue` is given.
#[derive(Debug, Args)]
pub(super) struct CatalogueArgs {
    /// Policies (*.wasm), and folders of policies
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

const HEAD: &str = "\
# Rules

<!-- Printed by `make rules-page` from what the policies that ship say of themselves; a test compares them. -->

Every rule of every policy that ships. A rule sees the records that it *looks at* and no others; what it makes of them stands in its
source, under `policies/`. Severity and mode can be set to others in the [configuration](configuration.md); a finding may have a severity of
its own. Rules whose mode is `off` judge nothing until they are switched on.
";

pub(super) fn run(args: &CatalogueArgs) -> anyhow::Result<Exit> {
    let loader = loading::loader(&Config::default())?;
    let files = policy_files(&args.paths)
        .map_err(|(path, error)| anyhow::anyhow!("the policies in {} can't be read: {error}", path.display()))?;
    let mut manifests = Vec::new();
    for file in files {
        let policy = loading::told(&file, |notices| CompiledFile::read(&loader, &file, &Limits::default(), notices))?;
        manifests.push(policy.manifest().clone());
    }
    manifests.sort_by(|a, b| a.name.cmp(&b.name));
    print!("{}", page(&manifests));
    Ok(Exit::Done)
}

/// The page of these policies.
fn page(manifests: &[Manifest]) -> String {
    let mut page = HEAD.to_owned();
    page += "\n| rule | policy | finds | severity | ATT&CK | mode |\n|---|---|---|---|---|---|\n";
    for Manifest { name, rules, .. } in manifests {
        for rule in rules {
            let RuleDescription { id, title, severity, techniques, default_mode, .. } = rule;
            // Writing to a string never fails, here and below.
            let _ = writeln!(
                page,
                "| [`{id}`](#{id}) | [{name}](#{name}) | {} | {severity} | {} | {} |",
                text(title),
                links(techniques),
                default_mode.as_str()
            );
        }
    }
    manifests.iter().for_each(|manifest| write_policy(&mut page, manifest));
    page
}

fn write_policy(page: &mut String, manifest: &Manifest) {
    let Manifest { name, description, owner, tables, rules, .. } = manifest;
    let _ = writeln!(page, "\n## {name}\n");
    paragraph(page, description);
    let _ = writeln!(page, "Owner: {}.", if owner.is_empty() { "nobody".to_owned() } else { text(owner) });
    if !tables.is_empty() {
        let _ = writeln!(page, "\n| context table | kind | | holds |\n|---|---|---|---|");
    }
    for TableNeed { name, kind, required, description } in tables {
        let required = if *required { "required" } else { "optional" };
        let _ = writeln!(page, "| `{name}` | {} | {required} | {} |", kind.as_str(), text(description));
    }
    rules.iter().for_each(|rule| write_rule(page, rule));
}

fn write_rule(page: &mut String, rule: &RuleDescription) {
    let RuleDescription { id, title, description, severity, techniques, .. } = rule;
    let RuleDescription { references, false_positives, runbook, default_mode, selectors, .. } = rule;
    let _ = writeln!(page, "\n### {id}\n\n**{}**\n", text(title));
    paragraph(page, description);
    let mode = match default_mode {
        Mode::Enforce => "at work",
        Mode::Shadow => "in the shadow",
        Mode::Off => "off",
    };
    let _ = writeln!(page, "- Severity {severity}; {mode} unless the configuration says otherwise.");
    if !techniques.is_empty() {
        let _ = writeln!(page, "- ATT&CK: {}.", links(techniques));
    }
    let selectors: Vec<String> = selectors.iter().map(in_words).collect();
    let _ = writeln!(page, "- Looks at {}.", selectors.join("; or at "));
    match false_positives.as_slice() {
        [] => {}
        [one] => {
            let _ = writeln!(page, "- False positives: {}", text(one));
        }
        several => {
            let _ = writeln!(page, "- False positives:");
            for each in several {
                let _ = writeln!(page, "  - {}", text(each));
            }
        }
    }
    if !runbook.is_empty() {
        let _ = writeln!(page, "- Runbook: {}", text(runbook));
    }
    let references: Vec<String> = references.iter().map(|reference| format!("<{}>", text(reference))).collect();
    if !references.is_empty() {
        let _ = writeln!(page, "- More: {}", references.join(", "));
    }
}

fn paragraph(page: &mut String, description: &str) {
    if !description.trim().is_empty() {
        let _ = writeln!(page, "{}\n", text(description));
    }
}

fn links(techniques: &[Technique]) -> String {
    let link = |technique: &Technique| {
        let id = technique.as_str();
        format!("[{id}](https://attack.mitre.org/techniques/{}/)", id.replace('.', "/"))
    };
    techniques.iter().map(link).collect::<Vec<_>>().join(", ")
}

/// A policy's text in one line of Markdown: it may hold code and emphasis, and neither HTML nor the end of a table's cell.
fn text(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    harmless(&words).replace('<', "&lt;").replace('|', "\\|")
}

/// A value of a policy as code.
fn code(value: &str) -> String {
    format!("`{}`", harmless(value).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_policy_says_stays_in_its_place() {
        let manifest: Manifest = serde_json::from_value(json!({
            "manifest_version": "1", "name": "p", "version": "1", "description": "Two\nlines, <b>bold</b>.", "owner": "team | red",
            "tables": [{"name": "t", "kind": "cidr", "required": true, "description": "a|b"}],
            "rules": [{
                "id": "r", "title": "T | <i>", "severity": "high", "techniques": ["T1078.004", "T1136"], "default_mode": "off",
                "selectors": [{"match": {"event_name": ["A`|B"]}}, "all"], "false_positives": ["One.", "Two."],
                "runbook": "Look.", "references": ["https://example.com/a"],
            }],
        }))
        .unwrap();
        let page = page(&[manifest]);
        let expected = [
            "| [`r`](#r) | [p](#p) | T \\| &lt;i> | high | [T1078.004](https://attack.mitre.org/techniques/T1078/004/), \
             [T1136](https://attack.mitre.org/techniques/T1136/) | off |",
            "Two lines, &lt;b>bold&lt;/b>.",
            "Owner: team \\| red.",
            "| `t` | cidr | required | a\\|b |",
            "### r",
            "- Severity high; off unless the configuration says otherwise.",
            "- Looks at `A'\\|B`; or at every record.",
            "  - Two.",
            "- Runbook: Look.",
            "- More: <https://example.com/a>",
        ];
        for line in expected {
            assert!(page.lines().any(|other| other == line), "{line}\nis not in\n{page}");
        }
    }
}
