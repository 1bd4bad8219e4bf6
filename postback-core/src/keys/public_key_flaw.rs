use std::fmt;

/// What is wrong with a text that was configured as a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKeyFlaw {
    /// It begins with a byte order mark, which an editor may have written.
    ByteOrderMark,
    /// It is a certificate.
    Certificate,
    /// It is JSON, as the whole response of CryptAPI's `/pubkey/` is: the key is its member `pubkey`.
    Json,
    /// The modulus has so many bits, which are not 1024 to 8192.
    ModulusBits(usize),
    /// It is not PEM: it has no line `-----BEGIN PUBLIC KEY-----`, or what follows is not base64.
    NotPem,
    /// The section is not an RSA key for any padding, in its one encoding.
    NotRsa,
    /// The PEM section is of another kind.
    OtherSection,
    /// It is in the form of PKCS#1, `RSA PUBLIC KEY`. `openssl rsa -RSAPublicKey_in -pubout` converts it.
    Pkcs1,
    /// It is a private key.
    PrivateKey,
    /// There is more than one PEM section.
    SeveralSections,
}

impl fmt::Display for PublicKeyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "a byte order mark in front",
            Self::Certificate => "a certificate",
            Self::Json => "JSON, the key is its member `pubkey`",
            Self::ModulusBits(bits) => return write!(f, "a modulus of {bits} bits"),
            Self::NotPem => "not PEM",
            Self::NotRsa => "not an RSA key in its one encoding",
            Self::OtherSection => "another PEM section",
            Self::Pkcs1 => "PKCS#1, `RSA PUBLIC KEY`",
            Self::PrivateKey => "a private key",
            Self::SeveralSections => "several PEM sections",
        })
    }
}
