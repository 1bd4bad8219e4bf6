use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use smol_str::SmolStr;

/// Exact decimal, kept as the text that was received.
///
/// The text is a JSON number: an optional minus, digits without a leading zero, an optional
/// fraction and an optional exponent. It has at most 128 characters, and an exponent from -100 to
/// 100. Nothing is ever rounded. Amounts are compared and hashed by value, so that `1e2` equals
/// `100.0`. [`Display`](fmt::Display) is plain notation.
///
/// Amounts have no arithmetic. [`to_decimal`](Self::to_decimal) and
/// [`to_big_decimal`](Self::to_big_decimal), each behind a feature, convert to types that have it.
///
/// ```
/// use postback_core::Amount;
///
/// let amount: Amount = "1.13e-04".parse()?;
/// assert_eq!(amount.to_string(), "0.000113");
/// assert_eq!(amount.as_received(), "1.13e-04");
/// assert_eq!(amount, "0.0001130".parse()?);
/// assert!(amount < "0.1".parse()?);
/// assert!("1,5".parse::<Amount>().is_err());
/// # Ok::<(), postback_core::AmountError>(())
/// ```
#[derive(Clone)]
pub struct Amount(SmolStr);

/// Error returned when a text is not an amount, or an amount does not fit another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The amount has more digits than the other type can hold exactly.
    #[error("inexact amount: expected no more digits than the type can hold")]
    Inexact,
    /// The text is not a JSON number, is too long, or its exponent is not from -100 to 100.
    #[error(
        "invalid amount: expected a JSON number of at most 128 characters, with an exponent from \
         -100 to 100"
    )]
    Syntax,
}

impl Amount {
    /// Maximum length of an amount, in characters.
    pub const MAX_LENGTH: usize = 128;

    /// Maximum exponent, positive or negative.
    pub const MAX_EXPONENT: u8 = 100;

    /// Returns the number as in the postback.
    #[must_use]
    pub fn as_received(&self) -> &str {
        &self.0
    }

    /// Returns whether the value is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.parts().is_zero()
    }

    /// Returns whether the text has a minus sign, as `-0` also has.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// Returns the value as a `rust_decimal::Decimal`.
    ///
    /// # Errors
    ///
    /// [`AmountError::Inexact`] if it has more digits than that type holds: 28, or fewer for large
    /// values.
    #[cfg(feature = "rust_decimal")]
    pub fn to_decimal(&self) -> Result<rust_decimal::Decimal, AmountError> {
        rust_decimal::Decimal::from_str_exact(&self.shortest()).map_err(|_| AmountError::Inexact)
    }

    /// Returns the value as a `bigdecimal::BigDecimal`, which holds every amount exactly.
    #[cfg(feature = "bigdecimal")]
    #[must_use]
    pub fn to_big_decimal(&self) -> bigdecimal::BigDecimal {
        // Every amount is in the grammar of that type, whose own limits are far larger.
        bigdecimal::BigDecimal::from_str(&self.0).unwrap_or_default()
    }

    /// Returns whether `text` is an amount without a minus.
    #[cfg(feature = "cryptapi")]
    pub(crate) fn is_non_negative(text: &str) -> bool {
        Parts::split(text).is_some_and(|parts| !parts.negative)
    }

    /// Returns the part before the decimal point, if it is not negative and fits a `u64`.
    #[cfg(feature = "cryptocloud")]
    pub(crate) fn floor(&self) -> Option<u64> {
        self.whole().map(|(whole, _)| whole)
    }

    /// Returns the least whole number that is not less, if it is not negative and fits a `u64`.
    #[cfg(feature = "cryptocloud")]
    pub(crate) fn ceil(&self) -> Option<u64> {
        match self.whole()? {
            (whole, true) => Some(whole),
            (whole, false) => whole.checked_add(1),
        }
    }

    /// Returns the part before the decimal point, and whether it is the whole value.
    #[cfg(feature = "cryptocloud")]
    fn whole(&self) -> Option<(u64, bool)> {
        let parts = self.parts();
        if parts.negative {
            return None;
        }
        let plain = parts.plain();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let exact = fraction.bytes().all(|digit| digit == b'0');
        Some((whole.parse().ok()?, exact))
    }

    /// Returns plain notation without a minus on zero and without zeros at the end of the fraction.
    #[cfg(any(
        feature = "cryptapi",
        feature = "cryptocloud",
        feature = "rust_decimal"
    ))]
    pub(crate) fn shortest(&self) -> String {
        let plain = self.to_string();
        match plain.contains('.') {
            true => plain.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => plain,
        }
    }

    fn parts(&self) -> Parts<'_> {
        // The text was checked when the amount was made.
        Parts::split(&self.0).unwrap_or_default()
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        match Parts::split(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(AmountError::Syntax),
        }
    }
}

