//! Server that stops and starts again.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use postback_core::Retry;
use postback_store::{
    EffectError, EffectOutcome, EffectStore, StoreError, postgres::PostgresStore,
    redis::RedisStore, run_effect, run_effect_with_lease,
};
use sqlx::{PgPool, postgres::PgConnectOptions};
use tokio::runtime::Runtime;

use crate::{
    database::Database,
    mail::{MAIL, all_pending},
    postgres_server::database,
    redis_server::emptied,
    trial,
    worker::{on_postgres, payment},
};

/// Program that stops and starts a server, with its arguments.
struct Control {
    /// The variable that names the program.
    program: &'static str,
    stop: &'static [&'static str],
    start: &'static [&'static str],
}

/// `pg_ctl`.
const POSTGRES: Control = Control {
    program: "POSTBACK_POSTGRES_CONTROL",
    stop: &["--mode", "immediate", "stop"],
    start: &["--wait", "start"],
};

/// `kill -9`.
const REDIS: Control = Control {
    program: "POSTBACK_REDIS_CONTROL",
    stop: &["stop"],
    start: &["start"],
};

pub(crate) fn of_postgres() -> Vec<Trial> {
    vec![
        trial(
            "postgres",
            "server_stopped_before_commit_loses_and_doubles_no_credit",
            server_stopped_before_commit_loses_and_doubles_no_credit,
        ),
        trial("postgres", "acknowledged_effect_is_on_disk", || {
            let runtime = Runtime::new().expect("a runtime");
            runtime.block_on(acknowledged_effect_is_on_disk());
        }),
        trial(
            "postgres",
            "server_killed_during_effect_loses_nothing",
            || {
                Runtime::new().expect("a runtime").block_on(async {
                    let store = PostgresStore::connect(&database().await).await;
                    let store = store.expect("a store");
                    killed_during_effect(&store, &POSTGRES).await;
                    restarted_during_effect(&store, &POSTGRES).await;
                });
            },
        ),
    ]
}

pub(crate) fn of_redis() -> Vec<Trial> {
    vec![trial(
        "redis",
        "server_killed_during_effect_loses_nothing",
        || {
            Runtime::new().expect("a runtime").block_on(async {
                let store = RedisStore::open(&emptied()).await;
                let store = store.expect("a store");
                killed_during_effect(&store, &REDIS).await;
                restarted_during_effect(&store, &REDIS).await;
            });
        },
    )]
}

fn server_stopped_before_commit_loses_and_doubles_no_credit() {
    let database = Database::postgres();
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = PostgresStore::connect(&database.place)
            .await
            .expect("a store");
        on_postgres(store.clone(), payment(0))
            .await
            .expect("a credit");

        let mut transaction = store.begin().await.expect("a transaction");
        let recorded = store.record_in(&mut transaction, &payment(1)).await;
        assert!(recorded.expect("a record").is_new());
        POSTGRES.stop();
        let lost = store.commit(transaction).await;
        is_unavailable(lost.expect_err("the server is gone"));
        // All deliveries fail until the server starts.
        for number in [0, 1, 2] {
            let begun = Instant::now();
            let failed = on_postgres(store.clone(), payment(number)).await;
            is_unavailable(failed.expect_err("the server is gone"));
            assert!(
                begun.elapsed() < Duration::from_secs(8),
                "a provider has given up"
            );
        }

        POSTGRES.start();
        for number in [0, 1, 2] {
            let resent = on_postgres(store.clone(), payment(number)).await;
            resent.expect("the server is back");
        }
    });
    database.must_hold_each_credit_once(3);
}

/// Asserts that the provider is asked to send again.
fn is_unavailable(error: StoreError) {
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    assert_eq!(Retry::from(error).code(), "store_unavailable");
}

