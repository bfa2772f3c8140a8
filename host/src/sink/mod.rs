//! Where findings go: standard output, and files that are rotated.
//!
//! A [`Sink`] takes findings as lines of OCSF, chunk by chunk: they are pushed, then written, then settled, which says that they
//! are on the disk and that the objects which they were found in are done. Until then every step can be tried again and
//! nothing is written twice: what was written of a line stays written, and after a restart a file's own end says what it
//! has. Whether a sink wants a finding is its own affair.

mod file;
mod lines;
mod stdout;

use std::io;
use std::path::PathBuf;

use policy_contract::name::Name;

use self::file::FindingsFile;
pub use self::file::Rotation;
use self::stdout::StandardOutput;
use crate::finding::FindingId;
use crate::store::SinkPlace;

/// What a sink writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    StandardOutput,
    /// A file.
    File {
        /// Its path; files that were rotated out stand beside it.
        path: PathBuf,
        /// When another file is begun.
        rotation: Rotation,
    },
}

/// Why a sink can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the sink `{sink}` can't write to {target}: {source}")]
pub struct SinkError {
    /// The sink.
    pub sink: Name,
    /// Where it writes to.
    pub target: String,
    /// What the operating system says.
    pub source: io::Error,
}

impl SinkError {
    /// Whether nobody will ever read what is written.
    pub fn is_closed(&self) -> bool {
        self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// What a sink was found to hold when it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Findings behind the last settled one: of objects that are judged again, so they are left out once.
    pub findings: u64,
    /// Bytes of a line that was never finished, which were cut off.
    pub torn_bytes: u64,
}

/// What a sink has taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Findings written.
    pub findings: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Findings left out, since they were there from before a restart.
    pub left_out: u64,
}

/// One sink.
pub struct Sink {
    name: Name,
    target: Target,
    output: Output,
    taken: Taken,
}

enum Output {
    StandardOutput(StandardOutput),
    File(FindingsFile),
}

impl Sink {
    /// Opens a sink. `place` is how far it had got when it was last settled.
    ///
    /// # Errors
    /// It can't be opened or read.
    pub fn open(name: Name, target: Target, place: Option<SinkPlace>) -> Result<(Self, Recovered), SinkError> {
        let opened = match &target {
            Target::StandardOutput => Ok((Output::StandardOutput(StandardOutput::default()), Recovered::default())),
            Target::File { path, rotation } => {
                FindingsFile::open(path, *rotation, place).map(|(file, recovered)| (Output::File(file), recovered))
            }
        };
        match opened {
            Ok((output, recovered)) => Ok((Self { name, target, output, taken: Taken::default() }, recovered)),
            Err(source) => Err(SinkError { sink: name, target: target.to_string(), source }),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What it has taken so far.
    pub fn taken(&self) -> Taken {
        self.taken
    }

    /// Takes the line of a finding, to be written.
    pub fn push(&mut self, id: FindingId, line: &[u8]) {
        if let Output::File(file) = &mut self.output
            && file.has_already(id)
        {
            self.taken.left_out += 1;
            return;
        }
        self.lines().extend(line);
        self.taken.findings += 1;
        self.taken.bytes += line.len() as u64;
    }

    /// What was pushed so far is of objects that are done when this is settled; what is pushed from now on is not.
    pub fn mark(&mut self) {
        if let Output::File(file) = &mut self.output {
            file.mark();
        }
    }

    /// All objects that were there when the host began are done: nothing that was pushed before is pushed again.
    pub fn has_caught_up(&mut self) {
        if let Output::File(file) = &mut self.output {
            file.has_caught_up();
        }
    }

    /// Writes what was pushed, and sees that it is on the disk. May be called again after an error and goes on where it was.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&mut self) -> Result<(), SinkError> {
        let result = match &mut self.output {
            Output::StandardOutput(output) => output.write(),
            Output::File(file) => file.write(),
        };
        result.map_err(|source| self.failed(source))
    }

    /// How far it has got with objects that are done, for the ledger; none where it can't tell after a restart.
    pub fn place(&self) -> Option<SinkPlace> {
        match &self.output {
            Output::StandardOutput(_) => None,
            Output::File(file) => Some(file.place()),
        }
    }

    /// The ledger knows of everything up to [`Sink::place`]: a file that is full may be rotated out.
    ///
    /// # Errors
    /// The next file can't be begun. What was written stays where it is.
    pub fn settled(&mut self) -> Result<(), SinkError> {
        let result = match &mut self.output {
            Output::StandardOutput(_) => Ok(()),
            Output::File(file) => file.rotate_if_full(),
        };
        result.map_err(|source| self.failed(source))
    }

    fn lines(&mut self) -> &mut Vec<u8> {
        match &mut self.output {
            Output::StandardOutput(output) => output.lines(),
            Output::File(file) => file.lines(),
        }
    }

    fn failed(&self, source: io::Error) -> SinkError {
        SinkError { sink: self.name.clone(), target: self.target.to_string(), source }
    }
}

impl Target {
    /// Whether two sinks would write over each other.
    pub fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File { path, .. }, Self::File { path: other, .. }) => path == other,
            (Self::StandardOutput, Self::StandardOutput) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            Self::File { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

/// The id of a line that a sink has written; none where the line is something else.
fn id_of_line(line: &[u8]) -> Option<FindingId> {
    #[derive(serde::Deserialize)]
    struct Line {
        finding_info: Info,
    }
    #[derive(serde::Deserialize)]
    struct Info {
        uid: String,
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    line.finding_info.uid.parse().ok()
}
