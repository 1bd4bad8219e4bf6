//! Effects outside the database.

use std::{
    collections::BTreeSet,
    path::Path,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, StoreError, postgres::PostgresStore,
    redis::RedisStore, resume_effect, run_effect_with_lease, sqlite::SqliteStore,
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinSet, time::sleep};

use crate::{
    file_effects::FileEffects,
    mail::{MAIL, all_pending},
    postgres_server::database,
    random_below,
    redis_server::emptied,
    trial,
    worker::{Kind, Work, Worker, payment, with_store},
};

/// Length of the lease of an effect whose process dies.
const LEASE: Duration = Duration::from_secs(1);
/// Exit code of a process whose lease had expired.
const LEASE_EXPIRED: u8 = 42;

/// Function that makes a fresh store in a folder or on a server, and returns its place.
type Fresh = fn(&Path) -> String;

pub(crate) fn sqlite(folder: &Path) -> String {
    folder.join("shop.db").to_str().expect("a text").to_owned()
}

pub(crate) fn postgres(_: &Path) -> String {
    Runtime::new().expect("a runtime").block_on(database())
}

pub(crate) fn redis(_: &Path) -> String {
    emptied()
}

pub(crate) fn all(name: &str, fresh: Fresh) -> Vec<Trial> {
    vec![
        trial(
            name,
            "killed_processes_lose_and_double_no_effect_without_replay",
            move || killed_processes_lose_and_double_no_effect_without_replay(fresh),
        ),
        trial(name, "lease_of_frozen_process_expires", move || {
            lease_of_frozen_process_expires(&Bench::fresh(fresh));
        }),
    ]
}

/// On SQLite and Postgres the contract has a smaller test, because each of their steps is a commit
/// on disk.
pub(crate) fn of_redis() -> Trial {
    trial(
        "redis",
        "concurrent_processes_run_each_effect_one_time_without_overlap",
        || concurrent_processes_run_each_effect_one_time_without_overlap(&Bench::fresh(redis)),
    )
}

/// Store that several processes share, with a service outside of it.
struct Bench {
    runtime: Runtime,
    place: String,
    outside: FileEffects,
    _folder: TempDir,
}

impl Bench {
    fn fresh(fresh: Fresh) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bench = Self {
            runtime: Runtime::new().expect("a runtime"),
            place: fresh(folder.path()),
            outside: FileEffects::at(folder.path().join("outside").into()),
            _folder: folder,
        };
        // Create its tables before processes compete for them.
        bench.pending_effects();
        bench
    }

    fn work(&self, kind: Kind, tasks: usize, events: usize) -> Work {
        Work {
            kind,
            place: self.place.clone(),
            outside: Some(self.outside.clone()),
            tasks,
            events,
        }
    }

    fn pending_effects(&self) -> BTreeSet<String> {
        let left = self.runtime.block_on(async {
            with_store!(&self.place, store => store.pending_effects(&all_pending()).await)
        });
        let left = left.expect("a list");
        left.iter().map(|it| it.id().to_owned()).collect()
    }

    /// Runs the pending effects after the process was killed. Returns how many effects were done
    /// before, and how many were repeated.
    fn pending_effects_finish_every_payment(&self) -> (usize, usize) {
        let begun = self.outside.all("at_work");
        let had: BTreeSet<_> = self.outside.effects().into_keys().collect();
        let acknowledged = self.outside.all("acknowledged");
        let left = self.pending_effects();
        let done: BTreeSet<_> = had.difference(&left).cloned().collect();
        assert!(left.is_disjoint(&acknowledged), "done and pending");
        assert!(begun.is_subset(&left), "begun, and not listed");
        assert!(acknowledged.is_subset(&done), "acknowledged, and not done");
        // Each of the four tasks may have been killed between its effect and the record of it.
        let repeated: BTreeSet<_> = had.intersection(&left).cloned().collect();
        assert!(repeated.len() <= 4, "{repeated:?}");

        self.outside.end_all();
        let finished = self.runtime.block_on(async {
            with_store!(&self.place, store => finish(&store, &self.outside).await)
        });
        assert_eq!(finished, left.len());
        assert!(self.pending_effects().is_empty());
        let effects = self.outside.effects();
        assert!(left.iter().all(|id| effects.contains_key(id)), "lost");
        for (id, times) in effects {
            let expected = 1 + u64::from(repeated.contains(&id));
            assert_eq!(times, expected, "{id}");
        }
        (done.len(), repeated.len())
    }

    fn wait_for(&self, part: &str) {
        let begun = Instant::now();
        while self.outside.all(part).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing happens");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn concurrent_processes_run_each_effect_one_time_without_overlap(bench: &Bench) {
    let work = bench.work(Kind::Effects, 64, 1_000);
    let workers = [(); 2].map(|()| Worker::start(&work));
    for worker in workers {
        worker.succeeds();
    }
    let effects = bench.outside.effects();
    assert_eq!(effects.len(), 1_000);
    assert!(effects.values().all(|times| *times == 1), "{effects:?}");
    assert!(bench.pending_effects().is_empty());
}

