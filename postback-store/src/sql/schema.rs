use crate::StoreError;

/// Returns the latest version that this crate knows: the number of migrations.
pub(super) fn known(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// Returns the migrations that a database of version `found` lacks.
pub(super) fn missing<'a>(
    migrations: &'a [&'static str],
    found: i64,
) -> Result<&'a [&'static str], StoreError> {
    let applied = usize::try_from(found).ok();
    applied
        .and_then(|applied| migrations.get(applied..))
        .ok_or(StoreError::NewerSchema {
            found,
            known: known(migrations),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_migrations_are_those_above_version_found() {
        let migrations = ["a", "b"];
        for (found, expected) in [(0, &["a", "b"][..]), (1, &["b"]), (2, &[])] {
            let missing = missing(&migrations, found);
            assert_eq!(missing.ok(), Some(expected), "{found}");
        }
        let newer = missing(&migrations, 3);
        assert!(
            matches!(newer, Err(StoreError::NewerSchema { found: 3, known: 2 })),
            "{newer:?}"
        );
    }
}
