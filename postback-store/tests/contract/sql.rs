//! Statements of SQLite and Postgres, and rows that this crate did not write.

use std::{collections::BTreeSet, fs, path::Path};

use libtest_mimic::Trial;
use postback_core::{Retry, reconcile::Reconciliation};
use postback_store::{
    EffectError, EffectOutcome, EffectStore, Recorded, StoreError, resume_effect, run_effect,
};

use crate::{
    backend::SqlBackend,
    effects::{MAIL, all_pending, succeed},
    events::{Payment, payment},
    records::deliver,
};

/// The tests of one database.
pub(crate) fn all<B: SqlBackend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "", [
        statement_files_can_be_prepared
        statement_files_describe_their_parameters
        newer_compatible_schema_is_used_and_kept
        negative_token_is_inconsistent
        unreadable_digest_of_record_is_inconsistent
        unreadable_digest_of_effect_is_inconsistent
        deleted_effect_is_inconsistent
    ])
}

/// Files with several statements, which are not prepared. Each test runs them.
const SCRIPTS: [&str; 4] = [
    "schema.sql",
    "session_settings.sql",
    "transaction_begin.sql",
    "transaction_commit.sql",
];

/// Returns the name and the text of each statement that is prepared.
fn statements<B: SqlBackend>() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(B::FOLDER);
    let mut statements = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".sql") && !SCRIPTS.contains(&&*name) {
            statements.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(statements.len() > 20, "{}", statements.len());
    statements
}

async fn statement_files_can_be_prepared<B: SqlBackend>(store: &B) {
    for (name, statement) in statements::<B>() {
        let error = store.prepare(statement).await;
        assert!(error.is_none(), "{name}: {error:?}");
    }
    let wrong = store.prepare("SELECT absent FROM postback_records".to_owned());
    assert!(wrong.await.is_some());
}

async fn statement_files_describe_their_parameters<B: SqlBackend>(_: &B) {
    for (name, statement) in statements::<B>() {
        let (comments, code): (Vec<_>, Vec<_>) =
            statement.lines().partition(|line| line.starts_with("-- "));
        assert!(!comments.is_empty(), "{name}");
        assert_eq!(parameters(&comments), parameters(&code), "{name}");
    }
}

/// During a rolling deployment, processes of an earlier version go on, and restart.
async fn newer_compatible_schema_is_used_and_kept<B: SqlBackend>(store: &B) {
    store
        .execute("UPDATE postback_schema SET version = 99, compatible_since = 1")
        .await;
    let older = store.reopened().await;
    assert_eq!(deliver(&older, &payment("A")).await, Recorded::New);
    succeed(older.leases(), &payment("A")).await;
    let version = "SELECT 1 FROM postback_schema WHERE version = 99 AND compatible_since = 1";
    assert_eq!(older.count(version).await, 1);
}

fn parameters(lines: &[&str]) -> BTreeSet<u32> {
    let after_signs = lines.iter().flat_map(|line| line.split('$').skip(1));
    let digits = after_signs.map(|text| text.split(|it: char| !it.is_ascii_digit()).next());
    digits
        .map(|digits| digits.unwrap().parse().unwrap())
        .collect()
}

/// Asserts that an error says what was found, and shows neither amount nor digest.
fn is_inconsistent(error: StoreError, expected: &str) {
    let StoreError::Inconsistent { found } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(found, expected);
    assert_eq!(Retry::from(error).code(), "store_unavailable");
}

async fn fail<B: SqlBackend>(store: &B, reconciliation: &Reconciliation) {
    let failed = run_effect(store.leases(), reconciliation, MAIL, || async {
        Err::<(), _>("no")
    });
    assert!(failed.await.is_err());
}

/// Returns the error of the store; no effect ran.
fn store_error(ran: Result<EffectOutcome<()>, EffectError<(), &str>>) -> StoreError {
    match ran {
        Err(EffectError::Store(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn negative_token_is_inconsistent<B: SqlBackend>(store: &B) {
    fail(store, &payment("A")).await;
    store
        .execute("UPDATE postback_effects SET token = -7")
        .await;
    let error = store
        .leases()
        .pending_effects(&all_pending().limit(1))
        .await
        .unwrap_err();
    is_inconsistent(error, "fencing token -7, expected at least 0");
}

async fn unreadable_digest_of_record_is_inconsistent<B: SqlBackend>(store: &B) {
    let named = Payment {
        project: Some("eu"),
        ..Payment::default()
    };
    for (reconciliation, expected) in [
        (payment("A"), r#"cryptocloud payment "A""#),
        (
            named.reconciled("A"),
            r#"cryptocloud payment "A" of project "eu""#,
        ),
    ] {
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &reconciliation).await;
        assert_eq!(recorded.unwrap(), Recorded::New);
        store.commit(transaction).await;
        store
            .execute("UPDATE postback_records SET digest = 'x'")
            .await;
        let mut transaction = store.begin().await;
        let recorded = store.record(&mut transaction, &reconciliation).await;
        let expected = format!("a digest of {expected} that cannot be parsed");
        is_inconsistent(recorded.unwrap_err(), &expected);
    }
}

async fn unreadable_digest_of_effect_is_inconsistent<B: SqlBackend>(store: &B) {
    fail(store, &payment("A")).await;
    store
        .execute("UPDATE postback_effects SET digest = 'x'")
        .await;
    let paid = payment("A");
    let ran = run_effect(store.leases(), &paid, MAIL, || async { Ok::<_, &str>(()) });
    let expected = r#"a digest of cryptocloud payment "A" that cannot be parsed"#;
    is_inconsistent(store_error(ran.await), expected);
}

async fn deleted_effect_is_inconsistent<B: SqlBackend>(store: &B) {
    fail(store, &payment("A")).await;
    let pending = store
        .leases()
        .pending_effects(&all_pending().limit(1))
        .await
        .unwrap();
    store.execute("DELETE FROM postback_effects").await;
    for pending in &pending {
        let ran = resume_effect(store.leases(), pending, || async { Ok::<_, &str>(()) });
        let expected = r#"no effect "mail" of cryptocloud payment "A" (deleted, or hidden by row-level security)"#;
        is_inconsistent(store_error(ran.await), expected);
    }
    assert_eq!(pending.len(), 1);
}
