//! What a player may type.

use serde_json::Value;

/// The text behind `help`.
pub(super) const HELP: &str = "  to bob hello there      a message to bob; also: to bob,carol hi
  place                   a place on a game server; also: place duel
  cancel                  no place on a game server after all
  match                   somebody to play with; also: match rps
  new                     a match for those you know, who join it by its code; also: new tic-tac-toe bots=1, new rps {\"wins\":1}
  join K7QX2M             into the match with this code, or back to it
  start                   begins a match that you have opened, without waiting for more players
  rock                    in a match, one of the actions that it offers: the word, or the number
  play {\"cell\":4}         an action as JSON
  next                    once more, with whoever was in the match that is over
  leave                   out of the pool, or out of the match, which the others then win
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
    /// A match of this mode or the default one, with these options, and so many seats for the computer.
    New { mode: Option<String>, options: Option<Value>, bots: usize },
    /// Into the match with this code.
    Join { code: String },
    /// The match begins.
    Start,
    /// The next match after the last one.
    Next,
    /// This action in the match.
    Play(Value),
    /// No command; in a match it may be one of the actions that are offered.
    Offered(String),
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
            "new" => new_match(rest).ok_or("new what? For example: new tic-tac-toe bots=1, or: new rps {\"wins\":1}")?,
            "join" => Self::Join { code: named(rest).ok_or("join what? For example: join K7QX2M")? },
            "start" => Self::Start,
            "next" => Self::Next,
            "play" if rest.is_empty() => return Err("play what? For example: play {\"cell\":4}".to_owned()),
            "play" => serde_json::from_str(rest).map_or_else(|_| Self::Offered(rest.to_owned()), Self::Play),
            "leave" => Self::Leave,
            "ping" => Self::Ping,
            "help" | "?" => Self::Help,
            "quit" | "exit" => Self::Quit,
            _ => Self::Offered(line.to_owned()),
        };
        Ok(Some(command))
    }
}

/// `[mode] [bots=n] [{options}]`.
fn new_match(text: &str) -> Option<Command> {
    let (words, options) = text.split_at(text.find('{').unwrap_or(text.len()));
    let options = if options.is_empty() { None } else { Some(serde_json::from_str(options).ok()?) };
    let (mut mode, mut bots) = (None, 0);
    for word in words.split_whitespace() {
        match word.strip_prefix("bots=") {
            Some(number) => bots = number.parse().ok()?,
            None if mode.is_none() => mode = Some(word.to_owned()),
            None => return None,
        }
    }
    Some(Command::New { mode, options, bots })
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
    use serde_json::json;

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
    fn incomplete_commands_say_what_helps() {
        assert!(Command::parse("to bob").unwrap_err().contains("to bob hello"));
        assert!(Command::parse("to , hi").is_err());
        assert!(Command::parse("raw").is_err());
        assert!(Command::parse("join").unwrap_err().contains("join K7QX2M"));
        assert!(Command::parse("play").unwrap_err().contains("play {"));
        for line in ["new rps {", "new rps bots=many", "new rps now"] {
            assert!(Command::parse(line).unwrap_err().contains("bots=1"), "{line}");
        }
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
        let new = |mode: Option<&str>, options, bots| Ok(Some(Command::New { mode: mode.map(str::to_owned), options, bots }));
        assert_eq!(Command::parse("new"), new(None, None, 0));
        assert_eq!(Command::parse("new  rps "), new(Some("rps"), None, 0));
        assert_eq!(Command::parse("new rps bots=1 {\"wins\": 1}"), new(Some("rps"), Some(json!({"wins": 1})), 1));
        assert_eq!(Command::parse("new bots=2"), new(None, None, 2));
        assert_eq!(Command::parse("join k7qx2m"), Ok(Some(Command::Join { code: "k7qx2m".into() })));
        assert_eq!(Command::parse("play {\"cell\": 4}"), Ok(Some(Command::Play(json!({"cell": 4})))));
        for line in ["paper", "play paper"] {
            assert_eq!(Command::parse(line), Ok(Some(Command::Offered("paper".into()))));
        }
        assert_eq!(Command::parse("7"), Ok(Some(Command::Offered("7".into()))));
        let bare = ["start", "next", "leave"].map(|line| Command::parse(line).unwrap().unwrap());
        assert_eq!(bare, [Command::Start, Command::Next, Command::Leave]);
    }

    #[test]
    fn a_raw_frame_is_taken_as_it_is() {
        assert_eq!(Command::parse("raw {\"route\": \"ping\"}"), Ok(Some(Command::Raw("{\"route\": \"ping\"}".into()))));
    }
}