/// The store does not change the server's `synchronous_commit`: with `off`, the effect is not on
/// disk.
async fn acknowledged_effect_is_on_disk() {
    let place = database().await;
    let mut not_on_disk = [0, 0];
    for (waits, not_on_disk) in ["on", "off"].into_iter().zip(&mut not_on_disk) {
        let options: PgConnectOptions = place.parse().expect("an address");
        let options = options.options([("synchronous_commit", waits)]);
        let pool = PgPool::connect_with(options).await.expect("a server");
        let store = PostgresStore::with_pool(pool.clone()).await;
        let store = store.expect("a store");
        for number in 0..50 {
            let mut written = String::new();
            // Another payment for each setting.
            let payment = payment(if waits == "on" { number } else { number + 50 });
            let ran = run_effect(&store, &payment, MAIL, || async {
                let so_far = sqlx::query_scalar("SELECT pg_current_wal_insert_lsn()::text");
                written = so_far.fetch_one(&pool).await?;
                Ok::<_, sqlx::Error>(())
            });
            assert_eq!(ran.await.expect("it runs"), EffectOutcome::Ran(()));
            let on_disk = sqlx::query_scalar("SELECT pg_current_wal_flush_lsn() > $1::pg_lsn");
            let on_disk: Result<bool, _> = on_disk.bind(&written).fetch_one(&pool).await;
            *not_on_disk += u32::from(!on_disk.expect("a reply"));
        }
    }
    let [waiting, not_waiting] = not_on_disk;
    assert_eq!(waiting, 0);
    assert!(not_waiting > 0, "it would be seen");
}

/// Effects that were done stay done, those that failed stay pending, and one that was running
/// returns an error and runs again.
async fn killed_during_effect(store: &impl EffectStore, control: &Control) {
    const LEASE: Duration = Duration::from_secs(3);
    let succeed = async |number| {
        run_effect(store, &payment(number), MAIL, || async {
            Ok::<_, &str>(number)
        })
        .await
    };
    assert_eq!(succeed(0).await.expect("it runs"), EffectOutcome::Ran(0));
    let failed = run_effect(store, &payment(1), MAIL, || async { Err::<(), _>("no") }).await;
    assert!(
        matches!(failed, Err(EffectError::Effect("no"))),
        "{failed:?}"
    );

    let running = payment(2);
    let at_work = run_effect_with_lease(store, &running, MAIL, LEASE, |_| async {
        control.stop();
        Ok::<_, &str>(2)
    });
    match at_work.await {
        Err(EffectError::NotCompleted { value: 2, source }) => is_unavailable(source),
        other => unreachable!("the server is gone: {other:?}"),
    }
    // All deliveries fail until the server starts.
    for number in [0, 3] {
        let begun = Instant::now();
        is_not_run(succeed(number).await);
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "a provider has given up"
        );
    }

    control.start();
    assert_eq!(comes_back(|| succeed(0)).await, EffectOutcome::Duplicate);
    let left = store.pending_effects(&all_pending()).await.expect("a list");
    let mut left: Vec<_> = left.iter().map(|it| it.id().to_owned()).collect();
    left.sort();
    assert_eq!(left, [payment(1).event().id(), payment(2).event().id()]);
    tokio::time::sleep(LEASE).await;
    for number in [1, 2, 3] {
        let resent = succeed(number).await.expect("it runs");
        assert_eq!(resent, EffectOutcome::Ran(number));
        let again = succeed(number).await.expect("it is done");
        assert_eq!(again, EffectOutcome::Duplicate);
    }
    assert!(
        store
            .pending_effects(&all_pending())
            .await
            .expect("a list")
            .is_empty()
    );
}

/// Repeats a request until the connection is made again.
async fn comes_back<
    F: Future<Output = Result<EffectOutcome<usize>, EffectError<usize, &'static str>>>,
>(
    ask: impl Fn() -> F,
) -> EffectOutcome<usize> {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(ran) => return ran,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error:?}"),
        }
    }
}

/// The connection breaks during the effect, so that the first step after the effect fails.
async fn restarted_during_effect(store: &impl EffectStore, control: &Control) {
    let running = payment(10);
    let restarted = run_effect(store, &running, MAIL, || async {
        control.stop();
        control.start();
        Ok::<_, &str>(())
    });
    assert_eq!(
        restarted.await.expect("it is recorded"),
        EffectOutcome::Ran(())
    );
    let again = run_effect(store, &payment(10), MAIL, || async { Ok::<_, &str>(()) }).await;
    assert_eq!(again.expect("it is done"), EffectOutcome::Duplicate);
}

fn is_not_run(ran: Result<EffectOutcome<usize>, EffectError<usize, &'static str>>) {
    match ran {
        Err(EffectError::Store(error)) => is_unavailable(error),
        other => unreachable!("the server is gone: {other:?}"),
    }
}

impl Control {
    fn stop(&self) {
        self.ask(self.stop);
    }

    fn start(&self) {
        self.ask(self.start);
    }

    fn ask(&self, arguments: &[&str]) {
        let program = env::var_os(self.program).expect("what controls the server");
        let status = Command::new(program).args(arguments).status();
        assert!(status.expect("it runs").success());
    }
}
