//! Limits of the memory and the time that an unsigned delivery can cost.

use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Bytes that verification may allocate beside the length of the input.
pub const ALLOWANCE: usize = 2 * 1024;

/// Time that verification may take for a byte, in a build with coverage counters on a busy machine.
/// A genuine delivery takes less than a hundredth of it.
const TIME_OF_A_BYTE: Duration = Duration::from_micros(1);

/// Length from which the time is measured, in bytes. A shorter input cannot take long.
const LONG: usize = 4 * 1024;

/// Runs a verification of `length` bytes.
///
/// # Panics
///
/// If it allocates more than `length` and [`ALLOWANCE`] at a time, so that the memory is more than
/// twice the input, or if it takes longer than a linear algorithm.
pub fn bounded<T>(length: usize, run: impl Fn() -> T) -> T {
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let begun = Instant::now();
    let result = run();
    let mut took = begun.elapsed();
    let rise = HEAP.peak_usage().saturating_sub(before);
    assert!(
        rise <= length + ALLOWANCE,
        "{rise} bytes allocated for an input of {length}"
    );
    if length >= LONG {
        let limit = TIME_OF_A_BYTE * u32::try_from(length).expect("an input is shorter than 4 GiB");
        // The machine may have been busy, so the shortest time of several counts.
        for _ in 0..5 {
            if took <= limit {
                break;
            }
            let begun = Instant::now();
            run();
            took = took.min(begun.elapsed());
        }
        assert!(took <= limit, "{took:?} for an input of {length}");
    }
    result
}
