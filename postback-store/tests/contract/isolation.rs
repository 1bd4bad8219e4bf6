//! A Postgres database whose default isolation level fails statements because of other
//! transactions.

use libtest_mimic::Trial;
use postback_store::{EffectOutcome, Recorded, run_effect};
use tokio::task::JoinSet;

use crate::{
    backend::{PostgresOf, PostgresPool, SqlBackend},
    effects::{MAIL, pending_effects},
    events::{callback, payment},
    records::{credit_once, deliver},
};

/// Returns the tests of one way to connect.
pub(crate) fn all<P: PostgresPool>(name: &str) -> Vec<Trial> {
    contract!(name, PostgresOf<P>, "isolation::", [
        effects_complete_at_serializable_default
        credits_are_made_once_at_serializable_default
        earlier_read_is_not_busy_at_serializable_default
    ])
}

/// Opens the store again, in sessions that are serializable.
async fn serializable<P: PostgresPool>(store: &PostgresOf<P>) -> PostgresOf<P> {
    store
        .execute(
            "DO $$ BEGIN EXECUTE format(
                'ALTER DATABASE %I SET default_transaction_isolation = serializable',
                current_database()
            ); END $$",
        )
        .await;
    let level = "SELECT 1 WHERE current_setting('transaction_isolation') = 'serializable'";
    assert_eq!(store.count_committed(level).await, 1, "the default");
    store.with_connections(10).await
}

async fn effects_complete_at_serializable_default<P: PostgresPool>(store: &PostgresOf<P>) {
    let store = serializable(store).await;
    let mut tasks = JoinSet::new();
    for task in 0..30 {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0..10 {
                let id = format!("u-{task}-{number}");
                let paid = callback(&id, &id, false);
                let ran = run_effect(store.store(), &paid, MAIL, || async {
                    tokio::task::yield_now().await;
                    Ok::<_, &str>(())
                });
                assert_eq!(ran.await.unwrap(), EffectOutcome::Ran(()), "{id}");
            }
        });
    }
    tasks.join_all().await;
    assert!(pending_effects(store.store()).await.is_empty());
}

async fn credits_are_made_once_at_serializable_default<P: PostgresPool>(store: &PostgresOf<P>) {
    let store = serializable(store).await;
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0..10 {
                let recorded = credit_once(&store, &payment(&format!("A{number}"))).await;
                assert!(
                    matches!(recorded, Recorded::New | Recorded::Duplicate),
                    "{recorded:?}"
                );
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(store.count("SELECT id FROM credits").await, 10);
}

/// The snapshot of a stricter level would be that of the read.
async fn earlier_read_is_not_busy_at_serializable_default<P: PostgresPool>(store: &PostgresOf<P>) {
    let store = serializable(store).await;
    let mut transaction = store.store().begin().await.unwrap();
    sqlx::query("SELECT id FROM credits")
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(deliver(&store, &payment("A")).await, Recorded::New);
    let again = payment("A");
    let recorded = store.store().record_in(&mut transaction, &again).await;
    assert_eq!(recorded.unwrap(), Recorded::Duplicate);
}