/// Shows plain decimal notation: `1e-8` is `0.00000001`. Zeros at the end of a fraction are kept.
///
/// With a large exponent the text can be longer than an amount may be. Use
/// [`as_received`](Amount::as_received) to store an amount and read it back.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        f.pad_integral(!parts.negative || parts.is_zero(), "", &parts.plain())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({})", self.0)
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (self.parts(), other.parts());
        match (left.sign(), right.sign()) {
            (Ordering::Less, Ordering::Less) => right.magnitude().cmp(&left.magnitude()),
            (Ordering::Greater, Ordering::Greater) => left.magnitude().cmp(&right.magnitude()),
            (left, right) => left.cmp(&right),
        }
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Amount {}

impl PartialEq for Amount {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Hash for Amount {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let parts = self.parts();
        parts.sign().hash(state);
        parts.magnitude().hash(state);
    }
}

/// Parts of a number's text.
#[derive(Default)]
struct Parts<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: i16,
}

impl<'a> Parts<'a> {
    /// Splits a text by the grammar of RFC 8259, section 6.
    fn split(text: &'a str) -> Option<Self> {
        if text.len() > Amount::MAX_LENGTH {
            return None;
        }
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (integer, text) = leading_digits(text)?;
        let (fraction, text) = match text.strip_prefix('.') {
            Some(text) => leading_digits(text)?,
            None => ("", text),
        };
        let exponent = match text.strip_prefix(['e', 'E']) {
            Some(text) => exponent_of(text)?,
            None if text.is_empty() => 0,
            None => return None,
        };
        let leading_zero = integer.len() > 1 && integer.starts_with('0');
        (!leading_zero).then_some(Self {
            negative,
            integer,
            fraction,
            exponent,
        })
    }

    fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == b'0')
    }

    fn digits(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.integer.bytes().chain(self.fraction.bytes())
    }

    /// Returns the position of the decimal point, in digits from the left. It can be negative, or
    /// larger than the number of digits.
    fn point(&self) -> i16 {
        let before = i16::try_from(self.integer.len()).unwrap_or(i16::MAX);
        before.saturating_add(self.exponent)
    }

    /// Compares the value with zero.
    fn sign(&self) -> Ordering {
        match (self.is_zero(), self.negative) {
            (true, _) => Ordering::Equal,
            (false, true) => Ordering::Less,
            (false, false) => Ordering::Greater,
        }
    }

    /// Returns the place of the first significant digit, and the significant digits. Comparing the
    /// two in this order compares values without their signs.
    fn magnitude(&self) -> (i16, Vec<u8>) {
        let mut digits: Vec<u8> = self.digits().skip_while(|digit| *digit == b'0').collect();
        let all = self.integer.len().saturating_add(self.fraction.len());
        let skipped = i16::try_from(all.saturating_sub(digits.len())).unwrap_or(i16::MAX);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        match digits.is_empty() {
            true => (i16::MIN, digits),
            false => (self.point().saturating_sub(skipped), digits),
        }
    }

    /// Returns plain notation without the sign.
    fn plain(&self) -> String {
        let point = self.point();
        let mut plain = String::new();
        if point <= 0 {
            plain.push_str("0.");
            plain.extend((point..0).map(|_| '0'));
        }
        let mut place = 0;
        for digit in self.digits() {
            if place == point && point > 0 {
                plain.push('.');
            }
            plain.push(char::from(digit));
            place = place.saturating_add(1);
        }
        plain.extend((place..point).map(|_| '0'));
        let whole = plain.find('.').unwrap_or(plain.len());
        let zeros = plain.bytes().take_while(|byte| *byte == b'0').count();
        // An exponent can leave leading zeros: 0.5e1 is 5, not 05.
        plain.split_off(zeros.min(whole.saturating_sub(1)))
    }
}

/// Splits a text into its leading digits, at least one, and the rest.
fn leading_digits(text: &str) -> Option<(&str, &str)> {
    let other = text.bytes().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at_checked(other.unwrap_or(text.len()))?;
    (!digits.is_empty()).then_some((digits, rest))
}

fn exponent_of(text: &str) -> Option<i16> {
    let (_, "") = leading_digits(text.strip_prefix(['+', '-']).unwrap_or(text))? else {
        return None;
    };
    // `i16` reads either sign. A value that it cannot hold is out of range.
    let exponent: i16 = text.parse().ok()?;
    (exponent.unsigned_abs() <= u16::from(Amount::MAX_EXPONENT)).then_some(exponent)
}

#[cfg(test)]
mod tests {
    use std::hash::DefaultHasher;

