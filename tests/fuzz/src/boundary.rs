//! What a guest returns across the boundary, as plain numbers and bytes of its memory, through a real engine.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use arbitrary::{Arbitrary, Unstructured};
use e2e::hostile::guest::{ANSWER, Guest as Text};
use policy_contract::manifest::Manifest;
use trailwarden::engine::{Batch, Engine, Guest, Judgement, Verdict, trial};
use trailwarden::limits::{Limits, Milliseconds};

/// Records of one batch; more say nothing more.
const RECORDS: usize = 8;
/// Before the answer in a record: which lie about the list is told, with which number, and which words of the answer are
/// places in the record.
const CONTROLS: u32 = 12;
/// Where a record's own texts begin.
const OWN_TEXTS: u32 = CONTROLS + ANSWER;
/// No guest's memory reaches so far: its limit is 64 MiB.
const OUTSIDE: u32 = 1 << 30;
/// Texts in the guest's memory that are always there: its manifest begins here.
const FIXED_TEXTS: u32 = 1024;
const FIXED_BYTES: u32 = 256;

/// What a fuzzer chooses: what the guest answers to each record of a batch. None is the answer of a policy that behaves.
#[derive(Debug, Arbitrary)]
struct Answers {
    records: Vec<Option<Answer>>,
}

#[derive(Debug, Arbitrary)]
struct Answer {
    lie: Option<Lie>,
    /// Instead of the task's own number, one that no task has.
    task: Option<u16>,
    verdict: Claim,
    texts: Vec<u8>,
}

/// Something about the list of answers that cannot be.
#[derive(Debug, Arbitrary)]
enum Lie {
    ListOutside(u32),
    ListOddly(u16),
    ListTooLong(u32),
    ResultOutside(u32),
    ResultOddly(u16),
}

#[derive(Debug, Arbitrary)]
enum Claim {
    Finding {
        severity: Choice,
        number: u8,
        title: (Choice, Place),
        summary: Place,
        key: Place,
        grouping: (Choice, Place),
        more: Place,
    },
    Signal {
        correlation: u32,
        key: Place,
        value: (Choice, Place),
    },
    Error(Place),
    /// A verdict that is none of the three.
    None(u8),
}

/// The byte before something that may be there.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Choice {
    Absent,
    Present,
    /// Neither 0 nor 1.
    Odd(u8),
}

/// Where a text lies.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Place {
    Nowhere,
    Own { from: u8, bytes: u8 },
    Fixed { from: u8, bytes: u8 },
    Outside { at: u32, bytes: u32 },
    Endless { at: u8, bytes: u32 },
}

/// An answer as the record that makes the guest give it, and whether its parts are what the component model allows.
struct Written {
    words: [u32; ANSWER as usize / 4],
    /// Bit i: word i is a place in the record.
    own: u32,
    texts: Vec<u8>,
    is_well_formed: bool,
}

impl Written {
    fn byte(&mut self, at: usize, byte: u8) {
        self.words[at / 4] |= u32::from(byte) << (8 * (at % 4));
    }

    fn choice(&mut self, at: usize, choice: Choice) -> bool {
        let byte = match choice {
            Choice::Absent => 0,
            Choice::Present => 1,
            Choice::Odd(byte) => byte.max(2),
        };
        self.is_well_formed &= byte < 2;
        self.byte(at, byte);
        byte == 1
    }

    /// A text; what is not there is not looked at.
    fn text(&mut self, at: usize, place: Place, is_there: bool) {
        let (begin, bytes, is_text) = match place {
            Place::Nowhere => (0, 0, true),
            Place::Own { from, bytes } => {
                let from = usize::from(from).min(self.texts.len());
                let bytes = usize::from(bytes).min(self.texts.len() - from);
                self.own |= 1 << (at / 4);
                (from as u32, bytes as u32, std::str::from_utf8(&self.texts[from..from + bytes]).is_ok())
            }
            Place::Fixed { from, bytes } => {
                let bytes = u32::from(bytes).min(FIXED_BYTES - u32::from(from));
                (FIXED_TEXTS + u32::from(from), bytes, true)
            }
            Place::Outside { at, bytes } => (at | OUTSIDE, bytes, false),
            Place::Endless { at, bytes } => (FIXED_TEXTS + u32::from(at), bytes | OUTSIDE, false),
        };
        self.is_well_formed &= is_text || !is_there;
        self.words[at / 4] = begin;
        self.words[at / 4 + 1] = bytes;
    }
}

