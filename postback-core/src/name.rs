/// Returns whether a text can be the name of a project: it is not empty, and is a
/// [stable](is_stable) text.
pub(crate) fn is_project_name(text: &str) -> bool {
    !text.is_empty() && is_stable(text)
}

/// Returns whether a text stays the same when it is stored, logged or typed again: it has neither
/// surrounding white space nor control characters.
pub(crate) fn is_stable(text: &str) -> bool {
    text.trim() == text && !text.contains(char::is_control)
}
