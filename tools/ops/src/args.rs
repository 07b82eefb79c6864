//! The command line.

use clap::{Parser, Subcommand};

use crate::{console, letters, load, look_again, maintenance, matches, player, trace};

/// Operates a stack of Muster: on AWS with the credentials of the AWS CLI, or the local one with --local.
#[derive(Debug, Parser)]
#[command(name = "muster-ops", subcommand_required = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 if all is done, 1 if dead letters remain that were to be replayed or purged, 2 if it could not be done."
)]
pub struct Args {
    /// Which stack, and how answers are printed.
    #[command(flatten)]
    pub options: Options,
    /// What is to be done.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Which stack, and how answers are printed.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Which stack, and how")]
pub struct Options {
    /// The game, with which every name in the account begins
    #[arg(long, global = true, default_value = "muster")]
    pub game: String,

    /// The stage, which follows it
    #[arg(long, global = true, default_value = "dev")]
    pub stage: String,

    /// The local stack at http://127.0.0.1:6878, with the rights of the template's OperatorPolicy and no others
    #[arg(long, global = true)]
    pub local: bool,

    /// Where AWS is reached instead. What begins with http:// is a local stack on another port
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Dead letters: what functions could not deal with, and why; to be replayed, parked or purged
    #[command(subcommand)]
    Letters(letters::Verb),
    /// Everything that led to or came of a request, match, placement, ticket or player, by the log
    Trace(trace::Args),
    /// What there is of a player: connections, seats, matches, tickets, placements, sessions. Or kick, free-seat, export, erase
    Player(player::Args),
    /// A match as it is, and as each seat is shown it
    Match(matches::Args),
    /// A placement or a match that nobody looks after: its timer, set to fire at once
    LookAgain(look_again::Args),
    /// Whether new matches, pools and placements are refused; or have that begin or end
    Maintenance(maintenance::Args),
    /// The console, in a browser on this machine
    Console(console::Args),
    /// Load: players who connect, play, write to each other and ask for places on game servers
    Load(load::Args),
}
