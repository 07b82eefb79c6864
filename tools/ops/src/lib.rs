//! The operators' command: dead letters, players, matches, maintenance, traces, a console in the browser, and load.
//!
//! It holds no rights on tables and queues: it asks the two tasks ([`muster_protocol::operators`]) by Lambda's Invoke, and CloudWatch for
//! log lines. [`access`] is what it reaches; each verb has a module of its own.

pub mod access;
mod args;
mod confirm;
pub mod console;
mod fault;
mod guard;
mod letters;
pub mod load;
mod look_again;
mod maintenance;
mod matches;
mod output;
mod player;
mod table;
mod time;
pub mod trace;

use std::io::Write;

pub use args::{Args, Options, Verb};
pub use fault::{Fault, Result};

use crate::{access::Access, output::Output};

/// How a verb ended that could be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All that was asked for is done.
    Done,
    /// Letters remain that were meant.
    Remaining,
}

/// Carries out what the command line asks for, and prints to `out`.
///
/// # Errors
/// What could not be done, for people.
pub async fn run(args: Args, out: &mut (dyn Write + Send)) -> Result<Exit> {
    let output = &mut Output::new(out, args.options.json);
    // Load goes to a socket and needs no credentials.
    if let Verb::Load(load) = &args.verb {
        return load::run(load, output).await.map(|()| Exit::Done);
    }
    let access = Access::new(&args.options).await?;
    match &args.verb {
        Verb::Letters(verb) => return letters::run(verb, &access, output).await,
        Verb::Trace(asked) => trace::run(asked, &access, output).await?,
        Verb::Player(asked) => player::run(asked, &access, output).await?,
        Verb::Match(asked) => matches::run(asked, &access, output).await?,
        Verb::LookAgain(asked) => look_again::run(asked, &access, output).await?,
        Verb::Maintenance(asked) => maintenance::run(asked, &access, output).await?,
        Verb::Console(asked) => console::run(asked, access, output).await?,
        Verb::Load(_) => {}
    }
    Ok(Exit::Done)
}
