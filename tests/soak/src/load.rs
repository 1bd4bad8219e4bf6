use std::{future::Future, time::Duration};

use tokio::{
    task::{JoinError, JoinSet},
    time::{Instant, MissedTickBehavior, interval},
};

use crate::findings::Findings;

/// Tasks that run at the same time at most. A task that finds no place is left out.
const PLACES: usize = 500;

/// Starts a task at a regular pace until `end`, and waits for all of them. A task that panics is a
/// failure.
pub(crate) async fn load<F>(
    program: &'static str,
    per_second: u32,
    end: Instant,
    findings: &Findings,
    mut task: impl FnMut(usize) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let check = |ended: Result<(), JoinError>| {
        findings.check(ended.is_ok(), || format!("{program}: {ended:?}"));
    };
    let pace = Duration::from_secs(1).checked_div(per_second);
    let mut ticks = interval(pace.unwrap_or(Duration::from_secs(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tasks = JoinSet::new();
    let mut number = 0_usize;
    while Instant::now() < end {
        ticks.tick().await;
        while let Some(ended) = tasks.try_join_next() {
            check(ended);
        }
        if tasks.len() < PLACES {
            tasks.spawn(task(number));
            number = number.saturating_add(1);
        } else {
            findings.count(program, "left out");
        }
    }
    while let Some(ended) = tasks.join_next().await {
        check(ended);
    }
}
