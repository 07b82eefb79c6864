//! `player`: what there is of one, and what can be done for it.

use clap::ValueEnum;
use muster_protocol::operators::Ask;
use serde_json::Value;

use crate::{
    Result,
    access::{Access, Task},
    confirm::confirm,
    output::Output,
    table::{self, Table, cell},
};

/// Which player, and what is done.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The player's id: the `sub` of its tokens
    name: String,

    /// What is done
    #[arg(value_enum, default_value_t)]
    action: Action,

    /// With free-seat, only the seat of this lane: main or party
    #[arg(long)]
    lane: Option<String>,

    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Shows connections, seats, matches, tickets, placements, sessions, and how many messages wait
    #[default]
    Show,
    /// Closes its sockets; it may connect again
    Kick,
    /// Gives up its seats, whatever they are in, so that it can ask for something else
    FreeSeat,
    /// Prints all rows that are its own, as JSON
    Export,
    /// Deletes them, after closing its sockets
    Erase,
}

/// Does it, and prints the answer.
pub(crate) async fn run(args: &Args, access: &Access, output: &mut Output<'_>) -> Result<()> {
    let (player_id, lane) = (args.name.clone(), args.lane.clone());
    if lane.is_some() && args.action != Action::FreeSeat {
        return Err("--lane is for free-seat only".into());
    }
    let question = match args.action {
        Action::Show | Action::Export => None,
        Action::Kick => Some(format!("Close all sockets of {player_id}?")),
        Action::FreeSeat => Some(format!("Give up the seats of {player_id}, whatever it plays or waits for?")),
        Action::Erase => Some(format!("Delete everything of {player_id}? It cannot be brought back.")),
    };
    if let Some(question) = question
        && !confirm(&question, args.yes)?
    {
        return Err("nothing was done".into());
    }
    let ask = match args.action {
        Action::Show => Ask::Player { player_id },
        Action::Export => Ask::Export { player_id },
        Action::Kick => Ask::Kick { player_id, who: access.who().await? },
        Action::FreeSeat => Ask::FreeSeat { player_id, lane, who: access.who().await? },
        Action::Erase => Ask::Erase { player_id, who: access.who().await? },
    };
    let answer: Value = access.ask(Task::Operate, &ask).await?;
    if args.action == Action::Export {
        return output.print_json(&answer);
    }
    output.document(&answer)?;
    match args.action {
        Action::Kick => output.say(format!("{} sockets were closed", answer["closed"])),
        Action::Erase => output.say(counts(&answer["erased"])),
        _ => output.say(sections(&answer)),
    }
}

/// Rows of each table that were deleted.
fn counts(erased: &Value) -> String {
    let mut table = Table::new(["table", "rows deleted"]);
    for (name, rows) in erased.as_object().into_iter().flatten() {
        table.row([name.clone(), rows.to_string()]);
    }
    table.to_string()
}

/// Each member of an answer: its rows as a table, or its value.
pub(crate) fn sections(answer: &Value) -> String {
    let mut text = String::new();
    let mut members: Vec<_> = answer.as_object().into_iter().flatten().collect();
    // What is one line comes before what is a table.
    members.sort_by_key(|(_, value)| value.as_array().map_or(0, |rows| rows.len().min(1) + 1));
    for (name, value) in members {
        text += &match value {
            Value::Array(rows) if rows.is_empty() => format!("{name}: none\n"),
            Value::Array(rows) => {
                let lines = table::rows(rows).lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect::<String>();
                format!("\n{name}:\n{lines}")
            }
            value => format!("{name}: {}\n", cell(name, value)),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_shown_section_by_section() {
        let answer = json!({
            "playerId": "alice", "inbox": 3, "tickets": [],
            "seats": [{"lane": "main", "kind": "match", "holds": "K7QX2M"}, {"lane": "party", "kind": "ticket"}],
        });
        let text = sections(&answer);
        assert!(text.starts_with("inbox: 3\nplayerId: alice\ntickets: none\n"), "{text}");
        assert!(text.contains("\nseats:\n  holds   kind    lane\n  K7QX2M  match   main\n          ticket  party\n"), "{text}");
    }

    #[test]
    fn what_was_erased_is_counted_by_table() {
        assert_eq!(counts(&json!({"messages": 12, "players": 2})), "table     rows deleted\nmessages  12\nplayers   2\n");
    }
}
