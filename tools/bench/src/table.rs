//! Tables in Markdown, so that they can be copied into a README.

/// Rows under a header.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|&column| column.to_owned()).collect()] }
    }

    /// Adds a row, which has a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints it under `title`.
    pub fn print(&self, title: &str) {
        println!("\n{title}\n\n{}", self.text());
    }

    fn text(&self) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |cells: &[String]| {
            let padded = cells.iter().zip(&widths).map(|(cell, &width)| format!(" {cell:width$} |"));
            format!("|{}\n", padded.collect::<String>())
        };
        let rule: String = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            text += &line(row);
            if index == 0 {
                text += &format!("|{rule}\n");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["load", "p50"]);
        table.row(["1 connection".to_owned(), "3 ms".to_owned()]);
        let expected = "| load         | p50  |\n|--------------|------|\n| 1 connection | 3 ms |\n";
        assert_eq!(table.text(), expected);
    }
}
