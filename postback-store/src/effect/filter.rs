use super::{EffectKey, PendingEffect};

/// Selection of the effects that [`pending_effects`](crate::EffectStore::pending_effects) lists.
///
/// It selects the effects that can be run now: effects that a worker holds, and possible duplicates
/// that wait for a person, are left out unless they are asked for.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use postback_store::{EffectFilter, EffectStore, memory::MemoryStore};
///
/// let store = MemoryStore::new();
/// let mut mails = EffectFilter::of_project(Some("shop-1")).effect("mail");
/// // Each effect that is pending now, page by page.
/// loop {
///     let page = store.pending_effects(&mails).await?;
///     let Some(last) = page.last() else { break };
///     mails = mails.after(last);
///     for pending in &page {
///         // Call `resume_effect`.
/// #       let _ = pending;
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a filter does nothing unless it is passed to a store"]
pub struct EffectFilter {
    pub(crate) namespace: Option<Box<str>>,
    /// Empty for the project without a name.
    pub(crate) project: Option<Box<str>>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) with_held: bool,
    pub(crate) with_possible_duplicates: bool,
    pub(crate) limit: u32,
    pub(crate) after: Option<Position>,
}

/// Position of an effect in the list of those that are not done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) is_possible_duplicate: bool,
    /// Unix milliseconds.
    pub(crate) leased_at: i64,
    pub(crate) key: EffectKey,
    /// Time of the first page, in Unix milliseconds: an effect that was begun then or later is left
    /// out, so that the list has an end.
    pub(crate) first_listed_at: i64,
}

impl EffectFilter {
    const LIMIT: u32 = 100;

    /// Selects the effects of one project. `None` is the project that has no name.
    pub fn of_project(project: Option<&str>) -> Self {
        Self {
            project: Some(project.unwrap_or_default().into()),
            ..Self::of_all_projects()
        }
    }

    /// Selects the effects of all projects that share the store. A worker that runs them must look
    /// at the whole key of each.
    pub const fn of_all_projects() -> Self {
        Self {
            namespace: None,
            project: None,
            name: None,
            with_held: false,
            with_possible_duplicates: false,
            limit: Self::LIMIT,
            after: None,
        }
    }

    /// Selects the effects of one provider, by the
    /// [namespace](postback_core::event::EventKey::namespace) of its payments.
    pub fn provider(self, namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.into()),
            ..self
        }
    }

    /// Selects the effects of one name.
    pub fn effect(self, name: &str) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// Selects the effects that a worker [holds](PendingEffect::held_for), too.
    pub fn with_held(self) -> Self {
        Self {
            with_held: true,
            ..self
        }
    }

    /// Selects the [possible duplicates](PendingEffect::possible_duplicate_of), too. They come last.
    pub fn with_possible_duplicates(self) -> Self {
        Self {
            with_possible_duplicates: true,
            ..self
        }
    }

    /// Sets the maximum number of effects. Defaults to 100.
    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    /// Selects the effects that follow one that was listed, for the next page. Effects that were
    /// enqueued or begun since the first page was listed are left out.
    pub fn after(self, listed: &PendingEffect) -> Self {
        Self {
            after: Some(listed.position.clone()),
            ..self
        }
    }
}

#[cfg(any(
    feature = "memory",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
impl EffectFilter {
    /// Returns the time of the first page, if this is another one.
    pub(crate) fn first_listed_at(&self) -> Option<i64> {
        self.after.as_ref().map(|after| after.first_listed_at)
    }
}
