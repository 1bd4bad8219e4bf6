use std::fmt;

/// Failures that the records of a Redis server survive, by its `appendonly`, `appendfsync` and
/// `save`.
///
/// A crash of the application loses nothing, whatever the settings are. A failover loses what the
/// replica has not received, because replication is asynchronous. If the store loses a record, a
/// pending effect is forgotten, an effect that was done runs again when its payment is delivered
/// again, and fencing tokens start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// `appendfsync always`: each record is on disk before the server replies.
    Always,
    /// `appendfsync everysec`, the default of Redis for an append-only file. A crash of the server
    /// loses what it has not written, usually nothing. A crash of the machine loses about the last
    /// second, at most two.
    EverySecond,
    /// `appendonly no` and `save ""`: a restart of the server loses everything.
    NotPersistent,
    /// `appendonly no` and a `save` point: a crash of the server loses everything since the last
    /// snapshot.
    Snapshots,
    /// `appendfsync no`: a crash of the machine loses what its system has not written, usually half
    /// a minute.
    SystemDecides,
    /// The server does not return its configuration.
    Unknown,
}

/// Describes the setting and what it loses, for the operator's log.
impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => {
                "appendfsync always: a crash of the server or the machine loses nothing"
            }
            Self::EverySecond => {
                "appendfsync everysec: a crash of the machine loses up to two seconds"
            }
            Self::SystemDecides => {
                "appendfsync no: a crash of the machine loses what its system has not written"
            }
            Self::NotPersistent => "appendonly no, no save point: a restart loses everything",
            Self::Snapshots => {
                "appendonly no: a crash of the server loses all changes since the last snapshot"
            }
            Self::Unknown => "unknown: the server does not return its configuration",
        })
    }
}
