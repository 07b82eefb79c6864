//! What was promised, against what players were told and what the tables say.

use std::collections::{BTreeMap, BTreeSet};

use muster_protocol::{MatchState, Outcome};
use serde_json::Value;

use super::{book::Book, player::Player};
use crate::{Result, stack::Stack, table::Table};

/// A promise, how often it was to be kept, and by name where it was not.
pub struct Promise {
    what: &'static str,
    count: usize,
    note: String,
    pub broken: Vec<String>,
}

impl Promise {
    pub fn new(what: &'static str, count: usize, note: impl Into<String>, broken: Vec<String>) -> Self {
        Self { what, count, note: note.into(), broken }
    }
}

/// Prints all of them. What is broken, by name.
pub fn print(promises: Vec<Promise>) -> Vec<String> {
    let mut table = Table::new(&["promise", "times", "broken", ""]);
    let mut broken = Vec::new();
    for Promise { what, count, note, broken: names } in promises {
        table.row([what.to_owned(), count.to_string(), names.len().to_string(), note]);
        broken.extend(names.into_iter().map(|name| format!("{what}: {name}")));
    }
    table.print("What was promised:");
    broken
}

/// Each message whose sending was answered is in hand of its recipient, once.
pub fn messages(players: &[Player]) -> Promise {
    let (mut count, mut broken) = (0, Vec::new());
    for player in players {
        let book = player.book();
        let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
        for (id, (_, text)) in &book.messages {
            if let Some(other) = texts.insert(text, id) {
                broken.push(format!("{} has one message as {other} and as {id}", player.name));
            }
        }
    }
    for sender in players {
        let sent = sender.book().sent.clone();
        count += sent.len();
        for (recipient, id, text) in sent {
            let in_hand =
                players.iter().find(|player| player.name == recipient).and_then(|player| Some(player.book().messages.get(&id)?.1.clone()));
            match in_hand {
                Some(has) if has == text => {}
                Some(has) => broken.push(format!("{id} from {} to {recipient} says {has:?} instead of {text:?}", sender.name)),
                None => broken.push(format!("{id} from {} to {recipient} is not in hand: {text:?}", sender.name)),
            }
        }
    }
    Promise::new("a message that was taken is in hand, once", count, "", broken)
}

/// Each client kept its own promises: nothing twice, nothing behind an end.
pub fn clients(players: &[Player]) -> Promise {
    let count = players.iter().map(|player| player.book().client as usize).sum();
    let broken =
        players.iter().flat_map(|player| player.book().broken.iter().map(|what| format!("{}: {what}", player.name)).collect::<Vec<_>>());
    Promise::new("a client hands out everything once, and nothing behind its end", count, "", broken.collect())
}

/// Each match is over, and its players know.
pub async fn matches(players: &mut [Player], stack: &Stack) -> Result<Promise> {
    let rows = tokio::task::block_in_place(|| stack.rows("matches"))?;
    let rows: Vec<&Value> = rows.iter().filter(|row| row["item"]["S"] == "match").collect();
    let (mut told, mut seen, mut broken) = (0, 0, Vec::new());
    for row in &rows {
        let id = row["matchId"]["S"].as_str().unwrap_or_default();
        if row["phase"]["S"] != "over" {
            broken.push(format!("{id} is {} still", row["phase"]["S"]));
            continue;
        }
        for seat in row["seats"]["L"].as_array().into_iter().flatten().map(|seat| &seat["M"]) {
            let Some(player) = players.iter_mut().find(|player| seat["playerId"]["S"] == player.name.as_str()) else { continue };
            if player.book().matches.get(id).is_some_and(|shown| shown.state == MatchState::Over) {
                told += 1;
            } else if seat["left"]["BOOL"] == true || player.sees_the_end_of(id).await {
                seen += 1;
            } else {
                broken.push(format!("{} does not know that {id} is over", player.name));
            }
        }
    }
    let note = format!("{told} players were told, {seen} who were away or had left can see it");
    Ok(Promise::new("a match is over, and its players know", rows.len(), note, broken))
}

