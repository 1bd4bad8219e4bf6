//! Selections of pending effects, and their pages.

use std::time::Duration;

use libtest_mimic::Trial;
use postback_store::{EffectFilter, EffectStore, PendingEffect, resume_effect, run_effect};

use super::{HOUR, MAIL, Ran, abandon, fail, succeed};
use crate::{
    events::{Payment, callback, payment},
    lease_backend::LeaseBackend,
};

pub(crate) fn all<L: LeaseBackend>(name: &str) -> Vec<Trial> {
    contract!(name, L, "effects::", [
        effects_of_project_are_listed_alone
        effects_of_name_are_listed_alone
        effects_of_provider_are_listed_alone
        held_effects_are_listed_on_request
        possible_duplicates_are_listed_on_request
        worker_with_filter_is_not_starved_by_effects_of_others
        each_effect_is_listed_page_by_page_although_it_fails_again
        effect_that_is_enqueued_meanwhile_is_on_no_later_page
    ])
}

async fn ids(store: &impl EffectStore, filter: &EffectFilter) -> Vec<String> {
    let listed = store.pending_effects(filter).await.unwrap();
    listed.iter().map(|effect| effect.id().to_owned()).collect()
}

async fn fail_of_project<L: LeaseBackend>(store: &L, project: Option<&str>, id: &str) {
    let of = Payment {
        project,
        ..Payment::default()
    };
    fail(store.leases(), &of.reconciled(id)).await;
}

async fn effects_of_project_are_listed_alone<L: LeaseBackend>(store: &L) {
    for (project, id) in [(None, "A"), (Some("eu"), "B"), (Some("us"), "C")] {
        fail_of_project(store, project, id).await;
    }
    for (project, expected) in [
        (None, &["A"][..]),
        (Some("eu"), &["B"]),
        (Some("us"), &["C"]),
        (Some("other"), &[]),
    ] {
        let listed = ids(store.leases(), &EffectFilter::of_project(project)).await;
        assert_eq!(listed, expected, "{project:?}");
    }
}

async fn effects_of_name_are_listed_alone<L: LeaseBackend>(store: &L) {
    for (name, id) in [("mail", "A"), ("license", "B")] {
        let failed: Ran =
            run_effect(store.leases(), &payment(id), name, || async { Err("no") }).await;
        assert!(failed.is_err());
    }
    for (name, expected) in [("mail", &["A"][..]), ("license", &["B"]), ("other", &[])] {
        let filter = EffectFilter::of_all_projects().effect(name);
        let listed = store.leases().pending_effects(&filter).await.unwrap();
        let listed: Vec<_> = listed
            .iter()
            .map(|effect| (effect.name(), effect.id()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|id| (name, *id)).collect();
        assert_eq!(listed, expected);
    }
}

async fn effects_of_provider_are_listed_alone<L: LeaseBackend>(store: &L) {
    fail(store.leases(), &payment("A")).await;
    fail(store.leases(), &callback("u-1", "tx-1", false)).await;
    for (provider, expected) in [("cryptocloud", "A"), ("cryptapi", "u-1")] {
        let filter = EffectFilter::of_project(None).provider(provider);
        assert_eq!(ids(store.leases(), &filter).await, [expected], "{provider}");
    }
}

async fn held_effects_are_listed_on_request<L: LeaseBackend>(store: &L) {
    abandon(store.leases(), &payment("A"), HOUR).await;
    fail(store.leases(), &payment("B")).await;
    let free = EffectFilter::of_all_projects();
    assert_eq!(ids(store.leases(), &free).await, ["B"]);
    assert_eq!(ids(store.leases(), &free.with_held()).await, ["A", "B"]);
}

async fn possible_duplicates_are_listed_on_request<L: LeaseBackend>(store: &L) {
    succeed(store.leases(), &callback("u-1", "tx-1", false)).await;
    let paid = callback("u-2", "tx-1", false);
    let held: Ran = run_effect(store.leases(), &paid, MAIL, || async { Ok(0) }).await;
    assert!(held.is_ok(), "{held:?}");
    let free = EffectFilter::of_all_projects();
    assert!(ids(store.leases(), &free).await.is_empty());
    let with = free.with_possible_duplicates();
    assert_eq!(ids(store.leases(), &with).await, ["u-2"]);
}

async fn worker_with_filter_is_not_starved_by_effects_of_others<L: LeaseBackend>(store: &L) {
    for number in 0..20 {
        fail_of_project(store, Some("eu"), &format!("A{number}")).await;
    }
    fail_of_project(store, Some("us"), "B").await;
    let filter = EffectFilter::of_project(Some("us")).limit(10);
    assert_eq!(ids(store.leases(), &filter).await, ["B"]);
}

/// Otherwise a worker would never end its sweep.
async fn each_effect_is_listed_page_by_page_although_it_fails_again<L: LeaseBackend>(store: &L) {
    succeed(store.leases(), &callback("u-0", "tx-1", false)).await;
    let paid = callback("u-1", "tx-1", false);
    let held: Ran = run_effect(store.leases(), &paid, MAIL, || async { Ok(0) }).await;
    assert!(held.is_ok(), "{held:?}");
    for id in ["A", "B", "C", "D", "E"] {
        fail(store.leases(), &payment(id)).await;
    }
    store.pass(Duration::from_millis(20)).await;
    let all = EffectFilter::of_all_projects().with_possible_duplicates();
    let mut filter = all.limit(2);
    let mut listed = Vec::new();
    loop {
        let page = store.leases().pending_effects(&filter).await.unwrap();
        assert!(page.len() <= 2, "{page:?}");
        let Some(last) = page.last() else { break };
        filter = filter.after(last);
        for pending in &page {
            let _: Ran = resume_effect(store.leases(), pending, || async { Err("again") }).await;
        }
        listed.extend(page.iter().map(|pending| pending.id().to_owned()));
        assert!(listed.len() <= 6, "{listed:?}");
        store.pass(Duration::from_millis(20)).await;
    }
    assert_eq!(listed, ["A", "B", "C", "D", "E", "u-1"]);
}

async fn effect_that_is_enqueued_meanwhile_is_on_no_later_page<L: LeaseBackend>(store: &L) {
    fail(store.leases(), &payment("A")).await;
    let first = EffectFilter::of_all_projects().limit(1);
    let page = store.leases().pending_effects(&first).await.unwrap();
    assert_eq!(
        page.iter().map(PendingEffect::id).collect::<Vec<_>>(),
        ["A"]
    );
    store.pass(Duration::from_millis(20)).await;
    fail(store.leases(), &payment("B")).await;
    for page in &page {
        assert!(
            ids(store.leases(), &first.clone().after(page))
                .await
                .is_empty()
        );
    }
}
