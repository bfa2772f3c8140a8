//! How a source hands objects to the pipeline: one at a time, when it is asked.

use std::collections::VecDeque;

use super::files::StoredObject;

/// What a source calls one object between handing it out and hearing what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a source answers when it is asked for an object.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// An object.
    Object(StoredObject),
    /// None at the moment.
    NoneYet,
    /// None any more.
    End,
}

/// Where the pipeline has its objects from.
pub trait Objects: Send {
    /// The next object. Where there is none, `wait` says whether to wait for one, or for the end; without it the answer
    /// comes at once.
    fn next(&mut self, wait: bool) -> Next;
}

/// How many objects are on their way, or wait, while another one is read.
const AHEAD: usize = 8;

/// Objects that are all known.
impl Objects for VecDeque<StoredObject> {
    fn next(&mut self, _: bool) -> Next {
        let Some(object) = self.pop_front() else { return Next::End };
        object.begin();
        self.iter().take(AHEAD).for_each(StoredObject::begin);
        Next::Object(object)
    }
}
