//! Tables for a terminal, and rows of the stack's tables in them.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::time;

/// The most characters of a cell: a row's state is shown in full as JSON only.
const CELL: usize = 48;
/// What shall not stand on a screen: a secret between a player and its server.
const SECRET: &str = "playerSessionId";
/// Times before this, which are in 1973 as milliseconds, are in seconds, as DynamoDB wants them of the end of a row.
const SECONDS_UNTIL: u64 = 100_000_000_000;

/// Rows under a header, in columns as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these columns.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        Self(vec![columns.into_iter().map(str::to_owned).collect()])
    }

    /// Adds a row, which has a cell for each column.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.push(cells.into_iter().collect());
    }

    /// Rows of one of the stack's tables, or other objects, with a column for each member that any of them has.
    pub(crate) fn of_rows(rows: &[Value]) -> Self {
        let mut columns: Vec<&str> = Vec::new();
        for name in rows.iter().filter_map(Value::as_object).flat_map(Map::keys) {
            if !columns.contains(&name.as_str()) && name != SECRET {
                columns.push(name);
            }
        }
        let mut table = Self::new(columns.iter().copied());
        for row in rows {
            table.row(columns.iter().map(|column| cell(column, &row[*column])));
        }
        table
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.0.first().map_or(0, Vec::len);
        let width = |column: usize| self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.0 {
            let padded: Vec<String> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
            writeln!(f, "{}", padded.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A word of the protocol, such as `timedOut`.
pub(crate) fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A value as people read it, in one line. The names of times end with `At`.
pub(crate) fn cell(name: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace(char::is_control, " "),
        Value::Number(number) if name.ends_with("At") => match number.as_u64() {
            Some(0) | None => number.to_string(),
            Some(seconds) if seconds < SECONDS_UNTIL => time::at(seconds * 1_000),
            Some(milliseconds) => time::at(milliseconds),
        },
        other => other.to_string(),
    };
    if text.chars().count() > CELL { text.chars().take(CELL - 1).chain(['…']).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_nothing_trails() {
        let mut table = Table::new(["queue", "visible"]);
        table.row(["dead letters, größer".to_owned(), "3".to_owned()]);
        table.row(["x".to_owned(), String::new()]);
        assert_eq!(table.to_string(), "queue                 visible\ndead letters, größer  3\nx\n");
    }

    #[test]
    fn rows_have_a_column_for_each_member_but_no_secret() {
        let rows = [json!({"a": "one", "playerSessionId": "psess-1"}), json!({"b": {"c": [1]}, "readAt": 1_795_259_005_007_u64})];
        let table = Table::of_rows(&rows).to_string();
        assert_eq!(table, "a    b          readAt\none\n     {\"c\":[1]}  2026-11-21 11:03:25.007\n");
    }

    #[test]
    fn cells_are_short_and_on_one_line() {
        assert_eq!(cell("text", &json!("two\nlines\u{1b}")), "two lines ");
        let long = cell("text", &json!("ä".repeat(CELL + 1)));
        assert_eq!((long.chars().count(), long.chars().last()), (CELL, Some('…')));
        assert_eq!(cell("text", &json!("ä".repeat(CELL))).chars().last(), Some('ä'));
        assert_eq!(cell("expiresAt", &json!(1_795_259_005)), "2026-11-21 11:03:25.000");
        assert_eq!([cell("dueAt", &json!(0)), cell("count", &json!(7)), cell("at", &Value::Null)], ["0", "7", ""]);
    }
}
