//! What a person sees while something takes long: a progress bar, where someone is looking.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error, or nothing where that is no terminal.
#[derive(Clone)]
pub(super) struct Progress {
    bar: Arc<ProgressBar>,
}

impl Progress {
    /// Progress through so many stored bytes; without an end where their number is unknown.
    pub(super) fn of_bytes(total: Option<u64>) -> Self {
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        };
        let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        bar.set_draw_target(target);
        let template =
            if total.is_some() { "{bar:30} {bytes} of {total_bytes}, {msg}, {eta} left" } else { "{spinner} {bytes}, {msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar: Arc::new(bar) }
    }

    /// So many more bytes are read.
    pub(super) fn add_bytes(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// What was found so far.
    pub(super) fn say(&self, what: String) {
        self.bar.set_message(what);
    }

    /// Writes a line to standard error without disturbing the bar.
    pub(super) fn line(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Whether the bar can be seen.
    pub(super) fn is_visible(&self) -> bool {
        !self.bar.is_hidden()
    }
}

/// Whether text for people on this stream may have colours: it is a terminal and `NO_COLOR` is not set
/// (<https://no-color.org>).
pub(super) fn wants_colour(stream: &impl std::io::IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
