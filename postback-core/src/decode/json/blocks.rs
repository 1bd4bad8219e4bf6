use std::iter;

/// Positions of quotes and brackets in JSON text, found in blocks of 64 bytes.
///
/// Each mask has one bit for each byte of the current block, the lowest for the first byte. The
/// masks are computed without branches that depend on the text, in loops that compilers turn into
/// vector instructions. The method is known as structural indexing (Langdale and Lemire, *Parsing
/// Gigabytes of JSON per Second*, 2019).
///
/// If the text is not well-formed, the positions may be wrong, but are always within the text.
#[derive(Clone)]
pub(super) struct Blocks<'a> {
    text: &'a [u8],
    /// Position of the current block.
    begin: usize,
    /// Quotes at which a string begins or ends.
    quotes: u64,
    /// Brackets and braces outside strings.
    brackets: u64,
    /// Backslashes and control characters, inside or outside strings.
    special: u64,
    /// Set if the last byte of the block is inside a string.
    ends_in_string: bool,
    /// Set if the last byte of the block escapes the next.
    ends_in_escape: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut blocks = Self {
            text: text.as_bytes(),
            begin: 0,
            quotes: 0,
            brackets: 0,
            special: 0,
            ends_in_string: false,
            ends_in_escape: false,
        };
        blocks.compute();
        blocks
    }

    /// Returns the position of the quote that ends the string that begins at `open`, and whether
    /// the string contains neither a backslash nor a control character.
    ///
    /// Positions must not decrease from call to call.
    pub(super) fn string_end(&mut self, open: usize) -> Option<(usize, bool)> {
        let mut special = 0;
        let mut from = self.advance_to(open)? & !1_u64.wrapping_shl(self.offset(open));
        loop {
            let quotes = self.quotes & from;
            if quotes != 0 {
                let before = quotes.wrapping_sub(1) & !quotes;
                special |= self.special & from & before;
                return Some((self.position(quotes), special == 0));
            }
            special |= self.special & from;
            from = self.advance()?;
        }
    }

    /// Returns the position of the bracket that ends the array or object that begins at `open`.
    /// Does not check that brackets are of the same kind.
    ///
    /// Positions must not decrease from call to call.
    pub(super) fn container_end(&mut self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        let mut from = self.advance_to(open)?;
        loop {
            let mut brackets = self.brackets & from;
            while brackets != 0 {
                let position = self.position(brackets);
                depth = match self.text.get(position)? {
                    b'[' | b'{' => depth.checked_add(1)?,
                    _ => depth.checked_sub(1)?,
                };
                if depth == 0 {
                    return Some(position);
                }
                brackets &= brackets.wrapping_sub(1);
            }
            from = self.advance()?;
        }
    }

    /// Goes to the block that contains `position`, and returns the mask of the bytes from it on.
    fn advance_to(&mut self, position: usize) -> Option<u64> {
        while position.checked_sub(self.begin)? >= BLOCK {
            self.advance()?;
        }
        Some(u64::MAX.wrapping_shl(self.offset(position)))
    }

    /// Goes to the next block, and returns the mask of all its bytes.
    fn advance(&mut self) -> Option<u64> {
        let begin = self.begin.checked_add(BLOCK)?;
        if begin >= self.text.len() {
            return None;
        }
        self.begin = begin;
        self.compute();
        Some(u64::MAX)
    }

    /// Returns the number of a position's bit in the current block.
    const fn offset(&self, position: usize) -> u32 {
        (position.wrapping_sub(self.begin) % BLOCK) as u32
    }

    /// Returns the position of the lowest bit of a mask.
    const fn position(&self, mask: u64) -> usize {
        self.begin.wrapping_add(mask.trailing_zeros() as usize)
    }

    /// Computes the masks of the current block.
    fn compute(&mut self) {
        let rest = self.text.get(self.begin..).unwrap_or_default();
        match rest.as_chunks().0.first_chunk() {
            Some(block) => self.compute_of(block),
            None => {
                let mut block = [[b' '; LANE]; LANES];
                let bytes = block.as_flattened_mut();
                iter::zip(bytes, rest).for_each(|(to, from)| *to = *from);
                self.compute_of(&block);
            }
        }
    }

    fn compute_of(&mut self, block: &Block) {
        self.special = mask(block, |byte| byte < b' ' || byte == b'\\');
        let mut quotes = mask(block, |byte| byte == b'"');
        if self.special != 0 || self.ends_in_escape {
            quotes &= !self.escaped(mask(block, |byte| byte == b'\\'));
        }
        let mut inside = prefix_xor(quotes);
        if self.ends_in_string {
            inside = !inside;
        }
        self.ends_in_string = inside >> 63 != 0;
        self.quotes = quotes;
        // Both kinds of brackets differ from braces in this bit alone.
        self.brackets = mask(block, |byte| matches!(byte | 0x20, b'{' | b'}')) & !inside;
    }

    /// Returns the bytes that follow an odd number of backslashes.
    fn escaped(&mut self, backslashes: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let carry = u64::from(self.ends_in_escape);
        let escaping = backslashes & !carry;
        let follows = escaping.wrapping_shl(1) | carry;
        // Adding a sequence's first bit carries to the bit after its end. Sequences that begin at
        // an odd position are added, so that the parity of their end is known.
        let begins_at_odd = escaping & !EVEN & !follows;
        let (ends, overflow) = begins_at_odd.overflowing_add(escaping);
        self.ends_in_escape = overflow;
        (EVEN ^ ends.wrapping_shl(1)) & follows
    }
}

/// Number of bytes in a block.
const BLOCK: usize = LANE * LANES;

/// Number of bytes that are compared at once: the size of the vectors that each processor of the
/// 64-bit architectures has.
const LANE: usize = 16;

const LANES: usize = 4;

type Block = [[u8; LANE]; LANES];

/// Returns the mask of the bytes that satisfy `is_wanted`.
#[inline(always)]
fn mask(block: &Block, is_wanted: impl Fn(u8) -> bool) -> u64 {
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

/// Bit of each byte of a lane: the bytes of one half have another than those of the other, so that
/// both can be added.
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

/// Sets each bit to the exclusive or of all bits up to it: between two quotes, and at the first.
const fn prefix_xor(mask: u64) -> u64 {
    let mask = mask ^ (mask << 1);
    let mask = mask ^ (mask << 2);
    let mask = mask ^ (mask << 4);
    let mask = mask ^ (mask << 8);
    let mask = mask ^ (mask << 16);
    mask ^ (mask << 32)
}