    use bigdecimal::BigDecimal;
    use proptest::prelude::*;

    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn display_is_plain_notation() {
        let cases = [
            ("0", "0"),
            ("-0", "0"),
            ("0.000113", "0.000113"),
            ("1e-8", "0.00000001"),
            ("1.234e-05", "0.00001234"),
            ("1E+2", "100"),
            ("100", "100"),
            ("100.0", "100.0"),
            ("0.5e1", "5"),
            ("0.05e1", "0.5"),
            ("0.005e1", "0.05"),
            ("12.345e1", "123.45"),
            ("12.345e2", "1234.5"),
            ("12.345e-2", "0.12345"),
            ("12.345e-1", "1.2345"),
            ("0e5", "0"),
            ("0.0", "0.0"),
            ("0E-8", "0.00000000"),
            ("-1.5", "-1.5"),
            ("1.844926267290333679", "1.844926267290333679"),
            (
                "5.551115123125783e-17",
                "0.00000000000000005551115123125783",
            ),
        ];
        for (text, plain) in cases {
            assert_eq!(amount(text).to_string(), plain, "{text}");
        }
        assert_eq!(format!("{:>8}", amount("-1.5")), "    -1.5");
    }

    #[test]
    fn text_outside_grammar_is_rejected() {
        let long = "9".repeat(129);
        let cases = [
            "", "-", "+1", ".5", "1.", "01", "-01", "1_000", "1,5", " 1", "1 ", "0x10", "1e",
            "1e+", "1e1.5", "1e101", "1e-101", "1e400", "1e99999", "1.e1", "NaN", "Infinity",
            "\u{661}", "--1", "1e--1", "1e+-1", "1ee1", &long,
        ];
        for text in cases {
            assert_eq!(text.parse::<Amount>(), Err(AmountError::Syntax), "{text:?}");
        }
        assert!(long[1..].parse::<Amount>().is_ok(), "control case: 128");
        assert!("1e100".parse::<Amount>().is_ok(), "control case: 1e100");
        assert!("1e-100".parse::<Amount>().is_ok(), "control case: 1e-100");
    }

    #[test]
    fn decimal_is_exact_or_rejected() {
        let decimal = |text: &str| amount(text).to_decimal().map(|d| d.to_string());
        assert_eq!(decimal("1.13e-04").as_deref(), Ok("0.000113"));
        assert_eq!(decimal("-1.50").as_deref(), Ok("-1.5"));
        assert_eq!(
            decimal("1.844926267290333679").as_deref(),
            Ok("1.844926267290333679")
        );
        assert_eq!(
            decimal("420690000000.123456789012345678"),
            Err(AmountError::Inexact)
        );
        assert_eq!(decimal("1e-29"), Err(AmountError::Inexact));
        assert_eq!(decimal("1e100"), Err(AmountError::Inexact));
    }

    #[cfg(feature = "cryptocloud")]
    #[test]
    fn floor_and_ceiling_are_exact() {
        assert_eq!(amount("1769509700.0000000001").ceil(), Some(1_769_509_701));
        assert_eq!(amount("17695097000e-1").ceil(), Some(1_769_509_700));
        assert_eq!(amount("1769509700.0").ceil(), Some(1_769_509_700));
        assert_eq!(amount("18446744073709551615.1").ceil(), None);
        assert_eq!(amount("1769509700.9999999999").floor(), Some(1_769_509_700));
        assert_eq!(amount("1.7695097e9").floor(), Some(1_769_509_700));
        assert_eq!(amount("0.9").floor(), Some(0));
        assert_eq!(amount("9e-3").floor(), Some(0));
        assert_eq!(amount("-1").floor(), None);
        assert_eq!(amount("1e30").floor(), None);
    }

    fn hash(amount: &Amount) -> u64 {
        let mut hasher = DefaultHasher::new();
        amount.hash(&mut hasher);
        hasher.finish()
    }

    proptest! {
        /// Compares order, equality and plain notation with `bigdecimal`, which shares no code with
        /// `Amount`.
        #[test]
        fn values_match_independent_decimal(
            left in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
            right in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        ) {
            let oracle = |text: &str| text.parse::<BigDecimal>().unwrap();
            let (a, b) = (amount(&left), amount(&right));
            prop_assert_eq!(a.cmp(&b), oracle(&left).cmp(&oracle(&right)));
            prop_assert_eq!(oracle(&a.to_string()), oracle(&left));
            prop_assert_eq!(a.to_big_decimal(), oracle(&left));
            prop_assert!(!a.to_string().contains(['e', 'E', '+']));
            prop_assert_eq!(&amount(&a.to_string()), &a, "plain notation is also an amount");
            if a == b {
                prop_assert_eq!(hash(&a), hash(&b));
            }
        }

        #[test]
        fn any_text_is_accepted_or_rejected(text in "\\PC*|[0-9eE.+-]{0,140}") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert_eq!(amount.as_received(), &text);
                prop_assert_eq!(amount.is_zero(), amount == self::amount("0"));
            }
        }
    }
}
