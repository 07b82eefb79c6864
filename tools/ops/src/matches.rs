//! `match`: a match as it is, and as each seat is shown it.

use muster_protocol::operators::Ask;
use serde_json::Value;

use crate::{
    Result,
    access::{Access, Task},
    output::Output,
    table::{plain, record},
};

/// Which match.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The match's id; of a private one, its code
    id: String,
}

/// Prints its row, and what each seat is shown.
pub(crate) async fn run(args: &Args, access: &Access, output: &mut Output<'_>) -> Result<()> {
    let answer: Value = access.ask(Task::Operate, &Ask::Match { match_id: args.id.clone() }).await?;
    output.document(&answer)?;
    output.say(text(&answer)?)
}

fn text(answer: &Value) -> Result<String> {
    // Values whole: a match's state is what is looked for here.
    let mut text = record(&answer["row"], plain);
    for seat in answer["seats"].as_array().into_iter().flatten() {
        // A state that its game cannot read is shown to nobody.
        let shown = seat.get("push").or_else(|| seat.get("problem"));
        let shown = serde_json::to_string_pretty(&shown)?;
        text += &format!("\n{} is shown:\n{shown}\n", plain("playerId", &seat["playerId"]));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_match_is_shown_with_each_seats_view() {
        let answer = json!({
            "row": {"matchId": "K7QX2M", "dueAt": 1_795_259_005_007_u64, "state": {"cells": [0, null]}},
            "seats": [{"playerId": "bob", "push": {"seat": 1}}, {"playerId": "cat", "problem": "unreadable"}],
        });
        let text = text(&answer).unwrap();
        for expected in [
            "dueAt    2026-11-21 11:03:25.007\n",
            "state    {\"cells\":[0,null]}\n",
            "\nbob is shown:\n{\n  \"seat\": 1\n}\n",
            "cat is shown:\n\"unreadable\"\n",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
