//! Tables for a terminal, and rows of the stack's tables in them.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::time;

/// The most characters of a cell: a row's state is shown in full as JSON only.
const CELL: usize = 48;
/// The most characters of a line of a table.
const WIDEST: usize = 200;
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

    /// Rows with a column for each member that any of them has.
    fn of_rows(rows: &[Value]) -> Self {
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

/// Rows of one of the stack's tables, or other objects: as a table, or where that would be too wide one after another.
pub(crate) fn rows(rows: &[Value]) -> String {
    let table = Table::of_rows(rows).to_string();
    if table.lines().all(|line| line.chars().count() <= WIDEST) {
        return table;
    }
    rows.iter().map(|row| record(row, cell)).collect::<Vec<_>>().join("\n")
}

/// The members of an object, each in a line of its own, as `show` writes them.
pub(crate) fn record(row: &Value, show: impl Fn(&str, &Value) -> String) -> String {
    let members = row.as_object().into_iter().flatten().filter(|(name, _)| *name != SECRET);
    let width = members.clone().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    members.map(|(name, value)| format!("{name:width$}  {}\n", show(name, value))).collect()
}

/// A value as people read it, in one line and cut to the size of a cell.
pub(crate) fn cell(name: &str, value: &Value) -> String {
    let text = plain(name, value);
    if text.chars().count() > CELL { text.chars().take(CELL - 1).chain(['…']).collect() } else { text }
}

/// A value as people read it, in one line. The names of times end with `At`.
pub(crate) fn plain(name: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace(char::is_control, " "),
        Value::Number(number) if name.ends_with("At") => match number.as_u64() {
            Some(0) | None => number.to_string(),
            Some(seconds) if seconds < SECONDS_UNTIL => time::at(seconds * 1_000),
            Some(milliseconds) => time::at(milliseconds),
        },
        other => other.to_string(),
    }
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
        let table = super::rows(&rows);
        assert_eq!(table, "a    b          readAt\none\n     {\"c\":[1]}  2026-11-21 11:03:25.007\n");
    }

    #[test]
    fn rows_that_are_too_wide_follow_one_another() {
        let long = json!({"first": "x".repeat(CELL), "f2": "x".repeat(CELL), "f3": "x".repeat(CELL), "f4": "x".repeat(CELL), "f5": 5});
        let text = super::rows(&[long.clone(), long]);
        assert!(text.starts_with("f2     xxx") && text.contains("\nf5     5\nfirst  xxx") && text.contains("x\n\nf2     xxx"), "{text}");
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
