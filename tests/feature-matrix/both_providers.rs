//! With both providers on, the application must choose one for the process. We leave it the choice.

use jsonwebtoken::crypto::{CryptoProvider, aws_lc};

#[test]
fn application_installs_crypto_provider_after_verification() {
    assert!(verify::deliver("s").is_ok());
    let chosen: &'static CryptoProvider = &aws_lc::DEFAULT_PROVIDER;
    assert!(chosen.install_default().is_ok(), "somebody chose before");
    assert!(verify::deliver("s").is_ok());
}
