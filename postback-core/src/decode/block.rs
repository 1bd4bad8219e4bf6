//! Positions of bytes in text, found in blocks of 64 bytes: each mask has one bit for each byte of
//! a block, the lowest for the first byte.
//!
//! The loops have no branch that depends on the text, and compilers turn them into vector
//! instructions.

use std::iter;

/// Number of bytes in a block.
pub(super) const BLOCK: usize = LANE * LANES;

/// Number of bytes that are compared at once: the size of the vectors that each processor of the
/// 64-bit architectures has.
pub(super) const LANE: usize = 16;

const LANES: usize = 4;

pub(super) type Block = [[u8; LANE]; LANES];

/// Returns the block at a position, unless fewer bytes follow.
#[inline]
pub(super) fn at(text: &[u8], begin: usize) -> Option<&Block> {
    text.get(begin..)?.as_chunks().0.first_chunk()
}

/// Returns the last block of a text, with spaces in place of the bytes that are missing.
pub(super) fn last(text: &[u8], begin: usize) -> Block {
    let mut block = [[b' '; LANE]; LANES];
    let rest = text.get(begin..).unwrap_or_default();
    iter::zip(block.as_flattened_mut(), rest).for_each(|(to, from)| *to = *from);
    block
}

/// Iterator over the positions of the bytes that are wanted. `is_wanted` must return `false` for a
/// space, which fills the last block.
pub(super) struct Positions<'a, W> {
    text: &'a [u8],
    is_wanted: W,
    /// Position of the current block.
    begin: usize,
    /// Wanted bytes of the block that were not returned.
    mask: u64,
}

impl<'a, W: Fn(u8) -> bool> Positions<'a, W> {
    pub(super) fn new(text: &'a str, is_wanted: W) -> Self {
        let mut positions = Self {
            text: text.as_bytes(),
            is_wanted,
            begin: 0,
            mask: 0,
        };
        positions.compute();
        positions
    }

    fn compute(&mut self) {
        self.mask = match at(self.text, self.begin) {
            Some(block) => mask(block, &self.is_wanted),
            None => mask(&last(self.text, self.begin), &self.is_wanted),
        };
    }
}

impl<W: Fn(u8) -> bool> Iterator for Positions<'_, W> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.mask == 0 {
            self.begin = self.begin.checked_add(BLOCK)?;
            if self.begin >= self.text.len() {
                return None;
            }
            self.compute();
        }
        let position = self
            .begin
            .checked_add(self.mask.trailing_zeros() as usize)?;
        self.mask &= self.mask.wrapping_sub(1);
        Some(position)
    }
}

/// Returns the mask of the bytes that satisfy `is_wanted`.
#[inline(always)]
pub(super) fn mask(block: &Block, is_wanted: impl Fn(u8) -> bool) -> u64 {
    let [first, second, third, fourth] = block;
    let mut sums = [0_u8; LANE];
    let bytes = first.iter().zip(second).zip(third).zip(fourth);
    let bits = BITS.iter().zip(&mut sums).zip(bytes);
    for ((bits, sum), (((first, second), third), fourth)) in bits {
        // All bits if the byte is wanted, or else no bits.
        let all = |byte: &u8| u8::from(is_wanted(*byte)).wrapping_neg();
        *sum = (all(first) & bits)
            | (all(second) & bits.wrapping_shl(2))
            | (all(third) & bits.wrapping_shl(4))
            | (all(fourth) & bits.wrapping_shl(6));
    }
    let [low, high] = *sums.as_chunks().0 else {
        return 0;
    };
    let sums = u64::from_le_bytes(low) | u64::from_le_bytes(high);
    match sums {
        0 => 0,
        _ => transpose(sums),
    }
}

/// Bit of each byte of a lane. The halves have different bits, so that one word holds both.
const BITS: [u8; LANE] = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2];

/// Transposes a matrix of 8 × 8 bits: bit `r` of byte `c` becomes bit `c` of byte `r`.
const fn transpose(matrix: u64) -> u64 {
    let swap = (matrix ^ (matrix >> 7)) & 0x00aa_00aa_00aa_00aa;
    let matrix = matrix ^ swap ^ (swap << 7);
    let swap = (matrix ^ (matrix >> 14)) & 0x0000_cccc_0000_cccc;
    let matrix = matrix ^ swap ^ (swap << 14);
    let swap = (matrix ^ (matrix >> 28)) & 0x0000_0000_f0f0_f0f0;
    matrix ^ swap ^ (swap << 28)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_are_those_of_each_wanted_byte(text in "[ab=&é]{0,200}") {
            let is_wanted = |byte| matches!(byte, b'=' | b'&');
            let bytes = text.bytes().enumerate();
            let expected: Vec<_> = bytes.filter(|(_, byte)| is_wanted(*byte)).collect();
            let expected: Vec<_> = expected.into_iter().map(|(at, _)| at).collect();
            prop_assert_eq!(Positions::new(&text, is_wanted).collect::<Vec<_>>(), expected);
        }
    }
}
