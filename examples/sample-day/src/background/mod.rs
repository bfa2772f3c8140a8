//! Everyday traffic: sessions of people, pipelines, workloads and services, none of which any shipped rule reports.
//!
//! A session is a burst of calls in one account and region, as real traffic is; that is also what gives files their
//! usual five to twenty records.

mod deployments;
mod people;
mod reads;
mod services;
mod workloads;

use crate::caller::Caller;
use crate::clock::Moment;
use crate::dice::Dice;
use crate::event::{Event, Record};
use crate::organisation::{Account, Region};

/// One session with its first call at `start`.
pub fn session(dice: &mut Dice, start: Moment) -> Vec<Record> {
    let mut session = Session { now: start, records: Vec::new() };
    let share = dice.between(1, 100);
    // People and pipelines work from six to eighteen; machines always.
    let is_working_time = (Moment::at(6, 0, 0)..Moment::at(18, 0, 0)).contains(&start);
    match (is_working_time, share) {
        (true, 1..=18) => people::in_console(&mut session, dice),
        (true, 19..=28) => people::on_command_line(&mut session, dice),
        (true, 29..=31) => people::with_a_password(&mut session, dice),
        (true, 32..=48) => deployments::plan(&mut session, dice),
        (_, 1..=64) => workloads::container(&mut session, dice),
        (_, 65..=78) => workloads::function(&mut session, dice),
        (_, 79..=86) => workloads::pod(&mut session, dice),
        (_, 87..=92) => workloads::instance(&mut session, dice),
        (_, 93..=97) => services::config_recorder(&mut session, dice),
        _ => services::log_delivery(&mut session, dice),
    }
    session.records
}

/// Calls of one session so far, and the time of the last.
struct Session {
    now: Moment,
    records: Vec<Record>,
}

impl Session {
    /// A call a few seconds after the last.
    fn call(
        &mut self,
        dice: &mut Dice,
        caller: &Caller,
        source: &'static str,
        name: &'static str,
        finish: impl FnOnce(Event, &mut Dice) -> Event,
    ) {
        let now = self.tick(dice);
        let event = Event::call(caller, dice, now, source, name);
        let finished = finish(event, dice);
        self.push(finished);
    }

    fn push(&mut self, event: Event) {
        self.records.push(event.into_record());
    }

    fn tick(&mut self, dice: &mut Dice) -> Moment {
        self.now = self.now.plus(dice.between(0, 7));
        self.now
    }
}

fn account(dice: &mut Dice) -> Account {
    match dice.between(1, 10) {
        1..=6 => Account::Production,
        7..=9 => Account::Development,
        _ => Account::Archive,
    }
}

fn region(dice: &mut Dice) -> Region {
    match dice.between(1, 20) {
        1..=15 => Region::EuWest1,
        16..=18 => Region::UsEast1,
        _ => Region::EuCentral1,
    }
}
