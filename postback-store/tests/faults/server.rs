//! A server that goes away, and comes back.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use postback_core::Rejection;
use postback_store::{
    LeaseStore, Once, OnceError, StoreError, once, once_leased, postgres::PostgresStore,
    redis::RedisStore,
};
use tokio::runtime::Runtime;

use crate::{
    database::Database,
    postgres_server::database,
    redis_server::emptied,
    trial,
    worker::{claim, on_postgres},
};

/// How a server is stopped and started: a program, and what to ask of it.
struct Control {
    /// The variable that names the program.
    program: &'static str,
    stop: &'static [&'static str],
    start: &'static [&'static str],
}

/// As `pg_ctl` is asked.
const POSTGRES: Control = Control {
    program: "POSTBACK_POSTGRES_CONTROL",
    stop: &["--mode", "immediate", "stop"],
    start: &["--wait", "start"],
};

/// By `kill -9`.
const REDIS: Control = Control {
    program: "POSTBACK_REDIS_CONTROL",
    stop: &["stop"],
    start: &["start"],
};

pub(crate) fn of_postgres() -> Vec<Trial> {
    vec![
        trial(
            "postgres",
            "a_server_that_stops_in_the_middle",
            a_server_that_stops_in_the_middle,
        ),
        trial(
            "postgres",
            "a_server_that_is_killed_during_an_effect_loses_nothing",
            || {
                Runtime::new().expect("a runtime").block_on(async {
                    let store = PostgresStore::connect(&database().await).await;
                    killed_during_an_effect(&store.expect("a store"), &POSTGRES).await;
                });
            },
        ),
    ]
}

pub(crate) fn of_redis() -> Vec<Trial> {
    vec![trial(
        "redis",
        "a_server_that_is_killed_during_an_effect_loses_nothing",
        || {
            Runtime::new().expect("a runtime").block_on(async {
                let store = RedisStore::open(&emptied()).await;
                killed_during_an_effect(&store.expect("a store"), &REDIS).await;
            });
        },
    )]
}

fn a_server_that_stops_in_the_middle() {
    let database = Database::postgres();
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store = PostgresStore::connect(&database.place)
            .await
            .expect("a store");
        on_postgres(store.clone(), claim(0))
            .await
            .expect("a credit");

        let mut transaction = store.begin().await.expect("a transaction");
        let claimed = store.claim_in(&mut transaction, claim(1)).await;
        assert!(claimed.expect("a claim").is_new());
        POSTGRES.stop();
        let lost = store.commit(transaction).await;
        is_unavailable(lost.expect_err("the server is gone"));
        // And so for all that come meanwhile.
        for number in [0, 1, 2] {
            let begun = Instant::now();
            let refused = on_postgres(store.clone(), claim(number)).await;
            is_unavailable(refused.expect_err("the server is gone"));
            assert!(
                begun.elapsed() < Duration::from_secs(8),
                "a gateway has given up"
            );
        }

        POSTGRES.start();
        for number in [0, 1, 2] {
            let resent = on_postgres(store.clone(), claim(number)).await;
            resent.expect("the server is back");
        }
    });
    database.must_hold_each_once(3);
}

/// The provider is told to come again.
fn is_unavailable(error: StoreError) {
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    let answer = Rejection::from(error).answer();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().any(|(name, _)| name == "retry-after"));
}

/// What was done before stays done, what failed stays unfinished, and what was at work is refused, and runs again.
async fn killed_during_an_effect(store: &impl LeaseStore, control: &Control) {
    const LEASE: Duration = Duration::from_secs(3);
    let succeed =
        async |number| once(store, claim(number), || async { Ok::<_, &str>(number) }).await;
    assert_eq!(succeed(0).await.expect("it runs"), Once::Ran(0));
    let failed = once(store, claim(1), || async { Err::<(), _>("no") }).await;
    assert!(matches!(failed, Err(OnceError::Effect("no"))), "{failed:?}");

    let at_work = once_leased(store, claim(2), LEASE, |_| async {
        control.stop();
        Ok::<_, &str>(2)
    });
    refused(at_work.await);
    // And so all that come meanwhile.
    for number in [0, 1, 2, 3] {
        let begun = Instant::now();
        refused(succeed(number).await);
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "a gateway has given up"
        );
    }

    control.start();
    assert_eq!(comes_back(|| succeed(0)).await, Once::AlreadyDone);
    let left = store.unfinished(10).await.expect("a list");
    let mut left: Vec<_> = left.iter().map(|it| it.id().to_owned()).collect();
    left.sort();
    assert_eq!(left, [claim(1).id(), claim(2).id()]);
    tokio::time::sleep(LEASE).await;
    for number in [1, 2, 3] {
        let resent = succeed(number).await.expect("it runs");
        assert_eq!(resent, Once::Ran(number));
        let again = succeed(number).await.expect("it is done");
        assert_eq!(again, Once::AlreadyDone);
    }
    assert!(store.unfinished(10).await.expect("a list").is_empty());
}

/// A connection that broke is made anew, which may take a try or two.
async fn comes_back<F: Future<Output = Result<Once<usize>, OnceError<&'static str>>>>(
    ask: impl Fn() -> F,
) -> Once<usize> {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(10), "{error:?}"),
        }
    }
}

fn refused(ran: Result<Once<usize>, OnceError<&'static str>>) {
    match ran {
        Err(OnceError::Store(error)) => is_unavailable(error),
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
