//! Payments that an application credited before it used the store.

use libtest_mimic::Trial;
use postback_core::reconcile::Reconciliation;
use postback_store::Recorded;

use crate::{
    backend::Backend,
    events::{Payment, UNDERPAID, callback, payment},
    records::{credit_once, deliver},
};

/// Returns the tests of one store.
pub(crate) fn all<B: Backend>(name: &str) -> Vec<Trial> {
    contract!(name, B, "import::", [
        imported_payment_is_duplicate
        imported_payment_is_duplicate_at_any_amount
        pending_delivery_of_imported_payment_is_superseded
        import_of_another_project_changes_nothing
        import_changes_no_record
        rolled_back_import_leaves_nothing
        pruning_keeps_imported_payment
    ])
}

/// Imports a payment in a transaction of its own.
async fn import<B: Backend>(store: &B, reconciliation: &Reconciliation) -> bool {
    let mut transaction = store.begin().await;
    let key = reconciliation.event().key();
    let imported = store.import_credited(&mut transaction, key).await;
    store.commit(transaction).await;
    imported
}

async fn imported_payment_is_duplicate<B: Backend>(store: &B) {
    for paid in [payment("A"), callback("u-1", "tx-1", false)] {
        assert!(import(store, &paid).await);
        assert!(!import(store, &paid).await);
        for _ in 0..2 {
            assert_eq!(credit_once(store, &paid).await, Recorded::Duplicate);
        }
        let stored = store.stored(paid.event()).await.unwrap();
        assert!(stored.credited);
        assert_eq!(stored.payload, None);
        assert!(stored.recorded_at > 1_700_000_000, "{stored:?}");
    }
    assert_eq!(credit_once(store, &payment("B")).await, Recorded::New);
    assert_eq!(store.credits().await, ["B"]);
}

/// Only the key of an imported payment is known.
async fn imported_payment_is_duplicate_at_any_amount<B: Backend>(store: &B) {
    assert!(import(store, &payment("A")).await);
    let recorded = credit_once(store, &UNDERPAID.reconciled("A")).await;
    assert_eq!(recorded, Recorded::Duplicate);
}

async fn pending_delivery_of_imported_payment_is_superseded<B: Backend>(store: &B) {
    assert!(import(store, &callback("u-1", "tx-1", false)).await);
    let pending = deliver(store, &callback("u-1", "tx-1", true)).await;
    assert_eq!(pending, Recorded::Superseded);
}

async fn import_of_another_project_changes_nothing<B: Backend>(store: &B) {
    let named = Payment {
        project: Some("eu"),
        ..Payment::default()
    };
    assert!(import(store, &named.reconciled("A")).await);
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
}

async fn import_changes_no_record<B: Backend>(store: &B) {
    let short = UNDERPAID.reconciled("A");
    for delivery in [&short, &payment("B")] {
        let recorded = deliver(store, delivery).await;
        let before = store.stored(delivery.event()).await;
        assert!(!import(store, delivery).await, "{recorded:?}");
        assert_eq!(store.stored(delivery.event()).await, before);
    }
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::New);
}

async fn rolled_back_import_leaves_nothing<B: Backend>(store: &B) {
    let paid = payment("A");
    let mut transaction = store.begin().await;
    let key = paid.event().key();
    assert!(store.import_credited(&mut transaction, key).await);
    drop(transaction);
    assert_eq!(credit_once(store, &paid).await, Recorded::New);
}

async fn pruning_keeps_imported_payment<B: Backend>(store: &B) {
    assert!(import(store, &payment("A")).await);
    assert_eq!(store.prune(i64::MAX).await, 0);
    assert_eq!(credit_once(store, &payment("A")).await, Recorded::Duplicate);
}
