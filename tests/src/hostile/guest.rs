//! A well-behaved policy in WebAssembly text, in parts that can be replaced.
//!
//! It finds something in every record that it is given. The layout of its answers is that of the canonical ABI
//! (<https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md>) for `policy.wit`.

use std::fmt;
use std::fmt::Write as _;

use serde_json::{Value, json};
use wit_component::StringEncoding;

use super::component;
use super::records::SOURCE;

/// Where the texts begin; before them lie the guest's results.
const TEXTS: usize = 1024;
/// Bytes of an `answer` in a list.
pub const ANSWER: u32 = 60;

/// A policy in parts. Each text is WebAssembly that runs before what the well-behaved guest does at that place, unless it
/// says otherwise.
#[derive(Clone, Debug)]
pub struct Guest {
    /// What `describe` answers with.
    pub manifest: Vec<u8>,
    /// More imports of the core module.
    pub imports: String,
    /// More items of the core module: functions, globals, tables.
    pub items: String,
    /// The module's start function.
    pub start: String,
    /// In `cabi_realloc`, with `$size`.
    pub realloc: String,
    /// In `describe`.
    pub describe: String,
    /// After `describe` has returned.
    pub after_describe: String,
    /// In `configure`, with `$settings` and `$settings_size`.
    pub configure: String,
    /// After `configure` has returned.
    pub after_configure: String,
    /// In `evaluate`.
    pub evaluate: String,
    /// Instead of what is done for a task, with `$task`, `$record`, `$size` and `$rule`.
    pub judge: String,
    /// When the answers are complete, in `evaluate`: pointer and length of the list lie at 16 and 20.
    pub answered: String,
    /// After `evaluate` has returned.
    pub after_evaluate: String,
    /// Answers that there is room for, for each task.
    pub answers_per_task: u32,
    /// Pages of memory at the start; what the texts need where it is nothing.
    pub pages: Option<u32>,
    /// How the component says that its texts are encoded.
    pub encoding: StringEncoding,
    /// The WIT packages that the component is built for, beside the contract.
    pub wit: Option<String>,
    texts: Vec<u8>,
}

/// A text in the guest's memory; written as two constants: where it begins and how many bytes it has.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Where it begins.
    pub at: usize,
    /// How many bytes it has.
    pub size: usize,
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(i32.const {}) (i32.const {})", self.at, self.size)
    }
}

impl Guest {
    /// A well-behaved policy of this name, with one rule, `hostile`, that selects the records of [`SOURCE`].
    pub fn named(name: &str) -> Self {
        Self {
            manifest: manifest(name).to_string().into_bytes(),
            imports: String::new(),
            items: String::new(),
            start: String::new(),
            realloc: String::new(),
            describe: String::new(),
            after_describe: String::new(),
            configure: String::new(),
            after_configure: String::new(),
            evaluate: String::new(),
            judge: "(call $find (local.get $task))".into(),
            answered: String::new(),
            after_evaluate: String::new(),
            answers_per_task: 1,
            pages: None,
            encoding: StringEncoding::UTF8,
            wit: None,
            texts: Vec::new(),
        }
    }

    /// Puts a text into the guest's memory.
    pub fn text(&mut self, text: impl AsRef<[u8]>) -> Text {
        let (at, text) = (TEXTS + self.texts.len(), text.as_ref());
        self.texts.extend_from_slice(text);
        Text { at, size: text.len() }
    }

    /// Changes the manifest.
    pub fn describes(&mut self, change: impl FnOnce(&mut Value)) {
        let mut manifest = serde_json::from_slice(&self.manifest).unwrap_or_default();
        change(&mut manifest);
        self.manifest = manifest.to_string().into_bytes();
    }

    /// The policy as cargo would leave it: a core module with a component type.
    ///
    /// # Errors
    /// The text is no WebAssembly.
    pub fn module(self) -> anyhow::Result<Vec<u8>> {
        let (encoding, wit) = (self.encoding, self.wit.clone());
        component::with_type(wat::parse_str(self.wat())?, wit.as_deref(), encoding)
    }

