//! Whole numbers, however they are written.

/// A whole number that fits 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    /// Zero, `-0.0` included, or more.
    Natural(u64),
    /// Less than zero.
    Negative(i64),
}

/// The number that `text` writes in JSON's way, such as `100`, `100.0`, `1e2` or `10000e-2`; `None` if it is none, not whole, or beyond 64
/// bits. Decimal digits are only shifted: nothing is rounded on the way.
pub(super) fn whole(text: &str) -> Option<Whole> {
    let (negative, number) = text.strip_prefix('-').map_or((false, text), |number| (true, number));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if integer.is_empty() || !integer.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = format!("{integer}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some(Whole::Natural(0));
    }
    // Where the point is once the exponent has moved it, and where the last digit is that is not zero, both counted from the front.
    let point = exponent.parse::<i64>().ok()?.checked_add(i64::try_from(integer.len()).ok()?)?;
    let last = i64::try_from(digits.trim_end_matches('0').len()).ok()?;
    let zeros = usize::try_from(point.checked_sub(last)?).ok().filter(|zeros| *zeros < 20)?;
    let natural = format!("{significant}{}", "0".repeat(zeros));
    if negative { format!("-{natural}").parse().ok().map(Whole::Negative) } else { natural.parse().ok().map(Whole::Natural) }
}

/// The methods of a deserializer for whole numbers. It has a `number` that may be one, and is `not_whole` if it is none.
macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match $crate::reading::whole::whole(self.number()) {
                Some($crate::reading::whole::Whole::Natural(number)) => visitor.visit_u64(number),
                Some($crate::reading::whole::Whole::Negative(number)) => visitor.visit_i64(number),
                None => self.not_whole().$method(visitor),
            }
        }
    )*};
}

pub(super) use whole_numbers;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_number_is_known_however_it_is_written() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("0e999", 0),
            ("0.000e-9", 0),
            ("1e0", 1),
            ("1E+0", 1),
            ("100e-2", 1),
            ("0.01e2", 1),
            ("10.0", 10),
            ("1e3", 1_000),
            ("1.5e1", 15),
            ("18446744073709551615.000", u64::MAX),
        ] {
            assert_eq!(whole(text), Some(Whole::Natural(number)), "{text}");
        }
        assert_eq!(whole("-1.0"), Some(Whole::Negative(-1)));
        assert_eq!(whole("-9223372036854775808.0"), Some(Whole::Negative(i64::MIN)));
    }

    #[test]
    fn what_is_not_whole_or_too_large_is_none() {
        for text in [
            "1.5",
            "1e-1",
            "15e-2",
            "18446744073709551616",
            "1e999",
            "1e99999999999999999999",
            "-9223372036854775809",
            "",
            "-",
            "x",
            "\"1\"",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn shifting_the_point_changes_nothing(number: u64, shift in 0_usize..40) {
            let digits = format!("{number:041}");
            let (integer, fraction) = digits.split_at(41 - shift);
            prop_assert_eq!(whole(&format!("{integer}.{fraction}e{shift}")), Some(Whole::Natural(number)));
            prop_assert_eq!(whole(&format!("{number}{}e-{shift}", "0".repeat(shift))), Some(Whole::Natural(number)));
        }
    }
}