/// What must become of a task.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Answered,
    Fails,
    /// Its document decides.
    Either,
}

impl Answer {
    /// The record that makes the guest answer so. Offsets are those of `answer` in the canonical ABI.
    fn record(self) -> (Vec<u8>, Fate) {
        let Self { lie, task, verdict, texts } = self;
        let mut written = Written { words: Default::default(), own: 0, texts, is_well_formed: true };
        // No batch has so many tasks; 0 is the task itself.
        written.words[0] = task.map_or(0, |task| u32::from(task) + (1 << 16));
        let mut fate = Fate::Fails;
        match verdict {
            Claim::Finding { severity, number, title, summary, key, grouping, more } => {
                if written.choice(8, severity) {
                    written.byte(9, number);
                    written.is_well_formed &= number < 5;
                }
                let has_title = written.choice(12, title.0);
                written.text(16, title.1, has_title);
                written.text(24, summary, true);
                written.text(32, key, true);
                let has_grouping = written.choice(40, grouping.0);
                written.text(44, grouping.1, has_grouping);
                written.text(52, more, true);
                fate = if written.words[14] == 0 { Fate::Answered } else { Fate::Either };
            }
            Claim::Signal { correlation, key, value } => {
                written.byte(4, 1);
                written.words[2] = correlation;
                written.text(12, key, true);
                let has_value = written.choice(20, value.0);
                written.text(24, value.1, has_value);
            }
            Claim::Error(text) => {
                written.byte(4, 2);
                written.text(8, text, true);
            }
            Claim::None(number) => {
                written.byte(4, number.max(3));
                written.is_well_formed = false;
            }
        }
        let (lie, number) = match lie {
            None => (0, 0),
            Some(Lie::ListOutside(at)) => (1, at | OUTSIDE),
            Some(Lie::ListOddly(at)) => (1, u32::from(at) | 1),
            Some(Lie::ListTooLong(answers)) => (2, answers | OUTSIDE),
            Some(Lie::ResultOutside(at)) => (3, at | OUTSIDE),
            Some(Lie::ResultOddly(at)) => (3, u32::from(at) | 1),
        };
        if lie != 0 || task.is_some() || !written.is_well_formed {
            fate = Fate::Fails;
        }
        let words = [lie, number, written.own].into_iter().chain(written.words);
        let bytes = words.flat_map(u32::to_le_bytes).chain(written.texts);
        (bytes.collect(), fate)
    }
}

/// A guest whose answers are in its records, another one beside it, and what that one says to records that say nothing.
struct Stage {
    liar: Guest,
    neighbour: Guest,
    expected: Judgement,
}

impl Stage {
    fn new() -> anyhow::Result<Self> {
        let engine = Engine::new(1 << 30)?;
        // As much CPU time as it likes: on a crowded machine nothing else is to fail than what should.
        let limits = Limits { cpu_ms_per_record: Milliseconds(10_000), ..Limits::default() };
        let manifest: Manifest = serde_json::from_slice(&Text::named("p").manifest)?;
        let guest = |text: Text| anyhow::Ok(trial::guest(&engine, &text.component()?, manifest.clone(), &limits)?);
        let mut neighbour = guest(Text::named("p"))?;
        let expected = neighbour.judge(&batch(&vec![Vec::new(); RECORDS])?);
        anyhow::ensure!(expected.answers.len() == RECORDS && expected.failures.is_empty(), "{expected:?}");
        Ok(Self { liar: guest(liar())?, neighbour, expected })
    }
}

