//! With both providers on, the application must choose one for the process. We leave it the choice.

use jsonwebtoken::crypto::{CryptoProvider, aws_lc};

#[test]
fn the_process_wide_provider_is_still_the_applications_to_choose() {
    assert!(verify::deliver("s").is_ok());
    let chosen: &'static CryptoProvider = &aws_lc::DEFAULT_PROVIDER;
    assert!(chosen.install_default().is_ok(), "somebody chose before");
    assert!(verify::deliver("s").is_ok());
}
