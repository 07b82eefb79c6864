//! Holds README.md to the truth: the tests and the options that it names are those there are.

use std::{collections::BTreeSet, fs, path::Path};

use clap::CommandFactory;

use crate::args::Args;

const README: &str = include_str!("../README.md");

/// The header of the column that names tests.
const COLUMN: &str = "| shown by |";

/// The names of all tests in the sources below `directory`.
fn tests_below(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut is_test = false;
            for line in fs::read_to_string(path).unwrap().lines().map(str::trim) {
                if line.starts_with("#[") {
                    is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                } else {
                    let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ").and_then(|rest| rest.split_once('('));
                    names.extend(function.filter(|_| is_test).map(|(name, _)| name.to_owned()));
                    is_test = false;
                }
            }
        }
    }
}

/// What stands between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_readme_names_exists() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    tests_below(&here.join("src"), &mut tests);
    tests_below(&here.join("../tests"), &mut tests);
    let (mut in_table, mut named) = (false, 0);
    for line in README.lines() {
        in_table = line.starts_with('|') && (in_table || line.ends_with(COLUMN));
        if let Some((_, cell)) = line.trim_end_matches('|').rsplit_once('|').filter(|_| in_table) {
            for name in code(cell) {
                assert!(tests.contains(name), "README.md names the test {name}, which is not there");
                named += 1;
            }
        }
    }
    assert!(named > 50, "only {named} names of tests were found in README.md");
}

#[test]
fn the_readme_has_every_option_and_no_other() {
    let options: BTreeSet<_> = Args::command().get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect();
    let rows = README.lines().filter(|line| line.starts_with("| `--"));
    let named: BTreeSet<_> = rows.filter_map(|row| row.split('|').nth(1)).flat_map(code).map(str::to_owned).collect();
    assert_eq!(named, options);
}
