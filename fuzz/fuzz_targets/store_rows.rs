//! Rows of a SQLite store, written by another program: reviews and effects are listed as they were
//! written, page by page, or an error names the row without its payload.

#![no_main]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process,
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use libfuzzer_sys::{
    Corpus,
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use postback_core::event::{EventKey, FieldDigests};
use postback_fuzz::{
    payload::{PAYLOAD, input_without_payload},
    settings::NOW,
};
use postback_store::{
    EffectFilter, EffectStore, PendingEffect, ReviewFilter, StoreError, resume_effect,
    sqlite::SqliteStore,
};
use sqlx::{
    QueryBuilder, Sqlite,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::runtime::{Builder, Runtime};

#[derive(Arbitrary, Debug)]
struct Rows<'a> {
    reviews: Vec<Review<'a>>,
    effects: Vec<Effect<'a>>,
}

/// Key of a payment. The texts are few, so that rows meet.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
struct Key<'a> {
    namespace: &'a str,
    project: &'a str,
    id: &'a str,
}

impl<'a> From<&'a EventKey> for Key<'a> {
    fn from(key: &'a EventKey) -> Self {
        Self {
            namespace: key.namespace(),
            project: key.project().unwrap_or_default(),
            id: key.id(),
        }
    }
}

#[derive(Arbitrary, Clone, Debug)]
struct Review<'a> {
    key: Key<'a>,
    reason: Reason<'a>,
    digest: Digest<'a>,
    amount: &'a str,
    details: &'a str,
    recorded_at: i64,
    transfer: Option<[u8; 32]>,
    /// True if there is a record for review beside it.
    has_record: bool,
}

#[derive(Arbitrary, Clone, Debug)]
struct Effect<'a> {
    key: Key<'a>,
    name: &'a str,
    credited: bool,
    digest: Digest<'a>,
    recorded_at: i64,
    token: i64,
    leased_at: i64,
    leased_until: i64,
    duplicate_of: Option<&'a str>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Reason<'a> {
    Conflict,
    NotPaid,
    PossibleDuplicate,
    Other(&'a str),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Digest<'a> {
    Unknown,
    Valid,
    Other(&'a str),
}

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some(rows) = input_without_payload::<Rows<'_>>(data) else {
        return Corpus::Reject;
    };
    let reviews: Vec<_> = rows.reviews.into_iter().take(4).collect();
    let effects: Vec<_> = rows.effects.into_iter().take(4).collect();
    let (runtime, store) = &*STORE;
    runtime.block_on(async {
        clear(store).await;
        check_reviews(store, reviews).await;
        check_effects(store, effects).await;
    });
    Corpus::Keep
});

static STORE: LazyLock<(Runtime, SqliteStore)> = LazyLock::new(|| {
    // In memory where the system has a folder for it, because each execution writes.
    let memory = Path::new("/dev/shm");
    let folder = match memory.exists() {
        true => PathBuf::from(memory),
        false => env::temp_dir(),
    };
    remove_files_of_ended_processes(&folder);
    let file = folder.join(format!("{FILE}{}", process::id()));
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Off);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = runtime.block_on(async {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await;
        let store = SqliteStore::with_pool(pool.expect("a file"))
            .await
            .expect("a store");
        store.with_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
    });
    (runtime, store)
});

/// Beginning of the name of the file, before the id of the process.
const FILE: &str = "postback-fuzz-";

/// Removes the files of earlier runs, because libFuzzer does not let a process clean up.
fn remove_files_of_ended_processes(folder: &Path) {
    for file in fs::read_dir(folder).expect("a folder").flatten() {
        let name = file.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(FILE));
        if id.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            let _ = fs::remove_file(file.path());
        }
    }
}

async fn clear(store: &SqliteStore) {
    let clear = "DELETE FROM postback_records; DELETE FROM postback_reviews; \
                 DELETE FROM postback_transfers; DELETE FROM postback_effects";
    sqlx::raw_sql(clear)
        .execute(store.pool())
        .await
        .expect("tables");
}

