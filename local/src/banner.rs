//! What is printed once everything is up.

use crate::{addresses::Addresses, template::Manifest};

/// Where everything is, the line to copy for a first player, and what of the template has no effect here.
pub fn banner(addresses: &Addresses, manifest: &Manifest) -> String {
    let names = |names: Vec<&str>| names.join(", ");
    let functions = names(manifest.functions.iter().map(|function| function.binary.as_str()).collect());
    let tables = names(manifest.tables.iter().map(|table| table.name.as_str()).collect());
    let queues = names(manifest.queues.iter().map(|queue| queue.name.as_str()).collect());
    let curl = format!("curl -s '{}/token?player=bob'", addresses.issuer());
    let wscat = format!("npx wscat -c \"{}?token=$({curl} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\"", addresses.url());
    let url = if addresses.is_usual() { String::new() } else { format!(" --url {}", addresses.url()) };
    format!(
        "\nMuster is up.\n\n{addresses}\n  functions  {functions}\n  tables     {tables}\n  queues     {queues}\n\
         \nWithout effect on one machine:\n{}\n\
         \nA first player, in another terminal:\n\n  cargo run -p muster-client --{url} alice\n\nor any WebSocket client:\n\n  {wscat}\n\
         \nCtrl-C stops it.\n",
        notes(manifest)
    )
}

/// One line for each kind of resource or property that is noted, with how many there are of it.
fn notes(manifest: &Manifest) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for note in &manifest.notes {
        match reasons.iter_mut().find(|(reason, _)| *reason == note.reason) {
            Some((_, paths)) => paths.push(&note.path),
            None => reasons.push((&note.reason, vec![&note.path])),
        }
    }
    let line = |(reason, paths): &(&str, Vec<&str>)| match paths.as_slice() {
        [] => String::new(),
        [path] => format!("  {path}: {reason}"),
        [path, more @ ..] => format!("  {path} and {} more: {reason}", more.len()),
    };
    reasons.iter().map(line).collect::<Vec<_>>().join("\n")
}
