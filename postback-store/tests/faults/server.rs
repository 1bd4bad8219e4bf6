//! A server that goes away, and comes back.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use postback_core::Rejection;
use postback_store::{StoreError, postgres::PostgresStore};
use tokio::runtime::Runtime;

use crate::{
    database::Database,
    worker::{claim, on_postgres},
};

/// The program that starts and stops the server, as `pg_ctl` does.
const CONTROL: &str = "POSTBACK_POSTGRES_CONTROL";

pub(crate) fn a_server_that_stops_in_the_middle() {
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
        control(&["--mode", "immediate", "stop"]);
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

        control(&["--wait", "start"]);
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

fn control(arguments: &[&str]) {
    let program = env::var_os(CONTROL).expect("what controls the server");
    let status = Command::new(program).args(arguments).status();
    assert!(status.expect("it runs").success());
}