/// Each placement has one outcome, which its players were told.
pub fn placements(players: &[Player], stack: &Stack) -> Result<Promise> {
    let rows = tokio::task::block_in_place(|| stack.rows("placements"))?;
    let rows: BTreeMap<&str, &Value> =
        rows.iter().filter(|row| row.get("status").is_some()).filter_map(|row| Some((row["placementId"]["S"].as_str()?, row))).collect();
    let sessions = tokio::task::block_in_place(|| stack.rows("player-sessions"))?;
    let of: BTreeSet<(&str, &str)> =
        sessions.iter().filter_map(|row| Some((row["playerId"]["S"].as_str()?, row["placementId"]["S"].as_str()?))).collect();
    let (mut counts, mut broken) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for (id, row) in &rows {
        let outcome = row["outcome"]["S"].as_str().unwrap_or("no outcome");
        *counts.entry(outcome).or_default() += 1;
        if row["status"]["S"] != "ended" || row["told"]["BOOL"] != true {
            broken.push(format!("{id} is {} with told {}", row["status"]["S"], row["told"]["BOOL"]));
            continue;
        }
        for name in row["players"]["L"].as_array().into_iter().flatten().filter_map(|player| player["S"].as_str()) {
            let Some(player) = players.iter().find(|player| player.name == name) else { continue };
            broken.extend(untold(&player.book(), id, outcome).map(|what| format!("{id} is {outcome}, and {name} {what}")));
            if !of.contains(&(name, *id)) {
                broken.push(format!("{id} is {outcome}, and {name} has no row of it"));
            }
        }
    }
    for player in players {
        let unknown: Vec<String> = player.book().asked.iter().filter(|id| !rows.contains_key(id.as_str())).cloned().collect();
        broken.extend(unknown.into_iter().map(|id| format!("{id} was taken from {} and is not there", player.name)));
    }
    let note = counts.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect::<Vec<_>>().join(", ");
    Ok(Promise::new("a placement has one outcome, which was told", rows.len(), note, broken))
}

/// What a player was not told of a placement with this outcome, or was told wrongly.
fn untold(book: &Book, id: &str, outcome: &str) -> Option<String> {
    let placed = book.placements.get(id);
    let (session, end) = placed.map_or((false, None), |placed| (placed.session.is_some(), placed.end.map(|(_, outcome)| outcome)));
    let is_over = book.ended.contains(id);
    let is_right = match outcome {
        "fulfilled" if is_over => end == Some(Outcome::Ended),
        "fulfilled" => (session && end.is_none()) || end == Some(Outcome::Ended),
        "timedOut" => !session && end == Some(Outcome::TimedOut),
        "failed" => !session && end == Some(Outcome::Failed),
        "cancelled" => !session && end == Some(Outcome::Cancelled),
        _ => false,
    };
    (!is_right).then(|| format!("was told of a session: {session}, of the end: {end:?}; the end was published: {is_over}"))
}

/// Nobody holds a seat, and nobody waits in a pool.
pub fn seats(stack: &Stack) -> Result<Promise> {
    let (rows, tickets) = tokio::task::block_in_place(|| Ok::<_, crate::Fault>((stack.rows("players")?, stack.rows("tickets")?)))?;
    let is_seat = |row: &&Value| row["item"]["S"].as_str().is_some_and(|item| item.starts_with("seat#"));
    let mut broken: Vec<String> = rows
        .iter()
        .filter(is_seat)
        .map(|row| format!("{} holds a seat in the {} {}", row["playerId"]["S"], row["kind"]["S"], row["holds"]["S"]))
        .collect();
    let waiting = tickets.iter().filter(|row| row.get("players").is_some());
    broken.extend(waiting.map(|row| format!("the ticket {} waits in the pool {} still", row["ticketId"]["S"], row["pool"]["S"])));
    Ok(Promise::new(
        "nobody holds a seat in anything that is over",
        rows.iter().filter(is_seat).count() + tickets.len(),
        "seats and tickets that are left",
        broken,
    ))
}

/// Whether everything has ended, as the tables say.
pub fn has_ended(stack: &Stack) -> Result<bool> {
    let is_over = |row: &Value| row["item"]["S"] != "match" || row["phase"]["S"] == "over";
    let is_told = |row: &Value| row.get("status").is_none() || row["told"]["BOOL"] == true;
    Ok(stack.rows("matches")?.iter().all(is_over) && stack.rows("placements")?.iter().all(is_told))
}
