//! `maintenance`: whether new matches, pools and placements are refused.

use clap::ValueEnum;
use muster_protocol::operators::Ask;
use serde_json::Value;

use crate::{
    Result,
    access::{Access, Task},
    confirm::confirm,
    output::Output,
    table::cell,
};

/// What it shall be.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "While it is on, what goes on is played to its end, and players are refused what is new. Everybody who is connected is \
                        told when it begins and when it ends."
)]
pub struct Args {
    /// What it shall be; without, it is told how it is
    #[arg(value_name = "on|off", hide_possible_values = true)]
    switch: Option<Switch>,

    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    /// It begins
    On,
    /// It ends
    Off,
}

/// Changes it, if it shall be changed, and prints how it is.
pub(crate) async fn run(args: &Args, access: &Access, output: &mut Output<'_>) -> Result<()> {
    let on = args.switch.map(|switch| switch == Switch::On);
    let question = format!("Have {}-{} refuse new matches, pools and placements?", access.game, access.stage);
    if on == Some(true) && !confirm(&question, args.yes)? {
        return Err("nothing was done".into());
    }
    let who = if on.is_some() { access.who().await? } else { String::new() };
    let (mut next, mut told) = (None, 0);
    let answer = loop {
        let ask = Ask::Maintenance { on, who: who.clone(), next: next.take() };
        let mut answer: Value = access.ask(Task::Operate, &ask).await?;
        told += answer["told"].as_u64().unwrap_or_default();
        next = answer.get_mut("next").map(Value::take).filter(|next| !next.is_null());
        if next.is_none() {
            break answer;
        }
        output.progress(&format!("{told} players were told …"))?;
    };
    let mut answer = answer;
    if let (Some(_), Some(members)) = (on, answer.as_object_mut()) {
        members.insert("told".to_owned(), told.into());
    }
    output.document(&answer)?;
    output.say(text(&answer))
}

fn text(answer: &Value) -> String {
    let told = answer["told"].as_u64().map(|told| format!("; {told} players were told")).unwrap_or_default();
    // Until the first change there is neither a time nor a name.
    let part = |name: &str, word: &str| {
        let text = answer.get(name).map(|value| cell("sinceAt", value)).filter(|text| !matches!(text.as_str(), "" | "0"));
        text.map(|text| format!(" {word} {text}"))
    };
    let since = [part("since", "since"), part("who", "by")].into_iter().flatten().collect::<String>();
    format!("maintenance is {}{since}{told}", if answer["on"] == true { "on" } else { "off" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_says_since_when_and_by_whom() {
        assert_eq!(text(&json!({"on": false, "since": 0, "who": ""})), "maintenance is off");
        let on = json!({"on": true, "since": 1_795_259_005_007_u64, "who": "arn:aws:iam::1:user/kim", "told": 4});
        assert_eq!(text(&on), "maintenance is on since 2026-11-21 11:03:25.007 by arn:aws:iam::1:user/kim; 4 players were told");
    }
}
