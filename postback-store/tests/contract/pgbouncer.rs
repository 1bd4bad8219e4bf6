//! Postgres behind pgbouncer.

use libtest_mimic::Trial;
use postback_store::{EffectOutcome, Recorded, StoreError, postgres::PostgresStore, run_effect};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::{
    effects::{MAIL, pending_effects},
    events::callback,
    pgbouncer_server::PgBouncer,
    postgres_server::database,
};

pub(crate) fn all() -> Vec<Trial> {
    trials!("pgbouncer", [
        own_connections_work_in_session_mode
        pool_of_application_works_in_session_mode
        transaction_mode_without_prepared_statements_is_rejected
    ])
}

async fn own_connections_work_in_session_mode() {
    let server = PgBouncer::start("session", &database().await);
    works(PostgresStore::connect(&server.url).await.unwrap()).await;
}

async fn pool_of_application_works_in_session_mode() {
    let server = PgBouncer::start("session", &database().await);
    let pool = PgPool::connect(&server.url).await.unwrap();
    works(PostgresStore::with_pool(pool).await.unwrap()).await;
}

async fn transaction_mode_without_prepared_statements_is_rejected() {
    let database = database().await;
    // Its tables exist already.
    PostgresStore::connect(&database).await.unwrap();
    let server = PgBouncer::start("transaction", &database);
    is_misconfigured(PostgresStore::connect(&server.url).await);
    let server = PgBouncer::start("transaction", &database);
    let pool = PgPool::connect(&server.url).await.unwrap();
    is_misconfigured(PostgresStore::with_pool(pool).await);
}

fn is_misconfigured(opened: Result<PostgresStore, StoreError>) {
    let Err(StoreError::Misconfigured { found }) = opened else {
        panic!("{opened:?}");
    };
    let expected = "a pooler that loses prepared statements, expected sessions or pgbouncer 1.21";
    assert!(found.starts_with(expected), "{found}");
}

/// Ten tasks record payments and run their effects.
async fn works(store: PostgresStore) {
    let mut tasks = JoinSet::new();
    for task in 0..10 {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0..10 {
                let id = format!("u-{task}-{number}");
                let paid = callback(&id, &id, false);
                let mut transaction = store.begin().await?;
                let recorded = store.record_in(&mut transaction, &paid).await?;
                assert_eq!(recorded, Recorded::New);
                store.commit(transaction).await?;
                let ran = run_effect(&store, &paid, MAIL, || async { Ok::<_, &str>(()) }).await;
                assert_eq!(ran.unwrap(), EffectOutcome::Ran(()));
            }
            Ok::<_, StoreError>(())
        });
    }
    for worked in tasks.join_all().await {
        worked.unwrap();
    }
    assert!(pending_effects(&store).await.is_empty());
}
