//! What is printed once everything is up.

use std::collections::BTreeSet;

use crate::{addresses::Addresses, template::Manifest};

/// Where everything is, the line to copy for a first player, and what of the template has no effect here.
pub fn banner(addresses: &Addresses, manifest: &Manifest) -> String {
    let names = |names: Vec<&str>| names.join(", ");
    let functions = names(manifest.functions.iter().map(|function| function.handler.as_str()).collect());
    let tables = names(manifest.tables.iter().map(|table| table.name.as_str()).collect());
    let queues = names(manifest.queues.iter().map(|queue| queue.name.as_str()).collect());
    let curl = format!("curl -s '{}/token?player=bob'", addresses.issuer());
    let wscat = format!("npx wscat -c \"{}?token=$({curl} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\"", addresses.url());
    let url = if addresses.is_usual() { String::new() } else { format!(" --url {}", addresses.url()) };
    format!(
        "\nWithout effect on one machine:\n{}\n\
         \nMuster is up.\n\n{addresses}\n  functions  {functions}\n  tables     {tables}\n  queues     {queues}\n\
         \nA first player, in another terminal:\n\n  cargo run -p muster-client --{url} alice\n\nor any WebSocket client:\n\n  {wscat}\n\
         \nCtrl-C stops it.\n",
        notes(manifest)
    )
}

/// One line for each reason.
fn notes(manifest: &Manifest) -> String {
    let line = |(reason, what): (&&str, &BTreeSet<String>)| {
        let what: Vec<&str> = what.iter().map(String::as_str).collect();
        format!("  {}: {reason}", what.join(", "))
    };
    manifest.notes.iter().map(line).collect::<Vec<_>>().join("\n")
}
