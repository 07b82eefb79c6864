//! The command line and the environment, understood before anything is opened.

use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
};

use clap::{Parser, error::ErrorKind};

use crate::{announce::Topic, events::Place, session::Session};

/// Plays one game session and tells Muster when it is over.
///
/// Leaves with 0 when the game is over, 1 when Muster could not be told, 2 when the command line is wrong. Region, credentials and
/// endpoint come from the environment, as in any program for AWS.
#[derive(Debug, Parser)]
#[command(name = "muster-game-server")]
struct Arguments {
    /// The game session to play, as the fleet gives it: JSON.
    #[arg(long, env = "MUSTER_GAME_SESSION", hide_env_values = true, value_name = "JSON")]
    game_session: Option<String>,

    /// Instead of that, the players to play with: alice,bob. The server then places them on itself.
    #[arg(long, value_delimiter = ',', value_name = "PLAYERS", conflicts_with = "game_session")]
    players: Vec<String>,

    /// The topic on which Muster hears of game sessions: the stack's output PlacementEventsTopicArn.
    #[arg(long, env = "MUSTER_TOPIC_ARN", value_name = "ARN")]
    topic_arn: Option<String>,

    /// Where AWS is, if not where the environment says: http://127.0.0.1:6878 for a local stack.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// Where a server of one's own fleet runs; by default where the topic is.
    #[arg(long, env = "AWS_REGION")]
    region: Option<String>,

    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,

    /// The port to listen on; 0 for any.
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address that players of one's own fleet are told, if not the one to listen on.
    #[arg(long, value_name = "ADDRESS")]
    public_address: Option<IpAddr>,

    /// The name that they are told; by default the address.
    #[arg(long, value_name = "NAME")]
    dns_name: Option<String>,

    /// How long those who have all left may take to come back.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    grace_seconds: u64,

    /// How long the first player may take to come.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    patience_seconds: u64,
}

/// What the server is to do.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) session: Session,
    /// Where players find a server that placed them itself. `None` if GameLift did, which tells them.
    pub(crate) own_fleet: Option<Place>,
    pub(crate) topic: Topic,
    pub(crate) endpoint: Option<String>,
    pub(crate) listen: SocketAddr,
    pub(crate) grace_seconds: u64,
    pub(crate) patience_seconds: u64,
}

/// Why there is nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Help was asked for.
    Help(String),
    /// The invocation is wrong. The text has one line.
    Wrong(String),
}

/// Reads the command line.
pub(crate) fn read(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Setup, Stop> {
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp => Stop::Help(error.to_string().trim_end().to_owned()),
        // Clap's first line says what is wrong, and those below it repeat the usage.
        _ => Stop::Wrong(error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()),
    })?;
    arguments.check().map_err(Stop::Wrong)
}

impl Arguments {
    fn check(self) -> Result<Setup, String> {
        let topic = self.topic_arn.ok_or("which topic? Give --topic-arn or MUSTER_TOPIC_ARN")?;
        let topic = Topic::parse(&topic)?;
        let (session, own_fleet) = match self.game_session {
            Some(json) => (Session::parse(&json)?, None),
            None if self.players.is_empty() => return Err("which game session? Give MUSTER_GAME_SESSION or --players".to_owned()),
            None => {
                let region = self.region.unwrap_or_else(|| topic.region.clone());
                let address = self.public_address.unwrap_or(self.address);
                if address.is_unspecified() {
                    return Err(format!("players cannot connect to {address}: give --public-address"));
                }
                let dns_name = self.dns_name.unwrap_or_else(|| address.to_string());
                (Session::of_own_fleet(&self.players, &region)?, Some(Place { address, dns_name, region }))
            }
        };
        Ok(Setup {
            session,
            own_fleet,
            topic,
            endpoint: self.endpoint,
            listen: SocketAddr::new(self.address, self.port),
            grace_seconds: self.grace_seconds,
            patience_seconds: self.patience_seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:muster-dev-placement-events";

    fn wrong(arguments: &[&str]) -> String {
        match read([&["muster-game-server"], arguments].concat()) {
            Err(Stop::Wrong(problem)) => problem,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_of_ones_own_fleet_says_where_it_is() {
        let arguments = ["s", "--players", "alice,bob", "--topic-arn", TOPIC, "--region", "eu-west-1"];
        let place = read(arguments).unwrap().own_fleet.unwrap();
        assert_eq!((place.address.to_string(), place.dns_name, place.region), ("127.0.0.1".into(), "127.0.0.1".into(), "eu-west-1".into()));

        let public = ["--address", "0.0.0.0", "--public-address", "192.0.2.1", "--dns-name", "s1.example"];
        let place = read([&arguments[..], &public].concat()).unwrap().own_fleet.unwrap();
        assert_eq!((place.address.to_string(), place.dns_name), ("192.0.2.1".into(), "s1.example".into()));
    }

    #[test]
    fn a_wrong_invocation_is_told_in_one_line() {
        assert!(wrong(&[]).contains("--topic-arn"));
        assert!(wrong(&["--topic-arn", TOPIC]).contains("--players"));
        assert!(wrong(&["--topic-arn", "events", "--players", "alice"]).contains("\"events\""));
        assert!(wrong(&["--topic-arn", TOPIC, "--players", "alice,,bob"]).contains("no name"));
        assert!(wrong(&["--topic-arn", TOPIC, "--players", "alice", "--address", "::"]).contains("--public-address"));
        assert!(wrong(&["--topic-arn", TOPIC, "--game-session", "{"]).contains("MUSTER_GAME_SESSION"));
        for arguments in [&["--dance"][..], &["--port", "x"], &["--players", "a", "--game-session", "{}"], &["--port"]] {
            let problem = wrong(arguments);
            assert!(problem.contains("--") && !problem.contains('\n') && !problem.starts_with("error"), "{problem}");
        }
    }

    #[test]
    fn help_is_no_error() {
        assert!(matches!(read(["s", "--help"]), Err(Stop::Help(text)) if text.contains("--patience-seconds")));
    }
}
