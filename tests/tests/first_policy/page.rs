//! A page of the documentation as steps: files that the reader writes, commands that the reader types and what they print.
//!
//! In a `console` block a line that begins with `$ ` is a command and the lines below it are printed by it, in which `…`
//! stands for anything. A block whose info string names a file after the language is that file. Other blocks are only shown.

use anyhow::{Context as _, bail};

/// What a reader does.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Writes a file.
    Write {
        /// Relative to where the reader is.
        file: String,
        /// All of it.
        text: String,
    },
    /// Types a command.
    Run {
        /// The line.
        command: String,
        /// Lines that it prints, among others.
        printed: Vec<String>,
    },
}

/// The steps of a page, in order.
pub fn steps(page: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match info.split_once(' ') {
            Some((_, file)) => steps.push(Step::Write { file: file.to_owned(), text: block.join("\n") + "\n" }),
            None if info == "console" => typed(&block, &mut steps)?,
            None => {}
        }
    }
    Ok(steps)
}

fn typed(block: &[&str], steps: &mut Vec<Step>) -> anyhow::Result<()> {
    let first = steps.len();
    for line in block {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step::Run { command: command.to_owned(), printed: Vec::new() });
            continue;
        }
        match steps.get_mut(first..).and_then(<[Step]>::last_mut).context("output before any command")? {
            Step::Run { printed, .. } => printed.push((*line).to_owned()),
            Step::Write { file, .. } => bail!("{file} inside a console block"),
        }
    }
    Ok(())
}

/// Whether a line was printed as the page says, `…` standing for anything.
pub fn is_printed(expected: &str, output: &str) -> bool {
    output.lines().any(|line| fits(expected.trim(), line.trim()))
}

fn fits(expected: &str, line: &str) -> bool {
    let Some((head, tail)) = expected.split_once('…') else { return expected == line };
    let Some(rest) = line.strip_prefix(head) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(tail, &rest[at..]))
}

#[test]
fn a_page_is_read_as_its_reader_reads_it() {
    let page = "text\n```sh\nmake\n```\n```rust src/a.rs\nfn a() {}\n```\n```console\n$ one\n$ two\nprinted\n```\n";
    let run = |command: &str, printed: &[&str]| Step::Run {
        command: command.to_owned(),
        printed: printed.iter().map(|line| (*line).to_owned()).collect(),
    };
    let write = Step::Write { file: "src/a.rs".to_owned(), text: "fn a() {}\n".to_owned() };
    assert_eq!(steps(page).unwrap(), [write, run("one", &[]), run("two", &["printed"])]);
    assert!(steps("```console\nprinted\n```\n").is_err());
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(is_printed("a … c", "x\n a b c \n"));
    assert!(is_printed("… c", "a b c"));
    assert!(!is_printed("a … d", "a b c"));
    assert!(!is_printed("a", "a b"));
}
