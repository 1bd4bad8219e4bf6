use redis::Script;

/// Scripts, each of which is one atomic step: the files of the same names.
pub(super) struct Scripts {
    pub(super) acquire: Script,
    pub(super) approve: Script,
    pub(super) complete: Script,
    pub(super) dismiss: Script,
    pub(super) extend: Script,
    pub(super) list: Script,
    pub(super) release: Script,
}

macro_rules! script {
    ($file:literal) => {
        Script::new(concat!(include_str!("prelude.lua"), include_str!($file)))
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            acquire: script!("acquire.lua"),
            approve: script!("approve.lua"),
            complete: script!("complete.lua"),
            dismiss: script!("dismiss.lua"),
            extend: script!("extend.lua"),
            list: script!("list.lua"),
            release: script!("release.lua"),
        }
    }
}