async fn check_reviews(store: &SqliteStore, mut rows: Vec<Review<'_>>) {
    rows.sort_by_key(|row| row.position());
    // The primary key does not have the time.
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.primary_key()));
    for row in &rows {
        row.insert(store).await;
    }
    let has_record = |key: &Key<'_>| rows.iter().any(|row| row.has_record && row.key == *key);
    let is_listed = |row: &&Review<'_>| {
        matches!(row.reason, Reason::Conflict | Reason::Other("conflict")) || has_record(&row.key)
    };
    let listed: Vec<_> = rows.iter().filter(is_listed).collect();
    let is_readable = listed.iter().all(|row| row.is_readable());
    let all = store.reviews(&ReviewFilter::of_all_projects()).await;
    let Some(all) = checked(all, is_readable) else {
        return;
    };
    assert_eq!(all.len(), listed.len());
    for (review, row) in all.iter().zip(&listed) {
        assert_eq!(row.key, Key::from(&review.key));
        assert_eq!(
            (review.recorded_at, &*review.payload),
            (row.recorded_at, PAYLOAD)
        );
        assert_eq!(review.digest.as_str(), row.digest.text());
        let shown = format!("{review:?} {}", review.reason);
        assert!(!shown.contains(PAYLOAD), "{shown}");
    }
    let mut filter = ReviewFilter::of_all_projects().limit(1);
    for review in &all {
        let page = store.reviews(&filter).await.expect("a readable row");
        assert!(
            matches!(&page[..], [single] if single == review),
            "{page:?} {review:?}"
        );
        filter = filter.after(review);
    }
    assert!(store.reviews(&filter).await.expect("no row").is_empty());
    for review in &all {
        let mut transaction = store.begin().await.expect("a transaction");
        let marked = store.mark_credited_in(&mut transaction, review).await;
        drop(checked(marked, true));
        drop(transaction);
        assert!(store.resolve(review).await.expect("a row"), "{review:?}");
        assert!(!store.resolve(review).await.expect("a row"), "{review:?}");
    }
}

async fn check_effects(store: &SqliteStore, mut rows: Vec<Effect<'_>>) {
    rows.sort_by_key(|row| row.position());
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.primary_key()));
    for row in &rows {
        row.insert(store).await;
    }
    let filter = EffectFilter::of_all_projects()
        .with_held()
        .with_possible_duplicates();
    let now = i64::try_from(NOW * 1_000).expect("a time");
    // The first page leaves out what begins in this very millisecond.
    let rows: Vec<_> = rows.iter().filter(|row| row.leased_at != now).collect();
    let all = store.pending_effects(&filter).await;
    let Some(all) = checked(all, rows.iter().all(|row| row.token >= 0)) else {
        return;
    };
    assert!(all.len() <= rows.len());
    for (effect, row) in all.iter().zip(&rows) {
        assert_eq!(row.key, Key::from(effect.event_key()));
        assert_eq!(
            (effect.name(), effect.is_credited()),
            (row.name, row.credited)
        );
        assert_eq!(Ok(effect.attempts()), row.token.try_into());
        assert_eq!(effect.possible_duplicate_of(), row.duplicate_of);
        assert_eq!(effect.recorded_at(), row.recorded_at.div_euclid(1_000));
        let shown = format!("{effect:?}");
        assert!(!shown.contains(PAYLOAD), "{shown}");
    }
    assert_eq!(all.len(), rows.len());
    let mut page = filter.clone().limit(1);
    for effect in &all {
        let listed = store.pending_effects(&page).await.expect("a readable row");
        let is_same = listed
            .first()
            .is_some_and(|it| it.event_key() == effect.event_key());
        assert!(is_same && listed.len() == 1, "{listed:?} {effect:?}");
        page = page.after(effect);
    }
    // The last token of all cannot be followed by another: the database returns an error.
    let has_next = |effect: &&PendingEffect| i64::try_from(effect.attempts()) != Ok(i64::MAX);
    for effect in all.iter().filter(has_next) {
        let _ = checked(store.approve(effect).await, true);
        let run = || async { Err::<(), _>("the effect fails") };
        let _ = resume_effect(store, effect, run).await;
        let _ = checked(store.dismiss(effect).await, true);
    }
}

