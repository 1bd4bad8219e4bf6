use std::fmt;

/// What a Redis server's records survive, by its `appendonly` and `appendfsync`.
///
/// A crash of the application loses nothing, whatever they are. A failover loses what the replica
/// had not yet received, because replication is asynchronous. What is lost never happened, as far
/// as the store knows: a pending effect is forgotten, one that was done runs again when its payment
/// is delivered again, and fencing tokens start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// `appendfsync always`: each record is on disk before the server replies.
    Always,
    /// `appendfsync everysec`, Redis's own default for an append-only file: a crash of the server
    /// loses what it had not yet written, usually nothing, and a crash of the machine about the
    /// last second, at most two.
    EverySecond,
    /// No append-only file: a crash of the server loses everything since the last snapshot, or
    /// everything.
    Snapshots,
    /// `appendfsync no`: a crash of the machine loses what its system had not yet written, usually
    /// half a minute.
    SystemDecides,
    /// There is an append-only file, and the server does not say how it is synced.
    Unknown,
}

/// For a line in the operator's log.
impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "appendfsync always: a crash of server or machine loses nothing",
            Self::EverySecond => {
                "appendfsync everysec: a crash of the machine loses up to two seconds"
            }
            Self::SystemDecides => {
                "appendfsync no: a crash of the machine loses what its system had not written"
            }
            Self::Snapshots => {
                "appendonly no: a crash of the server loses what came after the last snapshot"
            }
            Self::Unknown => "appendonly yes: the server does not say how often it syncs",
        })
    }
}
