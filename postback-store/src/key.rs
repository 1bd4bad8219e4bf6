//! Keys of payments as stores keep them: a project without a name is an empty text, because a
//! column of a primary key cannot be null.

use postback_core::event::EventKey;

pub(crate) fn project(key: &EventKey) -> &str {
    key.project().unwrap_or_default()
}

pub(crate) fn stored(namespace: String, project: &str, id: String) -> EventKey {
    let project = Some(project).filter(|project| !project.is_empty());
    EventKey::new(namespace, project, id)
}