/// Returns what a store returned, unless it is an error: one without a payload, for a row that
/// cannot be read.
fn checked<T>(result: Result<T, StoreError>, is_readable: bool) -> Option<T> {
    match result {
        Ok(read) => {
            assert!(is_readable, "an unreadable row was read");
            Some(read)
        }
        Err(error) => {
            assert!(
                matches!(error, StoreError::Inconsistent { .. }),
                "{error:?}"
            );
            assert!(
                !is_readable || error.to_string().contains("digest"),
                "{error}"
            );
            assert!(!error.to_string().contains(PAYLOAD), "{error}");
            None
        }
    }
}

impl Review<'_> {
    fn position(&self) -> (i64, [String; 6]) {
        (self.recorded_at, self.primary_key())
    }

    fn primary_key(&self) -> [String; 6] {
        let Key {
            namespace,
            project,
            id,
        } = self.key;
        let digest = self.digest.text();
        [
            namespace,
            project,
            id,
            self.reason.text(),
            &digest,
            self.amount,
        ]
        .map(str::to_owned)
    }

    fn is_readable(&self) -> bool {
        let codes = ["conflict", "not_paid", "possible_duplicate"];
        let is_digest = FieldDigests::from_stored(&self.digest.text()).is_some();
        codes.contains(&self.reason.text()) && is_digest
    }

    async fn insert(&self, store: &SqliteStore) {
        let columns = "INSERT INTO postback_reviews (namespace, project, id, reason, digest, \
                       amount, details, payload, recorded_at, transfer) VALUES (";
        let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(columns);
        let mut values = insert.separated(", ");
        for text in [
            self.key.namespace,
            self.key.project,
            self.key.id,
            self.reason.text(),
        ] {
            values.push_bind(text);
        }
        values.push_bind(self.digest.text());
        values
            .push_bind(self.amount)
            .push_bind(self.details)
            .push_bind(PAYLOAD);
        values.push_bind(self.recorded_at);
        values.push_bind(self.transfer.as_ref().map(<[u8; 32]>::as_slice));
        insert
            .push(")")
            .build()
            .execute(store.pool())
            .await
            .expect("a new row");
        if self.has_record {
            let insert = "INSERT OR IGNORE INTO postback_records VALUES (?, ?, ?, 0, ?, ?, ?)";
            let insert = sqlx::query(insert)
                .bind(self.key.namespace)
                .bind(self.key.project)
                .bind(self.key.id)
                .bind(self.digest.text())
                .bind(PAYLOAD)
                .bind(self.recorded_at);
            insert.execute(store.pool()).await.expect("a row");
        }
    }
}

impl Effect<'_> {
    fn position(&self) -> (bool, i64, [String; 4]) {
        (
            self.duplicate_of.is_some(),
            self.leased_at,
            self.primary_key(),
        )
    }

    fn primary_key(&self) -> [String; 4] {
        [self.key.namespace, self.key.project, self.key.id, self.name].map(str::to_owned)
    }

    async fn insert(&self, store: &SqliteStore) {
        let columns = "INSERT INTO postback_effects (namespace, project, id, name, digest, \
                       payload, credited, recorded_at, token, leased_at, leased_until, \
                       duplicate_of) VALUES (";
        let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(columns);
        let mut values = insert.separated(", ");
        for text in [self.key.namespace, self.key.project, self.key.id, self.name] {
            values.push_bind(text);
        }
        values
            .push_bind(self.digest.text())
            .push_bind(PAYLOAD)
            .push_bind(self.credited);
        for number in [
            self.recorded_at,
            self.token,
            self.leased_at,
            self.leased_until,
        ] {
            values.push_bind(number);
        }
        values.push_bind(self.duplicate_of);
        insert
            .push(")")
            .build()
            .execute(store.pool())
            .await
            .expect("a new row");
    }
}

impl Reason<'_> {
    fn text(&self) -> &str {
        match self {
            Self::Conflict => "conflict",
            Self::NotPaid => "not_paid",
            Self::PossibleDuplicate => "possible_duplicate",
            Self::Other(text) => text,
        }
    }
}

impl Digest<'_> {
    fn text(&self) -> String {
        match self {
            Self::Unknown => "unknown".to_owned(),
            Self::Valid => format!("1;amount={}", "0123456789abcdef".repeat(2)),
            Self::Other(text) => (*text).to_owned(),
        }
    }
}
