//! What the writer holds back until an array or object closes, and an object's members put in order.

use super::layout::{Index, LARGEST, MEMBER, MOST_BUCKETS, SLOT};

/// A value and, in an object, its key.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    pub(super) key: Key,
    pub(super) slot: Slot,
}

/// Where a key's text is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Key {
    pub(super) hash: u32,
    pub(super) at: u32,
    pub(super) size: u32,
}

/// What a value is, and where.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    pub(super) word: u32,
    pub(super) at: u32,
}

impl Slot {
    pub(super) fn to_bytes(self) -> [u8; SLOT] {
        (u64::from(self.word) | u64::from(self.at) << 32).to_le_bytes()
    }
}

impl Held {
    pub(super) fn to_bytes(self) -> [u8; MEMBER] {
        let key = u128::from(self.key.at) | u128::from(self.key.size) << 32;
        let slot = u128::from(self.slot.word) << 64 | u128::from(self.slot.at) << 96;
        (key | slot).to_le_bytes()
    }
}

/// The size of no key: marks a member whose value was overruled by a later one.
const OVERRULED: u32 = LARGEST + 1;

/// Leaves one member for each key: in the first one's place, with the last one's value.
pub(super) fn drop_overruled(held: &mut Vec<Held>, first: usize, order: &mut Vec<u32>, image: &[u8]) {
    let members = held.get_mut(first..).unwrap_or_default();
    let has_overruled = match Index::of(members.len()) {
        Index::None | Index::Buckets(_) => mark_by_search(members, image),
        Index::Order => mark_in_order(members, order, image),
    };
    if has_overruled {
        let mut position = 0;
        held.retain(|member| {
            position += 1;
            position <= first || member.key.size != OVERRULED
        });
    }
}

fn mark_by_search(members: &mut [Held], image: &[u8]) -> bool {
    // A set bit says that a key with such a hash was seen; nearly every key of a real record finds its bit unset.
    let mut seen = 0_u64;
    let mut has_overruled = false;
    for at in 0..members.len() {
        let (earlier, rest) = members.split_at_mut(at);
        let Some(member) = rest.first_mut() else { break };
        let bit = 1 << (member.key.hash % 64);
        if seen & bit != 0 {
            let mut alike = earlier.iter_mut().filter(|other| other.key.hash == member.key.hash);
            if let Some(same) = alike.find(|other| text(&other.key, image) == text(&member.key, image)) {
                same.slot = member.slot;
                member.key.size = OVERRULED;
                has_overruled = true;
            }
        }
        seen |= bit;
    }
    has_overruled
}

fn mark_in_order(members: &mut [Held], order: &mut Vec<u32>, image: &[u8]) -> bool {
    sort(members, order, image);
    let mut has_overruled = false;
    let mut stays: Option<u32> = None;
    for position in order.iter().copied() {
        let Some(member) = members.get(position as usize).copied() else { break };
        let same = stays.and_then(|stays| members.get_mut(stays as usize));
        match same.filter(|same| text(&same.key, image) == text(&member.key, image)) {
            Some(same) => {
                same.slot = member.slot;
                if let Some(overruled) = members.get_mut(position as usize) {
                    overruled.key.size = OVERRULED;
                }
                has_overruled = true;
            }
            None => stays = Some(position),
        }
    }
    has_overruled
}

/// Puts an object's members into its buckets, which are empty.
pub(super) fn fill(buckets: &mut [u8], members: &[Held]) {
    let mut taken = [0; MOST_BUCKETS];
    let mask = buckets.len().wrapping_sub(1) % MOST_BUCKETS;
    for (member, number) in members.iter().zip(1..) {
        let mut bucket = member.key.hash as usize & mask;
        // There are more buckets than members, so one is free.
        while taken.get(bucket).is_some_and(|number| *number != 0) {
            bucket = (bucket + 1) & mask;
        }
        if let Some(place) = taken.get_mut(bucket) {
            *place = number;
        }
    }
    buckets.iter_mut().zip(taken).for_each(|(bucket, number)| *bucket = number);
}

/// The positions of an object's members in the order of their keys; equal keys as they were written.
pub(super) fn sort(members: &[Held], order: &mut Vec<u32>, image: &[u8]) {
    order.clear();
    // There are fewer members than bytes, whose number fits.
    order.extend(0..members.len() as u32);
    let key = |position: &u32| members.get(*position as usize).map_or(&[][..], |member| text(&member.key, image));
    order.sort_unstable_by(|one, other| key(one).cmp(key(other)).then(one.cmp(other)));
}

fn text<'a>(key: &Key, image: &'a [u8]) -> &'a [u8] {
    image.get(key.at as usize..).and_then(|rest| rest.get(..key.size as usize)).unwrap_or_default()
}
