//! The application enables both crypto providers of `jsonwebtoken` and installs one for the
//! process. Verification does not install one.

use jsonwebtoken::crypto::{CryptoProvider, aws_lc};

#[test]
fn application_installs_crypto_provider_after_verification() {
    assert!(verify::deliver("s").is_ok());
    let chosen: &'static CryptoProvider = &aws_lc::DEFAULT_PROVIDER;
    assert!(chosen.install_default().is_ok(), "no provider is installed");
    assert!(verify::deliver("s").is_ok());
}
