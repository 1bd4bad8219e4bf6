use std::{collections::BTreeSet, time::Duration};

use crate::{findings::Findings, plan::Plan, samples::Samples};

/// Columns of the table of exchanges.
const KINDS: [&str; 14] = [
    "requests",
    "accepted",
    "rejected",
    "asked again",
    "no response",
    "whole",
    "slow",
    "half-closed",
    "reset",
    "cut short",
    "stalled",
    "oversized",
    "sent again",
    "left out",
];

/// Prints a table of what clients sent to each program, and what came back.
pub(crate) fn exchanges(findings: &Findings) {
    let counts = findings.counts();
    let programs: BTreeSet<_> = counts.keys().map(|(program, _)| *program).collect();
    println!("\n| program | {} |", KINDS.join(" | "));
    println!("|---|{}", "---:|".repeat(KINDS.len()));
    for program in programs {
        let cells = KINDS.map(|kind| findings.counted(program, kind).to_string());
        println!("| {program} | {} |", cells.join(" | "));
    }
}

/// Length of a run in which caches are filled at five minutes.
const LONG: Duration = Duration::from_secs(1_800);

/// Prints memory and file descriptors at five minutes, or at a quarter of a shorter run, in the
/// middle, and at the end. Checks that no process grew between the first and the last, if they are
/// far enough apart.
pub(crate) fn figures(plan: &Plan, processes: &[Samples], findings: &Findings) {
    let length = plan.length;
    let marks = [Duration::from_secs(300).min(length / 4), length / 2, length];
    let columns = marks.map(|mark| {
        let (minutes, seconds) = (mark.as_secs() / 60, mark.as_secs() % 60);
        format!("RSS at {minutes}:{seconds:02} min | descriptors")
    });
    println!("\n| process | {} |", columns.join(" | "));
    println!("|---|{}", "---:|---:|".repeat(marks.len()));
    for samples in processes {
        let width = plan.samples * 6;
        let figures = marks.map(|mark| samples.figures(&(mark.saturating_sub(width)..=mark)));
        let [early, _, late] = figures;
        if length >= LONG {
            samples.check(early, late, findings);
        }
        let cells = figures.map(|it| {
            let tenths = it.resident_kib * 10 / 1_024;
            format!("{}.{} MiB | {}", tenths / 10, tenths % 10, it.descriptors)
        });
        println!("| {} | {} |", samples.name, cells.join(" | "));
    }
}
