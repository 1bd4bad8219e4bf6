//! Project Wycheproof's vectors for HMAC, and for signatures by RSASSA-PKCS1-v1_5.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use postback_core::{ConfigError, PublicKey, SecretKey};
use wycheproof::{
    TestResult, mac,
    rsa_pkcs1_verify::{self, TestFlag, TestName},
};

/// Function that verifies a tag, the same algorithm of `aws-lc-rs`, its set, and how many tags of
/// the set are valid, invalid, truncated and valid, and truncated and invalid.
type Hmac = (
    fn(&SecretKey, &[u8], &[u8]) -> bool,
    hmac::Algorithm,
    mac::TestName,
    [usize; 4],
);

const HMACS: [Hmac; 3] = [
    (
        SecretKey::verify_hmac_sha1,
        hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        mac::TestName::HmacSha1,
        [33, 54, 33, 50],
    ),
    (
        SecretKey::verify_hmac_sha256,
        hmac::HMAC_SHA256,
        mac::TestName::HmacSha256,
        [33, 54, 33, 54],
    ),
    (
        SecretKey::verify_hmac_sha512,
        hmac::HMAC_SHA512,
        mac::TestName::HmacSha512,
        [33, 54, 33, 54],
    ),
];

/// Returns the HMAC of `aws-lc-rs`, which the product does not use.
fn whole_tag(algorithm: hmac::Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, key);
    hmac::sign(&key, message).as_ref().to_vec()
}

/// A tag is compared as a whole, so that a truncated one is rejected although its author calls it
/// valid.
///
/// The keys of the invalid vectors are control characters alone, as no secret is, and [`SecretKey`]
/// rejects them. The error in such a tag is carried over to the tag of a key that it accepts.
#[test]
fn tag_verifies_as_its_author_says_unless_it_is_truncated() {
    for (verify, algorithm, name, expected) in HMACS {
        let mut counts = [0; 4];
        let mut blank_keys = 0;
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let whole = whole_tag(algorithm, &test.key, &test.msg);
                let genuine = test.result == TestResult::Valid;
                let is_beginning = whole.starts_with(&test.tag);
                assert_eq!(is_beginning, genuine, "{name:?}, vector {}", test.tc_id);
                let truncated = test.tag.len() < whole.len();
                counts[usize::from(!genuine) + 2 * usize::from(truncated)] += 1;

                let (key, whole, tag) = match SecretKey::verbatim(&*test.key) {
                    Ok(key) => (key, whole, test.tag.to_vec()),
                    Err(error) => {
                        assert_eq!((error, genuine), (ConfigError::BlankSecret, false));
                        blank_keys += 1;
                        let other: Vec<_> = test.key.iter().map(|byte| byte | b'@').collect();
                        let other_whole = whole_tag(algorithm, &other, &test.msg);
                        let bytes = test.tag.iter().zip(&whole).zip(&other_whole);
                        let tag = bytes.map(|((tag, whole), other)| tag ^ whole ^ other);
                        let tag = tag.collect();
                        (SecretKey::new(other).unwrap(), other_whole, tag)
                    }
                };
                assert!(verify(&key, &test.msg, &whole), "control case");
                let accepted = verify(&key, &test.msg, &tag);
                let expected = genuine && !truncated;
                assert_eq!(accepted, expected, "{name:?}, vector {}", test.tc_id);
            }
        }
        assert_eq!(counts, expected, "{name:?}");
        let invalid_with_blank_key = match name {
            mac::TestName::HmacSha512 => 0,
            _ => expected[1] + expected[3],
        };
        assert_eq!(blank_keys, invalid_with_blank_key, "{name:?}");
    }
}

/// The sets with SHA-256, and how many vectors each has.
const RSA_WITH_SHA256: [(TestName, usize); 4] = [
    (TestName::Rsa2048Sha256, 259),
    (TestName::Rsa3072Sha256, 259),
    (TestName::Rsa4096Sha256, 258),
    (TestName::Rsa8192Sha256, 258),
];

/// The only acceptable vectors are those without the parameter NULL, which RFC 8017 requires
/// (section 9.2, note 1). They are rejected.
#[test]
fn signature_verifies_as_its_author_says() {
    let (mut valid, mut exponent_3) = (0, 0);
    let mut rejected = BTreeMap::new();
    for (name, expected) in RSA_WITH_SHA256 {
        let mut count = 0;
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_pem(&group.pem).unwrap();
            for test in group.tests {
                let accepted = key.verify_rsa_pkcs1_sha256(&test.msg, &test.sig);
                let genuine = test.result == TestResult::Valid;
                assert_eq!(accepted, genuine, "{name:?}, vector {}", test.tc_id);
                count += 1;
                match test.flags.as_slice() {
                    [] if genuine => valid += 1,
                    flags if genuine => {
                        assert!(flags.contains(&TestFlag::SmallPublicKey), "{flags:?}");
                        exponent_3 += 1;
                    }
                    [TestFlag::MissingNull] => {
                        assert_eq!(test.result, TestResult::Acceptable);
                        *rejected.entry("MissingNull".to_owned()).or_insert(0) += 1;
                    }
                    [flag] => *rejected.entry(format!("{flag:?}")).or_insert(0) += 1,
                    flags => unreachable!("{flags:?}"),
                }
            }
        }
        assert_eq!(count, expected, "{name:?}");
    }
    assert_eq!((valid, exponent_3), (28, 3));
    let expected = [
        ("BerEncodedPadding", 56),
        ("InvalidAsnInPadding", 468),
        ("InvalidPadding", 20),
        ("InvalidSignature", 32),
        ("MissingNull", 4),
        ("ModifiedPadding", 303),
        ("NoHash", 8),
        ("ShortPadding", 4),
        ("SignatureMalleability", 12),
        ("WrongHash", 84),
        ("WrongPrimitive", 12),
    ];
    let expected = expected.map(|(flag, count)| (flag.to_owned(), count));
    assert_eq!(rejected, BTreeMap::from(expected));
}

/// A set with another hash has one vector that is accepted: the one that is signed with SHA-256
/// instead of the hash of the set.
#[test]
fn signature_with_other_hash_is_rejected() {
    let (mut sets, mut with_other_hash, mut with_sha256) = (0, 0, 0);
    for name in TestName::all() {
        if RSA_WITH_SHA256.iter().any(|(other, _)| *other == name) {
            continue;
        }
        sets += 1;
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_pem(&group.pem).unwrap();
            for test in group.tests {
                let accepted = key.verify_rsa_pkcs1_sha256(&test.msg, &test.sig);
                let expected = test.comment.contains("is hashed with SHA-256 instead of");
                assert_eq!(accepted, expected, "{name:?}, vector {}", test.tc_id);
                with_sha256 += usize::from(accepted);
                with_other_hash += usize::from(test.result == TestResult::Valid);
            }
        }
    }
    assert_eq!((sets, with_other_hash, with_sha256), (20, 142, 20));
}
