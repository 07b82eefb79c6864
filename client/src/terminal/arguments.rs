//! The command line.

use clap::Parser;
use url::Url;

/// Plays Muster from a terminal: messages to other players, and what they send.
///
/// Leaves with 0 when told to, 1 when there is no connection (or, with --exit-at-eof, when a command failed), 2 when the command line
/// is wrong.
#[derive(Clone, Debug, Parser)]
#[command(name = "muster-client")]
pub struct Arguments {
    /// The player's name, for which the local stack's issuer gives a token. Any name will do.
    #[arg(required_unless_present = "token")]
    pub player: Option<String>,

    /// The stage to connect to.
    #[arg(long, default_value = "ws://127.0.0.1:6878/dev")]
    pub url: String,

    /// A token of the issuer that the stage trusts, instead of one from the local stack.
    #[arg(long)]
    pub token: Option<String>,

    /// The token endpoint of a local stack; by default /issuer/token on the host of the stage.
    #[arg(long, value_name = "URL", conflicts_with = "token")]
    pub issuer: Option<String>,

    /// Leave at the end of the input, once everything asked for is answered. Otherwise stay and print what arrives.
    #[arg(long)]
    pub exit_at_eof: bool,
}

impl Arguments {
    /// The token endpoint to ask.
    ///
    /// # Errors
    /// What to do instead, if none can be derived from the stage's URL: only local stacks have one.
    pub fn token_endpoint(&self) -> Result<String, String> {
        if let Some(issuer) = &self.issuer {
            return Ok(issuer.clone());
        }
        let url = Url::parse(&self.url).map_err(|error| format!("--url {:?} is not a URL: {error}", self.url))?;
        match (url.scheme(), url.host_str(), url.port_or_known_default()) {
            ("ws", Some(host), Some(port)) => Ok(format!("http://{host}:{port}/issuer/token")),
            ("wss", ..) => Err("a deployed stage has no issuer of its own: give --token".to_owned()),
            _ => Err(format!("--url {:?} does not begin with ws:// or wss://", self.url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(arguments: &[&str]) -> Result<String, String> {
        Arguments::try_parse_from([&["muster-client"], arguments].concat()).unwrap().token_endpoint()
    }

    #[test]
    fn the_token_comes_from_the_stack_that_is_connected_to() {
        assert_eq!(endpoint(&["alice"]).unwrap(), "http://127.0.0.1:6878/issuer/token");
        assert_eq!(endpoint(&["alice", "--url", "ws://[::1]:7000/dev"]).unwrap(), "http://[::1]:7000/issuer/token");
        assert_eq!(endpoint(&["alice", "--issuer", "http://x/t"]).unwrap(), "http://x/t");
        assert!(endpoint(&["alice", "--url", "wss://a.example/dev"]).unwrap_err().contains("--token"));
        assert!(endpoint(&["alice", "--url", "http://a.example/dev"]).unwrap_err().contains("ws://"));
    }

    #[test]
    fn a_player_or_a_token_is_needed() {
        assert!(Arguments::try_parse_from(["muster-client"]).is_err());
        assert!(Arguments::try_parse_from(["muster-client", "--token", "t"]).is_ok());
    }
}
