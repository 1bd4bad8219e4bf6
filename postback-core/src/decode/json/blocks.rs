use crate::decode::block::{self, BLOCK, Block, LANE, mask};

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
    /// Brackets and braces outside strings, and other bytes that [may be one](may_be_bracket).
    brackets: u64,
    /// Backslashes and control characters, inside or outside strings.
    special: u64,
    /// All bits if the last byte of the block is inside a string, or else no bits.
    ends_in_string: u64,
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
            ends_in_string: 0,
            ends_in_escape: false,
        };
        blocks.compute();
        blocks
    }

    /// Returns the position of the quote that ends the string that begins at `open`, and whether
    /// the string contains neither a backslash nor a control character.
    ///
    /// Positions must not decrease from call to call.
    #[inline]
    pub(super) fn string_end(&mut self, open: usize) -> Option<(usize, bool)> {
        // Most strings end in the block in which they begin.
        let first = open.wrapping_add(1);
        let offset = first.wrapping_sub(self.begin);
        if offset < BLOCK {
            let quotes = self.quotes >> offset;
            if quotes != 0 {
                let length = quotes.trailing_zeros();
                let special = (self.special >> offset) & below(quotes);
                return Some((first.wrapping_add(length as usize), special == 0));
            }
        }
        self.end_in_later_block(first)
    }

    #[inline(never)]
    fn end_in_later_block(&mut self, first: usize) -> Option<(usize, bool)> {
        let mut from = self.advance_to(first)?;
        let mut special = 0;
        loop {
            let quotes = self.quotes & from;
            if quotes != 0 {
                special |= self.special & from & below(quotes);
                return Some((self.position(quotes), special == 0));
            }
            special |= self.special & from;
            from = self.advance()?;
        }
    }

    /// Returns the position of the bracket that ends the array or object that begins at `open`, and
    /// `true` only if it contains neither a backslash nor a control character. Does not check that
    /// brackets are of the same kind.
    ///
    /// Positions must not decrease from call to call.
    pub(super) fn container_end(&mut self, open: usize) -> Option<(usize, bool)> {
        let mut depth = 0_usize;
        let mut special = 0;
        let mut from = self.advance_to(open)?;
        loop {
            // All bytes of the first and the last block count.
            special |= self.special;
            let mut brackets = self.brackets & from;
            while brackets != 0 {
                let position = self.position(brackets);
                depth = match self.text.get(position)? {
                    b'[' | b'{' => depth.checked_add(1)?,
                    b']' | b'}' => depth.checked_sub(1)?,
                    _ => depth,
                };
                if depth == 0 {
                    return Some((position, special == 0));
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
    #[inline(always)]
    fn compute(&mut self) {
        match block::at(self.text, self.begin) {
            Some(block) => self.compute_of(block),
            None => self.compute_of_last(),
        }
    }

    /// Computes the masks of the last block, which has fewer bytes than the others.
    #[inline(never)]
    fn compute_of_last(&mut self) {
        self.compute_of(&block::last(self.text, self.begin));
    }

    #[inline(always)]
    fn compute_of(&mut self, block: &Block) {
        let mut quotes = mask(block, |byte| byte == b'"');
        self.special = 0;
        if has_special(block) || self.ends_in_escape {
            self.special = mask(block, is_special);
            quotes &= !self.escaped(mask(block, |byte| byte == b'\\'));
        }
        let inside = prefix_xor(quotes) ^ self.ends_in_string;
        self.ends_in_string = 0_u64.wrapping_sub(inside >> 63);
        self.quotes = quotes;
        self.brackets = mask(block, may_be_bracket) & !inside;
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

/// Returns whether a byte is a backslash or a control character.
const fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'\\'
}

/// Returns whether a byte of the block is special, in fewer instructions than its mask needs.
#[inline(always)]
fn has_special(block: &Block) -> bool {
    let [first, second, third, fourth] = block;
    let mut least = [0_u8; LANE];
    let bytes = first.iter().zip(second).zip(third).zip(fourth);
    for (least, (((first, second), third), fourth)) in least.iter_mut().zip(bytes) {
        // Zero for a backslash, and for a byte less than 0x20.
        let nonzero = |byte: &u8| (byte ^ b'\\').min(byte & 0xe0);
        *least = nonzero(first)
            .min(nonzero(second))
            .min(nonzero(third))
            .min(nonzero(fourth));
    }
    least.iter().fold(false, |any, least| any | (*least == 0))
}

/// Returns whether a byte is a bracket, a brace or one of `Y`, `_`, `y` and DEL, which differ from
/// brackets in the same bits. Well-formed JSON contains these four in strings alone.
const fn may_be_bracket(byte: u8) -> bool {
    byte | 0x26 == 0x7f
}

/// Returns the mask of the bits below the lowest bit that is set.
const fn below(mask: u64) -> u64 {
    mask.wrapping_sub(1) & !mask
}

/// Sets each bit to the exclusive or of all bits up to it: from each opening quote up to the
/// closing one, which is not set.
const fn prefix_xor(mask: u64) -> u64 {
    let mask = mask ^ (mask << 1);
    let mask = mask ^ (mask << 2);
    let mask = mask ^ (mask << 4);
    let mask = mask ^ (mask << 8);
    let mask = mask ^ (mask << 16);
    mask ^ (mask << 32)
}
