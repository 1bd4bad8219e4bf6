use std::fmt;

/// Flaw of a text that was configured as a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKeyFlaw {
    /// The text begins with a byte order mark, which an editor may have written.
    ByteOrderMark,
    /// The text is a certificate.
    Certificate,
    /// The text is JSON, as the whole response of CryptAPI's `/pubkey/` is. The key is its member
    /// `pubkey`.
    Json,
    /// The modulus has this number of bits, which is not 1024 to 8192.
    ModulusBits(usize),
    /// The text is not PEM: it has no line `-----BEGIN PUBLIC KEY-----`, or what follows is not
    /// base64.
    NotPem,
    /// The section is not an RSA key in canonical DER, or the key is restricted to one padding.
    NotRsa,
    /// The PEM section is of another kind.
    OtherSection,
    /// The key is in the form of PKCS#1, `RSA PUBLIC KEY`. `openssl rsa -RSAPublicKey_in -pubout`
    /// converts it.
    Pkcs1,
    /// The text is a private key.
    PrivateKey,
    /// The text has more than one PEM section.
    SeveralSections,
}

impl fmt::Display for PublicKeyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "it begins with a byte order mark",
            Self::Certificate => "it is a certificate",
            Self::Json => "it is JSON, whose member `pubkey` is the key",
            Self::ModulusBits(bits) => return write!(f, "its modulus has {bits} bits"),
            Self::NotPem => "it is not PEM",
            Self::NotRsa => "it is not an RSA key in canonical DER",
            Self::OtherSection => "it is another PEM section",
            Self::Pkcs1 => "it is PKCS#1, `RSA PUBLIC KEY`",
            Self::PrivateKey => "it is a private key",
            Self::SeveralSections => "it has several PEM sections",
        })
    }
}
