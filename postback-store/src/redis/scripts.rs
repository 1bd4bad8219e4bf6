/// Scripts, each of which is one atomic step: the files of the same names.
pub(super) struct Scripts {
    pub(super) acquire: Script,
    pub(super) approve: Script,
    pub(super) complete: Script,
    pub(super) dismiss: Script,
    pub(super) extend: Script,
    pub(super) import: Script,
    pub(super) list: Script,
    pub(super) prune: Script,
    pub(super) release: Script,
}

/// Text of a script, and the hash that a server knows it by after it has run it.
pub(super) struct Script {
    pub(super) text: &'static str,
    pub(super) hash: String,
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
            import: script!("import.lua"),
            list: script!("list.lua"),
            prune: script!("prune.lua"),
            release: script!("release.lua"),
        }
    }
}

impl Script {
    fn new(text: &'static str) -> Self {
        let hash = redis::Script::new(text).get_hash().to_owned();
        Self { text, hash }
    }
}
