use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Decodes base64url without padding, as JOSE writes it.
///
/// The engine rejects padding, white space and set unused bits, so only one text is accepted for
/// each sequence of bytes.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes the 32 bytes of an HMAC-SHA-256.
pub(crate) fn decode_tag(text: &str) -> Option<[u8; 32]> {
    // The engine needs room for whole groups of three bytes.
    let mut buffer = [0; 33];
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut buffer).ok()?;
    buffer.get(..length)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decoded_bytes_encode_to_same_text(text in "[A-Za-z0-9_+/=-]{0,12}|\\PC{0,4}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(URL_SAFE_NO_PAD.encode(bytes), text);
            }
        }
    }

    #[test]
    fn tag_has_32_bytes() {
        let decoded = |length| decode_tag(&URL_SAFE_NO_PAD.encode([b'a'].repeat(length)));
        for length in [0, 1, 31, 33, 34, 64, 1_000] {
            assert_eq!(decoded(length), None, "{length}");
        }
        assert_eq!(decoded(32), Some([b'a'; 32]), "control case");
    }

    #[test]
    fn other_spellings_are_rejected() {
        for text in ["YQ==", "YR", "Y Q", "Y+E", "Y/E", "Y", "YQ\n"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode("YQ").as_deref(), Some(&b"a"[..]), "control case");
    }
}
