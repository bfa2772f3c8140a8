//! What the key of a CloudTrail log says of what is in it.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

/// Account, region and time in a key, as far as it has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogKey<'k> {
    /// The account: twelve digits.
    pub account: Option<&'k str>,
    /// The region.
    pub region: Option<&'k str>,
    /// When CloudTrail wrote the object: the time in its name.
    pub written: Option<Timestamp>,
}

/// Which objects are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Written at this time or later.
    pub since: Option<Timestamp>,
    /// Written before this time.
    pub until: Option<Timestamp>,
    /// Of these accounts; of all where there are none.
    pub accounts: Vec<String>,
    /// Of these regions; of all where there are none.
    pub regions: Vec<String>,
}

/// The folder behind which logs' folders are named by regions. Digests are in `CloudTrail-Digest`.
const LOGS: &str = "CloudTrail";
/// The folder of digests: none of them is a log.
const DIGESTS: &str = "CloudTrail-Digest";

impl<'k> LogKey<'k> {
    /// Reads a key, or the beginning of one.
    pub fn of(key: &'k str) -> Self {
        let mut read = Self::default();
        let mut folders = key.split('/').peekable();
        while let Some(folder) = folders.next() {
            if is_account(folder) {
                read.account = Some(folder);
            } else if folder == LOGS && read.account.is_some() {
                read.region = folders.peek().copied().filter(|region| !region.is_empty());
            }
        }
        read.written = key.rsplit('/').next().and_then(|name| name.split('_').find_map(time));
        read
    }
}

impl Wanted {
    /// Whether an object is wanted. `modified` stands for the time in its name where that has none.
    pub fn wants(&self, key: &str, modified: Option<Timestamp>) -> bool {
        let LogKey { written, .. } = LogKey::of(key);
        let at = written.or(modified);
        let is_late_enough = self.since.is_none_or(|since| at.is_none_or(|at| at >= since));
        let is_early_enough = self.until.is_none_or(|until| at.is_none_or(|at| at < until));
        is_late_enough && is_early_enough && self.may_be_below(key)
    }

    /// Whether something that is wanted can have a key that begins so.
    pub(super) fn may_be_below(&self, prefix: &str) -> bool {
        let is_among = |names: &[String], name: Option<&str>| {
            names.is_empty() || name.is_none_or(|name| names.iter().any(|wanted| wanted == name))
        };
        let LogKey { account, region, .. } = LogKey::of(prefix);
        is_among(&self.accounts, account) && is_among(&self.regions, region) && !prefix.split('/').any(|folder| folder == DIGESTS)
    }

    /// The days of which objects are wanted, in the form of folders (`2026/11/24/`), from the first wanted one to the last, but none
    /// after `today`. None where there is no first one.
    pub(super) fn days(&self, today: Date) -> Option<Vec<String>> {
        let day = |at: Timestamp| Offset::UTC.to_datetime(at).date();
        let (first, last) = (day(self.since?), self.until.map_or(today, day).min(today));
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(|day| *day <= last);
        Some(days.map(|day| format!("{:04}/{:02}/{:02}/", day.year(), day.month(), day.day())).collect())
    }
}

fn is_account(folder: &str) -> bool {
    folder.len() == 12 && folder.bytes().all(|byte| byte.is_ascii_digit())
}

/// `20261124T0915Z`.
fn time(part: &str) -> Option<Timestamp> {
    let is_so_long = part.len() == "20261124T0915Z".len();
    let at = is_so_long.then(|| DateTime::strptime("%Y%m%dT%H%MZ", part)).and_then(Result::ok)?;
    Offset::UTC.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "x/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/11/24/\
                       111122223333_CloudTrail_eu-west-1_20261124T0915Z_AbCd.json.gz";

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_key_says_account_region_and_time() {
        let expected = LogKey { account: Some("111122223333"), region: Some("eu-west-1"), written: at("2026-11-24T09:15:00Z") };
        assert_eq!(LogKey::of(KEY), expected);
        assert_eq!(LogKey::of("records/one.json"), LogKey::default());
        assert_eq!(LogKey::of("AWSLogs/111122223333/CloudTrail/"), LogKey { account: Some("111122223333"), ..LogKey::default() });
        // Neither time nor day exists.
        for name in ["a_20261324T0915Z_b.json", "a_20261124T2515Z_b.json", "a_2026112aT0915Z_b.json"] {
            assert_eq!(LogKey::of(name).written, None, "{name}");
        }
    }

    #[test]
    fn what_is_wanted_is_from_a_time_on_and_before_another() {
        let wanted = |since, until| Wanted { since: at(since), until: at(until), ..Wanted::default() };
        assert!(wanted("2026-11-24T09:15:00Z", "2026-11-24T09:16:00Z").wants(KEY, None));
        assert!(!wanted("2026-11-24T09:16:00Z", "2026-11-25T00:00:00Z").wants(KEY, None));
        assert!(!wanted("2026-11-24T00:00:00Z", "2026-11-24T09:15:00Z").wants(KEY, None));
        // A name without a time: when it was last written to counts.
        let day = wanted("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z");
        assert!(day.wants("a.json", at("2026-11-24T12:00:00Z")) && !day.wants("a.json", at("2026-11-25T00:00:00Z")));
        assert!(!Wanted::default().wants("AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/x.json.gz", None));
    }

    #[test]
    fn other_accounts_and_regions_are_not_walked() {
        let wanted = Wanted { accounts: vec!["111122223333".into()], regions: vec!["eu-west-1".into()], ..Wanted::default() };
        for (prefix, may_be) in [
            ("AWSLogs/", true),
            ("AWSLogs/o-abc/111122223333/", true),
            ("AWSLogs/444455556666/", false),
            ("AWSLogs/111122223333/CloudTrail/", true),
            ("AWSLogs/111122223333/CloudTrail/us-east-1/", false),
            (KEY, true),
        ] {
            assert_eq!(wanted.may_be_below(prefix), may_be, "{prefix}");
        }
    }

    #[test]
    fn days_go_from_the_first_to_the_last() {
        let today = Date::constant(2026, 3, 2);
        let wanted = |until| Wanted { since: at("2026-02-27T10:00:00Z"), until, ..Wanted::default() };
        assert_eq!(wanted(at("2026-02-28T00:00:00Z")).days(today).unwrap(), ["2026/02/27/", "2026/02/28/"]);
        assert_eq!(wanted(None).days(today).unwrap().len(), 4);
        assert_eq!(wanted(at("2027-01-01T00:00:00Z")).days(today).unwrap().last().unwrap(), "2026/03/02/");
        assert_eq!(Wanted::default().days(today), None);
    }
}