/// A well-behaved guest that takes what it answers from each record of more than a few bytes.
fn liar() -> Text {
    let mut text = Text::named("p");
    text.items = format!(
        "(global $lie (mut i32) (i32.const 0))
         (global $number (mut i32) (i32.const 0))
         ;; Adds where the record's texts begin to the words of an answer that are places in it.
         (func $place (param $own i32) (param $begin i32) (local $at i32)
           (local.set $at (global.get $last))
           (loop $word
             (if (i32.and (local.get $own) (i32.const 1))
               (then (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $begin)))))
             (local.set $at (i32.add (local.get $at) (i32.const 4)))
             (br_if $word (local.tee $own (i32.shr_u (local.get $own) (i32.const 1))))))
         (func $claim (param $task i32) (param $record i32)
           (if (i32.load (local.get $record)) (then
             (global.set $lie (i32.load (local.get $record)))
             (global.set $number (i32.load offset=4 (local.get $record)))))
           (memory.copy (global.get $last) (i32.add (local.get $record) (i32.const {CONTROLS})) (i32.const {ANSWER}))
           (if (i32.eqz (i32.load (global.get $last))) (then (i32.store (global.get $last) (local.get $task))))
           (call $place (i32.load offset=8 (local.get $record)) (i32.add (local.get $record) (i32.const {OWN_TEXTS}))))"
    );
    text.evaluate = "(global.set $lie (i32.const 0))".into();
    text.judge = format!(
        "(call $find (local.get $task))
         (if (i32.ge_u (local.get $size) (i32.const {OWN_TEXTS})) (then (call $claim (local.get $task) (local.get $record))))"
    );
    text.answered = "(if (i32.eq (global.get $lie) (i32.const 1)) (then (i32.store (i32.const 16) (global.get $number))))
         (if (i32.eq (global.get $lie) (i32.const 2)) (then (i32.store (i32.const 20) (global.get $number))))
         (if (i32.eq (global.get $lie) (i32.const 3)) (then (return (global.get $number))))"
        .into();
    text
}

fn batch(records: &[Vec<u8>]) -> anyhow::Result<Batch> {
    let mut batch = Batch::default();
    for record in records {
        batch.push(record, [0])?;
    }
    Ok(batch)
}

static STAGE: LazyLock<Result<Mutex<Stage>, String>> =
    LazyLock::new(|| Stage::new().map(Mutex::new).map_err(|error| format!("{error:#}")));

/// Has a guest return what these bytes choose.
///
/// # Panics
/// A task is lost or judged twice, fails where it should not or the other way about, or another policy notices.
pub fn boundary(bytes: &[u8]) {
    let Ok(Answers { mut records }) = Answers::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    records.truncate(RECORDS);
    let (records, fates): (Vec<Vec<u8>>, Vec<Fate>) =
        records.into_iter().map(|answer| answer.map_or((Vec::new(), Fate::Answered), Answer::record)).unzip();
    let stage = STAGE.as_ref();
    assert!(stage.is_ok(), "there is no guest to try: {:?}", stage.err());
    let (Ok(stage), Ok(all)) = (stage, batch(&records)) else { return };
    let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);

    let judged = stage.liar.judge(&all);
    assert!(judged.unexplained.is_empty() && judged.cannot_start.is_none() && judged.impure.is_empty(), "{judged:?}");
    let answered: Vec<usize> = judged.answers.iter().map(|answer| answer.task).collect();
    let failed: Vec<usize> = judged.failures.iter().map(|failure| failure.task).collect();
    assert!(answered.is_sorted_by(|one, next| one < next) && failed.is_sorted_by(|one, next| one < next), "{judged:?}");
    let every: BTreeSet<usize> = answered.iter().chain(&failed).copied().collect();
    assert!(
        every.len() == answered.len() + failed.len() && every.len() == records.len(),
        "a task is lost, or there twice: {judged:?}"
    );
    for (task, fate) in fates.iter().enumerate() {
        let is_right = match fate {
            Fate::Answered => answered.contains(&task),
            Fate::Fails => failed.contains(&task),
            Fate::Either => true,
        };
        assert!(is_right, "task {task} ought to be {fate:?}: {judged:?}");
    }
    assert!(
        judged.answers.iter().all(|answer| matches!(answer.verdict, Verdict::Finding(_))),
        "no signal can be sent: {judged:?}"
    );

    // Alone each record says what it says among others.
    for (task, record) in records.iter().enumerate() {
        let Ok(alone) = batch(std::slice::from_ref(record)) else { return };
        let alone = stage.liar.judge(&alone);
        let verdicts = |judgement: &Judgement, task: usize| {
            let answers =
                judgement.answers.iter().filter(|answer| answer.task == task).map(|answer| format!("{:?}", answer.verdict));
            let failures =
                judgement.failures.iter().filter(|failure| failure.task == task).map(|failure| format!("{:?}", failure.kind));
            answers.chain(failures).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&alone, 0), verdicts(&judged, task), "alone task {task} ends otherwise");
    }
    let Stage { neighbour, expected, .. } = &mut *stage;
    let Ok(silent) = batch(&vec![Vec::new(); RECORDS]) else { return };
    let beside = neighbour.judge(&silent);
    assert!(beside.answers == expected.answers && beside.failures.is_empty(), "another policy noticed: {beside:?}");
}