    /// The policy as a component.
    ///
    /// # Errors
    /// As for [`Guest::module`].
    pub fn component(self) -> anyhow::Result<Vec<u8>> {
        component::of_module(&self.module()?)
    }

    /// The core module's text.
    pub fn wat(mut self) -> String {
        let manifest = std::mem::take(&mut self.manifest);
        let manifest = self.text(manifest);
        let summary = self.text("found");
        let Self { imports, items, start, realloc, describe, after_describe, configure, after_configure, .. } = &self;
        let Self { evaluate, judge, answered, after_evaluate, answers_per_task, .. } = &self;
        let heap = (TEXTS + self.texts.len()).next_multiple_of(16);
        let pages = self.pages.unwrap_or(heap as u32 / 65_536 + 2);
        let start = if start.is_empty() { String::new() } else { format!("(func $start {start}) (start $start)") };
        let texts = data(&self.texts);
        let room = answers_per_task * ANSWER;
        format!(
            r#"(module
  (import "trailwarden:policy/log@1.0.0" "line" (func $log (param i32 i32 i32)))
  (import "trailwarden:policy/context@1.0.0" "contains" (func $contains (param i32 i32 i32 i32) (result i32)))
  (import "trailwarden:policy/context@1.0.0" "lookup" (func $lookup (param i32 i32 i32 i32 i32)))
  {imports}
  (memory $memory (export "memory") {pages})
  (data (i32.const {TEXTS}) "{texts}")
  (global $heap (mut i32) (i32.const {heap}))
  (global $answers (mut i32) (i32.const 0))
  (global $count (mut i32) (i32.const 0))
  (global $last (mut i32) (i32.const 0))
  (global $is_configured (mut i32) (i32.const 0))
  (global $judged (mut i32) (i32.const 0))
  (global $state (mut i64) (i64.const 1))
  {items}
  {start}

  ;; Uses CPU time for so many turns.
  (func $work (param $turns i64)
    (loop $turn
      (global.set $state (i64.add (i64.mul (global.get $state) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
      (local.set $turns (i64.sub (local.get $turns) (i64.const 1)))
      (br_if $turn (i64.ne (local.get $turns) (i64.const 0)))))

  ;; Whether a text holds another one.
  (func $holds (param $in i32) (param $size i32) (param $what i32) (param $what_size i32) (result i32)
    (local $at i32)
    (block $no
      (br_if $no (i32.lt_u (local.get $size) (local.get $what_size)))
      (loop $from
        (local.set $at (i32.const 0))
        (block $differs
          (loop $same
            (br_if $differs (i32.ne
              (i32.load8_u (i32.add (local.get $in) (local.get $at)))
              (i32.load8_u (i32.add (local.get $what) (local.get $at)))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $same (i32.lt_u (local.get $at) (local.get $what_size))))
          (return (i32.const 1)))
        (local.set $in (i32.add (local.get $in) (i32.const 1)))
        (local.set $size (i32.sub (local.get $size) (i32.const 1)))
        (br_if $from (i32.ge_u (local.get $size) (local.get $what_size)))))
    (i32.const 0))

  ;; Room in memory, never given back before the call ends.
  (func $allocate (param $size i32) (param $align i32) (result i32)
    (local $at i32) (local $end i32)
    (local.set $at (i32.and
      (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (local.get $end) (i32.mul (memory.size) (i32.const 65536)))
      (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u
        (i32.sub (local.get $end) (i32.mul (memory.size) (i32.const 65536))) (i32.const 16)))))))
    (global.set $heap (local.get $end))
    (local.get $at))

  (func $free (global.set $heap (i32.const {heap})))

  ;; One more finding in the answers, as a task's; `$last` points to it.
  (func $find (param $task i32)
    (global.set $last (i32.add (global.get $answers) (i32.mul (global.get $count) (i32.const {ANSWER}))))
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (memory.fill (global.get $last) (i32.const 0) (i32.const {ANSWER}))
    (i32.store (global.get $last) (local.get $task))
    (i32.store offset=24 (global.get $last) (i32.const {summary_at}))
    (i32.store offset=28 (global.get $last) (i32.const {summary_size})))

  (func $judge (param $task i32) (param $record i32) (param $size i32) (param $rule i32) (local $n i32)
    (global.set $judged (i32.add (global.get $judged) (i32.const 1)))
    {judge})

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    {realloc}
    (call $allocate (local.get $size) (local.get $align)))

  (func (export "trailwarden:policy/rules@1.0.0#describe") (result i32)
    {describe}
    (i32.store (i32.const 16) (i32.const {manifest_at}))
    (i32.store (i32.const 20) (i32.const {manifest_size}))
    (i32.const 16))
  (func (export "cabi_post_trailwarden:policy/rules@1.0.0#describe") (param $result i32)
    {after_describe}
    (call $free))

  (func (export "trailwarden:policy/rules@1.0.0#configure") (param $settings i32) (param $settings_size i32) (result i32)
    {configure}
    (global.set $is_configured (i32.const 1))
    (i32.store8 (i32.const 16) (i32.const 0))
    (i32.const 16))
  (func (export "cabi_post_trailwarden:policy/rules@1.0.0#configure") (param $result i32)
    {after_configure}
    (call $free))

  (func (export "trailwarden:policy/rules@1.0.0#evaluate")
    (param $records i32) (param $records_size i32) (param $ends i32) (param $ends_count i32) (param $tasks i32)
    (param $tasks_count i32) (result i32)
    (local $task i32) (local $at i32) (local $begin i32)
    {evaluate}
    ;; A task is two numbers.
    (local.set $tasks_count (i32.shr_u (local.get $tasks_count) (i32.const 1)))
    (global.set $count (i32.const 0))
    (global.set $answers (call $allocate (i32.mul (local.get $tasks_count) (i32.const {room})) (i32.const 4)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $task) (local.get $tasks_count)))
        (local.set $at (i32.add (local.get $tasks) (i32.mul (local.get $task) (i32.const 8))))
        (call $judge
          (local.get $task)
          (i32.add (local.get $records) (local.tee $begin (call $begin (local.get $ends) (i32.load (local.get $at)))))
          (i32.sub
            (i32.load (i32.add (local.get $ends) (i32.mul (i32.load (local.get $at)) (i32.const 4))))
            (local.get $begin))
          (i32.load offset=4 (local.get $at)))
        (local.set $task (i32.add (local.get $task) (i32.const 1)))
        (br $next)))
    (i32.store (i32.const 16) (global.get $answers))
    (i32.store (i32.const 20) (global.get $count))
    {answered}
    (i32.const 16))
  (func (export "cabi_post_trailwarden:policy/rules@1.0.0#evaluate") (param $result i32)
    {after_evaluate}
    (call $free))

  ;; Where a record begins: where the one before it ends.
  (func $begin (param $ends i32) (param $record i32) (result i32)
    (if (result i32) (local.get $record)
      (then (i32.load (i32.add (local.get $ends) (i32.mul (i32.sub (local.get $record) (i32.const 1)) (i32.const 4)))))
      (else (i32.const 0))))

  (func (export "trailwarden:policy/rules@1.0.0#conclude") (param $group i32) (param $group_size i32) (result i32)
    (memory.fill (i32.const 128) (i32.const 0) (i32.const 128))
    (i32.const 128))
  (func (export "cabi_post_trailwarden:policy/rules@1.0.0#conclude") (param $result i32) (call $free)))"#,
            summary_at = summary.at,
            summary_size = summary.size,
            manifest_at = manifest.at,
            manifest_size = manifest.size,
        )
    }
}

/// The manifest of a well-behaved policy.
fn manifest(name: &str) -> Value {
    json!({
        "manifest_version": "1",
        "name": name,
        "version": "1.0.0",
        "description": "Misbehaves on purpose: for tests of the host only.",
        "owner": "tests",
        "record": {"format": "json"},
        "tables": [
            {"name": "hostile-list", "kind": "exact", "required": false},
            {"name": "hostile-map", "kind": "map", "required": false},
        ],
        "rules": [{
            "id": "hostile",
            "title": "Hostile",
            "severity": "low",
            "selectors": [{"match": {"event_source": [SOURCE]}}],
        }],
    })
}

/// Bytes as WebAssembly text writes them.
fn data(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "\\{byte:02x}");
    }
    text
}
