use crate::StoreError;

/// Script that brings the schema to the next version.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    pub(crate) script: &'static str,
    /// Oldest version of the schema whose programs can use the new one. A migration that only adds
    /// columns with a default, tables or indexes keeps that of the version before it.
    pub(crate) compatible_since: i64,
}

/// Version of the schema that a database has.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Version {
    pub(super) version: i64,
    pub(super) compatible_since: i64,
}

/// Returns the latest version that this crate knows: the number of migrations.
pub(super) fn known(migrations: &[Migration]) -> Version {
    Version {
        version: i64::try_from(migrations.len()).unwrap_or(i64::MAX),
        compatible_since: migrations.last().map_or(0, |last| last.compatible_since),
    }
}

/// Returns the migrations that a database of version `found` lacks: none, if it is newer and
/// compatible.
pub(super) fn missing(
    migrations: &'static [Migration],
    found: Version,
) -> Result<&'static [Migration], StoreError> {
    let known = known(migrations).version;
    if found.version > known && found.compatible_since <= known {
        return Ok(&[]);
    }
    let applied = usize::try_from(found.version).ok();
    applied
        .and_then(|applied| migrations.get(applied..))
        .ok_or(StoreError::NewerSchema {
            found: found.version,
            known,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIGRATIONS: &[Migration] = &[
        Migration {
            script: "a",
            compatible_since: 1,
        },
        Migration {
            script: "b",
            compatible_since: 1,
        },
    ];

    fn scripts(version: i64, compatible_since: i64) -> Result<Vec<&'static str>, StoreError> {
        let found = Version {
            version,
            compatible_since,
        };
        let missing = missing(MIGRATIONS, found)?;
        Ok(missing.iter().map(|migration| migration.script).collect())
    }

    #[test]
    fn missing_migrations_are_those_above_version_found() {
        for (found, expected) in [(0, &["a", "b"][..]), (1, &["b"]), (2, &[])] {
            assert_eq!(scripts(found, 1).ok().as_deref(), Some(expected), "{found}");
        }
    }

    #[test]
    fn newer_version_is_accepted_if_compatible() {
        for compatible_since in [1, 2] {
            let missing = scripts(5, compatible_since);
            assert_eq!(missing.ok(), Some(vec![]), "{compatible_since}");
        }
        let newer = scripts(5, 3);
        assert!(
            matches!(newer, Err(StoreError::NewerSchema { found: 5, known: 2 })),
            "{newer:?}"
        );
    }
}