/// The provider does not send again: the store alone knows which effects are not done.
fn killed_processes_lose_and_double_no_effect_without_replay(fresh: Fresh) {
    let killed = [(); 20].map(|()| {
        let bench = Bench::fresh(fresh);
        let worker = Worker::start(&bench.work(Kind::UnrepeatedEffects, 4, 500));
        bench.wait_for("effects");
        let delay = random_below(200);
        thread::sleep(Duration::from_millis(delay));
        worker.kill();
        (bench, delay)
    });
    // A server may still receive requests that the last process sent before it died.
    thread::sleep(LEASE + LEASE / 2);
    let (mut in_the_middle, mut in_between) = (0, 0);
    for (bench, delay) in killed {
        let (done, repeated) = bench.pending_effects_finish_every_payment();
        println!(
            "killed {delay} ms after the first effect, at {done} of 500; {repeated} effects were repeated"
        );
        in_the_middle += u32::from(done < 500);
        in_between += repeated;
    }
    println!(
        "{in_between} effects were repeated, because their processes died before they recorded them"
    );
    assert!(
        in_the_middle > 10,
        "{in_the_middle} of 20 were at work when they were killed"
    );
}

/// Runs the pending effects, as an application does when it starts.
async fn finish(store: &impl EffectStore, outside: &FileEffects) -> usize {
    let left = store.pending_effects(&all_pending()).await.expect("a list");
    for pending in &left {
        let ran = resume_effect(store, pending, || effect(outside, pending.id()));
        assert_eq!(ran.await.expect("it runs"), EffectOutcome::Ran(()));
    }
    left.len()
}

fn lease_of_frozen_process_expires(bench: &Bench) {
    let worker = Worker::start(&bench.work(Kind::Hold, 1, 1));
    bench.wait_for("at_work");
    worker.signal("-STOP");
    thread::sleep(LEASE + LEASE / 2);
    bench.outside.end_all();
    let finished = bench.runtime.block_on(async {
        with_store!(&bench.place, store => finish(&store, &bench.outside).await)
    });
    assert_eq!(finished, 1);
    worker.signal("-CONT");
    assert_eq!(worker.ends(), Some(LEASE_EXPIRED.into()));
    assert!(bench.outside.all("acknowledged").is_empty());
    assert!(bench.pending_effects().is_empty());
}

/// Runs one effect, which ends before its lease unless the process is frozen.
pub(crate) async fn hold(store: impl EffectStore, outside: FileEffects) -> ExitCode {
    let payment = payment(0);
    let id = payment.event().id().to_owned();
    let held = run_effect_with_lease(&store, &payment, MAIL, LEASE, |_| async {
        outside.begin(&id);
        sleep(LEASE / 2).await;
        Ok::<_, &str>(())
    });
    match held.await {
        Err(EffectError::LeaseExpired { .. }) => ExitCode::from(LEASE_EXPIRED),
        Ok(_) => {
            outside.acknowledged(&id);
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::FAILURE,
    }
}

/// Delivers every payment by each task, until it is acknowledged.
pub(crate) async fn deliver(
    store: impl EffectStore,
    outside: FileEffects,
    tasks: usize,
    events: usize,
) {
    let payments: Vec<_> = (0..events).map(payment).collect();
    let mut delivering = JoinSet::new();
    for _ in 0..tasks {
        let (store, outside, payments) = (store.clone(), outside.clone(), payments.clone());
        delivering.spawn(async move {
            for payment in payments {
                let lease = Duration::from_secs(60);
                while !run(&store, &outside, &payment, lease).await {
                    sleep(Duration::from_millis(1)).await;
                }
            }
        });
    }
    delivering.join_all().await;
}

/// Delivers each payment by one task, one time.
pub(crate) async fn deliver_without_repeat(
    store: impl EffectStore,
    outside: FileEffects,
    tasks: usize,
    events: usize,
) {
    let payments: Vec<_> = (0..events).map(payment).collect();
    let mut delivering = JoinSet::new();
    for part in payments.chunks(events.div_ceil(tasks)) {
        let (store, outside, part) = (store.clone(), outside.clone(), part.to_vec());
        delivering.spawn(async move {
            for payment in part {
                if run(&store, &outside, &payment, LEASE).await {
                    outside.acknowledged(payment.event().id());
                }
            }
        });
    }
    delivering.join_all().await;
}

/// Returns whether the payment is acknowledged.
async fn run(
    store: &impl EffectStore,
    outside: &FileEffects,
    payment: &Reconciliation,
    lease: Duration,
) -> bool {
    let id = payment.event().id();
    let ran = run_effect_with_lease(store, payment, MAIL, lease, |_| effect(outside, id)).await;
    match ran {
        Ok(_) => true,
        Err(
            EffectError::InFlight { .. }
            | EffectError::LeaseExpired { .. }
            | EffectError::Store(StoreError::Busy(_)),
        ) => false,
        Err(error) => unreachable!("{error:?}"),
    }
}

async fn effect(outside: &FileEffects, id: &str) -> Result<(), &'static str> {
    outside.begin(id);
    sleep(Duration::from_millis(1)).await;
    outside.act(id);
    outside.end(id);
    Ok(())
}
