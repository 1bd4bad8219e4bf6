use std::{env, time::Duration};

/// Times of a run.
pub(crate) struct Plan {
    pub(crate) length: Duration,
    /// Time between two replacements of the keys. The previous keys are trusted for half of it.
    pub(crate) keys: Duration,
    /// Time between two restarts of Postgres.
    pub(crate) restarts: Duration,
    /// Time between two samples.
    pub(crate) samples: Duration,
}

const USAGE: &str = "usage: soak [--minutes N | --seconds N]";

impl Plan {
    /// Reads `--minutes N` or `--seconds N`. Defaults to an hour. A run of less than twenty minutes
    /// has shorter times between events.
    pub(crate) fn from_arguments() -> Result<Self, String> {
        let arguments: Vec<_> = env::args().skip(1).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let (unit, number) = match *arguments {
            [] => (60, "60"),
            ["--minutes", number] => (60, number),
            ["--seconds", number] => (1, number),
            _ => return Err(USAGE.to_owned()),
        };
        let number: u32 = number.parse().map_err(|_| USAGE)?;
        let length = Duration::from_secs(unit).saturating_mul(number);
        let part = |parts: u32, longest| (length / parts).min(Duration::from_secs(longest));
        let samples = part(60, 10);
        if samples.is_zero() {
            return Err(USAGE.to_owned());
        }
        Ok(Self {
            length,
            keys: part(3, 60),
            restarts: part(2, 600),
            samples,
        })
    }
}
