//! All chance in one place: a named algorithm with a seed, and the random-looking identifiers that AWS gives out.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Independent sequences of one seed, so that asking for more records does not change the attack.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// The attack.
    Attack = 1,
    /// The records that are in every day, whatever its size.
    Landmarks = 2,
    /// Everyday traffic.
    Background = 3,
    /// How records are put into files.
    Delivery = 4,
    /// What CloudTrail computes from the records.
    Insights = 5,
}

const LETTERS_AND_DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The letters of AWS's unique ids (base 32).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A seeded source of choices.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The sequence of `stream` under `seed`.
    pub fn new(seed: u64, stream: Stream) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream as u64);
        Dice(generator)
    }

    /// A sequence that belongs to a name for ever, whatever the seed: a role keeps its unique id.
    fn of_name(name: &str) -> Self {
        let mut seed = [0_u8; 32];
        for (position, byte) in name.bytes().enumerate() {
            let slot = &mut seed[position % 32];
            *slot = slot.rotate_left(3) ^ byte;
        }
        Dice(ChaCha8Rng::from_seed(seed))
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high)
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of a list that cannot be empty.
    pub fn pick<T: Copy, const N: usize>(&mut self, choices: &[T; N]) -> T {
        const { assert!(N > 0, "a list to choose from must not be empty") };
        choices[self.0.random_range(0..N)]
    }

    /// An event id: a version 4 UUID.
    pub fn uuid(&mut self) -> String {
        let version = self.hex(3);
        let variant = self.pick(b"89ab") as char;
        format!("{}-{}-4{version}-{variant}{}-{}", self.hex(8), self.hex(4), self.hex(3), self.hex(12))
    }

    /// Lower-case hexadecimal digits, as in resource ids.
    pub fn hex(&mut self, digits: usize) -> String {
        self.letters(HEX, digits)
    }

    /// Letters and digits, as in the names of log files.
    pub fn letters_and_digits(&mut self, length: usize) -> String {
        self.letters(LETTERS_AND_DIGITS, length)
    }

    /// An S3 request id: 16 capital letters and digits.
    pub fn s3_request_id(&mut self) -> String {
        self.letters(BASE32, 16)
    }

    /// A temporary access key id that says of itself that it is an example.
    pub fn temporary_key(&mut self) -> String {
        format!("ASIA{}EXAMPLE", self.letters(BASE32, 9))
    }

    /// An EC2 resource id: `i-0123456789abcdef0`.
    pub fn resource_id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    fn letters<const N: usize>(&mut self, alphabet: &[u8; N], length: usize) -> String {
        (0..length).map(|_| self.pick(alphabet) as char).collect()
    }
}

/// The unique id of a user (`AIDA`), role (`AROA`), key (`AKIA`): always the same for the same name.
pub fn unique_id(prefix: &str, name: &str, length: usize) -> String {
    const SUFFIX: &str = "EXAMPLE";
    let random = length.saturating_sub(prefix.len() + SUFFIX.len());
    format!("{prefix}{}{SUFFIX}", Dice::of_name(&format!("{prefix}{name}")).letters(BASE32, random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let attack = Dice::new(7, Stream::Attack).uuid();
        assert_eq!(attack, Dice::new(7, Stream::Attack).uuid());
        assert_ne!(attack, Dice::new(7, Stream::Background).uuid());
        assert_ne!(attack, Dice::new(8, Stream::Attack).uuid());
    }

    #[test]
    fn a_uuid_has_version_4_and_the_rfc_variant() {
        let id = Dice::new(1, Stream::Attack).uuid();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }

    #[test]
    fn a_name_keeps_its_unique_id() {
        assert_eq!(unique_id("AROA", "orders-api", 21), unique_id("AROA", "orders-api", 21));
        assert_ne!(unique_id("AROA", "orders-api", 21), unique_id("AROA", "report-export", 21));
        assert_eq!(unique_id("AIDA", "mateo", 21).len(), 21);
    }
}
