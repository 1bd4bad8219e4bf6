//! Keys and signatures of the `openssl` command, an independent implementation. Without the command
//! these tests fail.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops where something is wrong"
)]

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use postback_conformance::{
    corpus::Request,
    fixtures::{ORIGIN, cryptapi},
};
use postback_core::{
    ConfigError, MediaType, PublicKey, PublicKeyFlaw, Rejection, Verified, Verifier,
    cryptapi::{CryptApi, Get, PUBLISHED_KEY},
    testing::{self, SAMPLE_CALLBACK},
};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Path of a file in the folder.
fn file(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

/// Runs the command with `input`, and returns its output.
fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the openssl command is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

/// Creates an RSA key of `bits`. Returns the path of its file, and its public half.
fn key(folder: &TempDir, bits: &str) -> (String, Vec<u8>) {
    let path = file(folder, bits);
    let size = format!("rsa_keygen_bits:{bits}");
    let generate = [
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        &*size,
        "-out",
        &*path,
    ];
    openssl(&generate, b"");
    let public = openssl(&["pkey", "-in", &*path, "-pubout"], b"");
    (path, public)
}

fn sign(path: &str, digest: &str, message: &[u8]) -> String {
    STANDARD.encode(openssl(&["dgst", digest, "-sign", path], message))
}

fn get(
    verifier: &Verifier<CryptApi<Get>>,
    target: &str,
    signature: &str,
) -> Result<Verified<CryptApi<Get>>, Rejection> {
    Request::new("GET", target, &[("x-ca-signature", signature)], "").verify(verifier)
}

#[test]
fn signed_url_verifies_in_each_spelling() {
    let folder = folder();
    let (private, public) = key(&folder, "2048");
    let verifier = Verifier::new(cryptapi(), PublicKey::from_pem(public).unwrap());
    let long = format!("note={}", "0123456789abcdef".repeat(512));
    assert!(long.len() > 8_192);
    for parameters in [
        "order_id=1%2F2&nonce=%2b%20x",
        "order_id=a+b+%2B&x=%C3%A4",
        "a[b]=1&&c&d=",
        "x=%zz&y=100%",
        &*long,
    ] {
        let target = format!("/callback?{parameters}&{SAMPLE_CALLBACK}");
        let signature = sign(&private, "-sha256", format!("{ORIGIN}{target}").as_bytes());
        assert_eq!(signature.len(), 344, "256 bytes, the length of the key");
        let callback = get(&verifier, &target, &signature).unwrap();
        assert_eq!(callback.unbound().coin(), "btc");

        let respelled = target.replace("txid_in", "txid%5Fin");
        let rejected = get(&verifier, &respelled, &signature);
        assert_eq!(rejected.err(), Some(Rejection::BadSignature));
    }
}

#[test]
fn signed_body_verifies_unchanged() {
    let folder = folder();
    let (private, public) = key(&folder, "2048");
    let json = "{\"uuid\": \"u\",\r\n\t\"address_in\": \"3PFo\", \"coin\": \"btc\", \"pending\": 0,\
                \"note\": \"\u{e4}\u{1f600}\"}";
    let key = || PublicKey::from_pem(&public).unwrap();
    let post = |verifier: &Verifier<_>, media_type: MediaType, body: &str, signature: &str| {
        let headers = [
            ("content-type", media_type.as_str()),
            ("x-ca-signature", signature),
        ];
        Request::new("POST", "/callback?a=1", &headers, body.to_owned()).verify(verifier)
    };
    for (provider, media_type, body) in [
        (CryptApi::post_json(), MediaType::Json, json),
        (CryptApi::post_form(), MediaType::Form, SAMPLE_CALLBACK),
    ] {
        let verifier = Verifier::new(provider, key());
        let signature = sign(&private, "-sha256", body.as_bytes());
        assert!(post(&verifier, media_type, body, &signature).is_ok());
        let longer = format!("{body} ");
        let rejected = post(&verifier, media_type, &longer, &signature);
        assert_eq!(rejected.err(), Some(Rejection::BadSignature));
    }
}

#[test]
fn other_digest_padding_or_key_is_bad_signature() {
    let folder = folder();
    let (private, public) = key(&folder, "2048");
    let (other, _) = key(&folder, "3072");
    let verifier = Verifier::new(cryptapi(), PublicKey::from_pem(public).unwrap());
    let target = format!("/callback?{SAMPLE_CALLBACK}");
    let url = format!("{ORIGIN}{target}");
    let pss = [
        "dgst",
        "-sha256",
        "-sigopt",
        "rsa_padding_mode:pss",
        "-sign",
        &*private,
    ];
    let pss = STANDARD.encode(openssl(&pss, url.as_bytes()));
    // The digest without its algorithm identifier.
    let digest = openssl(&["dgst", "-sha256", "-binary"], url.as_bytes());
    let bare = openssl(&["pkeyutl", "-sign", "-inkey", &*private], &digest);
    for (name, signature) in [
        ("SHA-1", sign(&private, "-sha1", url.as_bytes())),
        ("SHA-512", sign(&private, "-sha512", url.as_bytes())),
        ("PSS", pss),
        ("no algorithm identifier", STANDARD.encode(bare)),
        ("another key", sign(&other, "-sha256", url.as_bytes())),
    ] {
        let rejected = get(&verifier, &target, &signature).err();
        assert_eq!(rejected, Some(Rejection::BadSignature), "{name}");
    }
    let genuine = sign(&private, "-sha256", url.as_bytes());
    assert!(get(&verifier, &target, &genuine).is_ok(), "control case");
}

#[test]
fn signature_of_other_length_than_key_is_rejected() {
    let folder = folder();
    for bits in ["1024", "1536", "3072", "4096"] {
        let (private, public) = key(&folder, bits);
        let public = PublicKey::from_pem(public).unwrap();
        let signature = STANDARD
            .decode(sign(&private, "-sha256", b"message"))
            .unwrap();
        assert!(
            public.verify_rsa_pkcs1_sha256(b"message", &signature),
            "{bits}"
        );
        let longer = [&[0], &*signature].concat();
        assert!(
            !public.verify_rsa_pkcs1_sha256(b"message", &longer),
            "{bits}"
        );
        let shorter = &signature[1..];
        assert!(
            !public.verify_rsa_pkcs1_sha256(b"message", shorter),
            "{bits}"
        );
        assert!(!public.verify_rsa_pkcs1_sha256(b"message", b""), "{bits}");
    }
}

/// Encodes an element: its tag, its length and its content (X.690).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=127 => vec![tag, length.try_into().unwrap()],
        128..=255 => vec![tag, 0x81, length.try_into().unwrap()],
        _ => [
            &[tag, 0x82],
            &u16::try_from(length).unwrap().to_be_bytes()[..],
        ]
        .concat(),
    };
    [&header, content].concat()
}

