//! Times as AWS writes them.

/// `2019-11-14T00:13:19Z`, or with milliseconds if asked for, from epoch milliseconds.
pub(super) fn iso(milliseconds: u64, with_milliseconds: bool) -> String {
    let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let fraction = if with_milliseconds { format!(".{fraction:03}") } else { String::new() };
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant's `civil_from_days`, for days after the epoch).
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times_are_written_as_aws_writes_them() {
        assert_eq!(iso(1_573_690_397_717, true), "2019-11-14T00:13:17.717Z");
        assert_eq!(iso(951_782_400_000, false), "2000-02-29T00:00:00Z");
        assert_eq!(iso(0, false), "1970-01-01T00:00:00Z");
    }
}
