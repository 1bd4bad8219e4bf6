//! Keys of payments as stores keep them: a project without a name is an empty text, because a
//! column of a primary key cannot be null.

use postback_core::event::EventKey;

/// Returns the project of a key as a text.
pub(crate) fn project(key: &EventKey) -> &str {
    key.project().unwrap_or_default()
}

/// Makes a key from the columns of a row.
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(crate) fn stored(namespace: String, project: &str, id: String) -> EventKey {
    let project = Some(project).filter(|project| !project.is_empty());
    EventKey::new(namespace, project, id)
}
