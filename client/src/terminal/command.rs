//! What a player may type.

use super::words;

/// The text behind `help`.
pub(super) const HELP: &str = "\
  to bob hello there      a message to bob; also: to bob,carol hi
  place                   a place on a game server; also: place duel
  cancel                  no place on a game server after all
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
            "place" => Self::Place { mode: (!rest.is_empty()).then(|| rest.to_owned()) },
            "cancel" => Self::Cancel,
            "ping" => Self::Ping,
            "help" | "?" => Self::Help,
            "quit" | "exit" => Self::Quit,
            other => return Err(format!("no such command: {} (help lists them)", words::visible(other))),
        };
        Ok(Some(command))
    }
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
    fn a_raw_frame_is_taken_as_it_is() {
        assert_eq!(Command::parse("raw {\"route\": \"ping\"}"), Ok(Some(Command::Raw("{\"route\": \"ping\"}".into()))));
    }
}
