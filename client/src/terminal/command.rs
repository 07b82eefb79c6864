//! What a player may type.

use super::words;

/// The text behind `help`.
pub(super) const HELP: &str = "  to bob hello there      a message to bob; also: to bob,carol hi
  place                   a place on a game server; also: place duel
  cancel                  no place on a game server after all
  match                   somebody to play with; also: match rps
  new                     a match for somebody you know, who joins it by its code; also: new rps
  join K7QX2M             into the match with this code, or back to it
  rock                    a play in the open round; also: paper, scissors, lizard, spock
  leave                   out of the pool, or out of the match, which the other then wins
  ping                    the server's time and how far away it is
  raw {\"route\":\"ping\"}    a frame as it is
  help                    this
  quit                    leave";

/// One line of input, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// A message to these players.
    To { players: Vec<String>, message: String },
    /// A place on a game server, for this mode or the default one.
    Place { mode: Option<String> },
    /// No place on a game server after all.
    Cancel,
    /// Somebody to play with, in this mode or the default one.
    Match { mode: Option<String> },
    /// A private match, in this mode or the default one.
    New { mode: Option<String> },
    /// Into the match with this code.
    Join { code: String },
    /// A play in the open round.
    Play(String),
    /// Out of the pool or the match.
    Leave,
    /// Asks for the server's time.
    Ping,
    /// A frame as it is.
    Raw(String),
    /// Lists the commands.
    Help,
    /// Leaves.
    Quit,
}

impl Command {
    /// Reads a line; `None` if it is empty.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, String> {
        let line = line.trim();
        let (word, rest) = split_word(line);
        let command = match word {
            "" => return Ok(None),
            "to" => {
                let (players, message) = split_word(rest);
                let players: Vec<String> = players.split(',').filter(|player| !player.is_empty()).map(str::to_owned).collect();
                if players.is_empty() || message.is_empty() {
                    return Err("to whom, and what? For example: to bob hello there".to_owned());
                }
                Self::To { players, message: message.to_owned() }
            }
            "raw" if rest.is_empty() => return Err("raw what? For example: raw {\"route\":\"ping\"}".to_owned()),
            "raw" => Self::Raw(rest.to_owned()),
            "place" => Self::Place { mode: named(rest) },
            "cancel" => Self::Cancel,
            "match" => Self::Match { mode: named(rest) },
            "new" => Self::New { mode: named(rest) },
            "join" => Self::Join { code: named(rest).ok_or("join what? For example: join K7QX2M")? },
            "rock" | "paper" | "scissors" | "lizard" | "spock" => Self::Play(word.to_owned()),
            "leave" => Self::Leave,
            "ping" => Self::Ping,
            "help" | "?" => Self::Help,
            "quit" | "exit" => Self::Quit,
            other => return Err(format!("no such command: {} (help lists them)", words::visible(other))),
        };
        Ok(Some(command))
    }
}

/// What was named, if anything was.
fn named(rest: &str) -> Option<String> {
    (!rest.is_empty()).then(|| rest.to_owned())
}

/// The first word, and what follows the white space after it.
fn split_word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(players: &[&str], message: &str) -> Result<Option<Command>, String> {
        Ok(Some(Command::To { players: players.iter().map(|player| (*player).to_owned()).collect(), message: message.to_owned() }))
    }

    #[test]
    fn a_message_keeps_its_spaces() {
        assert_eq!(Command::parse("to bob hello  there"), to(&["bob"], "hello  there"));
        assert_eq!(Command::parse("  to bob,carol   hi \n"), to(&["bob", "carol"], "hi"));
    }

    #[test]
    fn incomplete_and_unknown_commands_say_what_helps() {
        assert!(Command::parse("to bob").unwrap_err().contains("to bob hello"));
        assert!(Command::parse("to , hi").is_err());
        assert!(Command::parse("raw").is_err());
        assert!(Command::parse("dance").unwrap_err().contains("help"));
        assert_eq!(Command::parse("da\u{1b}[2Jnce").unwrap_err(), r"no such command: da\u{1b}[2Jnce (help lists them)");
        assert_eq!(Command::parse("  \n"), Ok(None));
    }

    #[test]
    fn a_place_is_for_a_mode_or_the_default_one() {
        assert_eq!(Command::parse("place"), Ok(Some(Command::Place { mode: None })));
        assert_eq!(Command::parse("place duel "), Ok(Some(Command::Place { mode: Some("duel".into()) })));
        assert_eq!(Command::parse("cancel"), Ok(Some(Command::Cancel)));
    }

    #[test]
    fn matches_are_found_opened_joined_played_and_left() {
        assert_eq!(Command::parse("match"), Ok(Some(Command::Match { mode: None })));
        assert_eq!(Command::parse("new  rps "), Ok(Some(Command::New { mode: Some("rps".into()) })));
        assert_eq!(Command::parse("join k7qx2m"), Ok(Some(Command::Join { code: "k7qx2m".into() })));
        assert!(Command::parse("join").unwrap_err().contains("join K7QX2M"));
        for play in ["rock", "paper", "scissors", "lizard", "spock"] {
            assert_eq!(Command::parse(play), Ok(Some(Command::Play(play.into()))));
            assert!(HELP.contains(play));
        }
        assert_eq!(Command::parse("leave"), Ok(Some(Command::Leave)));
    }

    #[test]
    fn a_raw_frame_is_taken_as_it_is() {
        assert_eq!(Command::parse("raw {\"route\": \"ping\"}"), Ok(Some(Command::Raw("{\"route\": \"ping\"}".into()))));
    }
}