/// Returns a public key whose modulus has this number of bits: a multiple of eight, or one more.
fn with_modulus_of(bits: usize) -> String {
    let whole_bytes = vec![0xff; bits / 8];
    let modulus = [&[u8::from(bits % 8 == 1)], &*whole_bytes].concat();
    let numbers = [der(2, &modulus), der(2, &[1, 0, 1])].concat();
    let key = der(3, &[&[0], &*der(0x30, &numbers)].concat());
    let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
    let key = STANDARD.encode(der(0x30, &[algorithm, &*key].concat()));
    format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n")
}

#[test]
fn modulus_outside_1024_to_8192_bits_is_rejected() {
    for bits in [1_024, 1_025, 8_185, 8_192] {
        assert!(PublicKey::from_pem(with_modulus_of(bits)).is_ok(), "{bits}");
    }
    for bits in [512, 1_016, 1_017, 8_193, 16_384] {
        let rejected = PublicKey::from_pem(with_modulus_of(bits)).err();
        let flaw = PublicKeyFlaw::ModulusBits(bits);
        assert_eq!(rejected, Some(ConfigError::InvalidKey(flaw)), "{bits}");
    }
}

/// A test sender in another process, or written in another language, signs with the same key.
#[test]
fn signing_key_is_saved_and_loaded() {
    let folder = folder();
    let key = testing::SigningKey::generate().unwrap();
    let path = file(&folder, "saved");
    fs::write(&path, key.to_pem().unwrap()).unwrap();
    let public = openssl(&["pkey", "-in", &*path, "-pubout"], b"");
    assert_eq!(key.public_key_pem().unwrap().as_bytes(), public);
    let signature = sign(&path, "-sha256", b"message");
    assert_eq!(signature, key.sign("message").unwrap());
    let loaded = testing::SigningKey::from_pem(fs::read(&path).unwrap()).unwrap();
    assert_eq!(loaded.sign("message").unwrap(), signature);

    let (path, _) = self::key(&folder, "2048");
    let loaded = testing::SigningKey::from_pem(fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        loaded.sign("message").unwrap(),
        sign(&path, "-sha256", b"message")
    );
    for pem in ["", "a key", PUBLISHED_KEY] {
        assert!(testing::SigningKey::from_pem(pem).is_err(), "{pem}");
    }
    assert_eq!(format!("{key:?}"), "SigningKey(..)");
}

