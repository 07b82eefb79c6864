//! What is printed once everything is up.

use crate::{addresses::Addresses, template::Manifest};

/// Where clients look when they are told nothing.
const USUAL_URL: &str = "ws://127.0.0.1:6878/dev";

/// Where everything is, the line to copy for a first player, and what of the template has no effect here.
pub fn banner(addresses: &Addresses, manifest: &Manifest) -> String {
    let Addresses { url, issuer, .. } = addresses;
    let notes = manifest.notes.iter().map(|(reason, what)| format!("  {}: {reason}\n", Vec::from_iter(what.iter().cloned()).join(", ")));
    let functions = Vec::from_iter(manifest.functions.iter().map(|function| function.handler.as_str())).join(", ");
    let tables = Vec::from_iter(manifest.tables.iter().map(|table| table.name.as_str())).join(", ");
    let queues = Vec::from_iter(manifest.queues.iter().map(|queue| queue.name.as_str())).join(", ");
    let curl = format!("curl -s '{issuer}/token?player=bob'");
    let wscat = format!("npx wscat -c \"{url}?token=$({curl} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\"");
    let at = if url == USUAL_URL { String::new() } else { format!(" --url {url}") };
    format!(
        "\nWithout effect on one machine:\n{}\
         \nMuster is up.\n\n{addresses}\n  functions  {functions}\n  tables     {tables}\n  queues     {queues}\n\
         \nA first player, in another terminal:\n\n  cargo run -p muster-client --{at} alice\n\nor any WebSocket client:\n\n  {wscat}\n\
         \nCtrl-C stops it.\n",
        String::from_iter(notes)
    )
}