#[test]
fn invalid_public_key_is_configuration_error() {
    let folder = folder();
    let (private, good) = key(&folder, "2048");
    let good = String::from_utf8(good).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let of = |arguments: &[&str]| {
        let path = file(&folder, "other");
        openssl(&[arguments, &["-out", &*path]].concat(), b"");
        text(openssl(&["pkey", "-in", &*path, "-pubout"], b""))
    };
    let short = of(&[
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:1016",
    ]);
    let curve = of(&[
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ]);
    let edwards = of(&["genpkey", "-algorithm", "ED25519"]);
    let pss = of(&[
        "genpkey",
        "-algorithm",
        "RSA-PSS",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
    ]);
    let pkcs1 = openssl(&["rsa", "-in", &*private, "-RSAPublicKey_out"], b"");
    let pkcs1 = text(pkcs1);
    let certificate = [
        "req", "-x509", "-key", &*private, "-subj", "/CN=a", "-days", "1",
    ];
    let lines: Vec<_> = good.lines().collect();
    let reply = serde_json::json!({ "status": "success", "pubkey": good }).to_string();
    for (name, flaw, pem) in [
        ("empty text", PublicKeyFlaw::NotPem, String::new()),
        ("not PEM", PublicKeyFlaw::NotPem, "a key".to_owned()),
        ("1016 bits", PublicKeyFlaw::ModulusBits(1016), short),
        ("elliptic curve", PublicKeyFlaw::NotRsa, curve),
        ("Ed25519", PublicKeyFlaw::NotRsa, edwards),
        (
            "private key",
            PublicKeyFlaw::PrivateKey,
            fs::read_to_string(Path::new(&private)).unwrap(),
        ),
        (
            "certificate",
            PublicKeyFlaw::Certificate,
            text(openssl(&certificate, b"")),
        ),
        ("RSA key for PSS only", PublicKeyFlaw::NotRsa, pss),
        ("PKCS #1", PublicKeyFlaw::Pkcs1, pkcs1.clone()),
        (
            "PKCS #1 with another label",
            PublicKeyFlaw::NotRsa,
            pkcs1.replace("RSA PUBLIC", "PUBLIC"),
        ),
        (
            "other label",
            PublicKeyFlaw::OtherSection,
            good.replace("PUBLIC KEY", "X509 CRL"),
        ),
        (
            "two keys",
            PublicKeyFlaw::SeveralSections,
            format!("{good}{PUBLISHED_KEY}"),
        ),
        (
            "key and another section",
            PublicKeyFlaw::SeveralSections,
            format!("{good}{pkcs1}"),
        ),
        (
            "truncated key",
            PublicKeyFlaw::NotPem,
            lines[..3].join("\n"),
        ),
        (
            "missing line",
            PublicKeyFlaw::NotRsa,
            good.replace(lines[2], ""),
        ),
        ("whole JSON of the provider", PublicKeyFlaw::Json, reply),
        (
            "leading byte order mark",
            PublicKeyFlaw::ByteOrderMark,
            format!("\u{feff}{good}"),
        ),
    ] {
        let rejected = PublicKey::from_pem(pem).err();
        assert_eq!(rejected, Some(ConfigError::InvalidKey(flaw)), "{name}");
    }
    for (name, pem) in [
        ("unchanged", good.clone()),
        ("with a comment", format!("the shop's key\n{good}")),
        ("with CRLF", good.replace('\n', "\r\n")),
    ] {
        assert!(PublicKey::from_pem(pem).is_ok(), "{name}");
    }
}

#[test]
fn published_key_has_known_fingerprint() {
    let der = openssl(
        &["pkey", "-pubin", "-outform", "DER"],
        PUBLISHED_KEY.as_bytes(),
    );
    let digest = openssl(&["dgst", "-sha256", "-binary"], &der);
    let hexadecimal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hexadecimal,
        "694229344e0b037a25f6f16f032c8808609b18f92739d34c691269ec994e737c"
    );
    let key = PublicKey::from_pem(PUBLISHED_KEY).unwrap();
    assert_eq!(key.fingerprint().as_slice(), digest);
}
