//! A small game server: it lets in the players who were placed on it, passes on what they say, and tells Muster when the game is over.
//!
//! `session` says who may enter, `room` who is in. `serve`, `game` and `connection` are its sockets, `events` and `announce` what Muster
//! hears. How to make a server of one's own of it is in `docs/game-servers.md`.

mod announce;
mod arguments;
mod connection;
mod events;
mod game;
mod log;
mod room;
mod serve;
mod session;

use std::{
    io,
    process::ExitCode,
    time::{Duration, Instant},
};

use announce::Announcer;
use arguments::{Setup, Stop};
use chrono::Utc;
use log::log;
use serve::Patience;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let setup = match arguments::read(std::env::args_os()) {
        Ok(setup) => setup,
        Err(Stop::Help(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(Stop::Wrong(problem)) => {
            eprintln!("muster-game-server: {problem} (--help lists the options)");
            return ExitCode::from(2);
        }
    };
    match run(setup).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("muster-game-server: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// One game session, from the first socket to the event that ends it.
async fn run(setup: Setup) -> Result<(), String> {
    let (started, began) = (Utc::now(), Instant::now());
    let Setup { session, own_fleet, topic, endpoint, .. } = &setup;
    // Before anything is announced: whoever stops this process from now on still gets its end announced.
    let told_to_stop = told_to_stop().map_err(|error| format!("cannot watch for signals: {error}"))?;
    let listener = TcpListener::bind(setup.listen).await.map_err(|error| format!("cannot listen on {}: {error}", setup.listen))?;
    let address = listener.local_addr().map_err(|error| format!("cannot tell where it listens: {error}"))?;
    // On GameLift, the server SDK's ProcessReady says this, with the port, and ActivateGameSession once the game can be entered.
    log(&format!("listening on {address}"));
    log(&format!("game session {} of {}", session.placement_id(), session.players().collect::<Vec<_>>().join(", ")));
    if !session.data.is_empty() {
        // A game would read here which mode it is.
        log(&format!("its data: {}", session.data));
    }

    let announcer = Announcer::new(topic, endpoint.as_deref()).await;
    if let Some(place) = own_fleet {
        let event = events::placement_fulfilled(session, topic, place, address.port(), (started, Utc::now()));
        announcer.publish(&event).await?;
    }
    let patience = Patience { first: Duration::from_secs(setup.patience_seconds), grace: Duration::from_secs(setup.grace_seconds) };
    let joined = serve::serve(listener, session, patience, told_to_stop).await;
    // On GameLift, the server SDK's ProcessEnding comes after this.
    announcer.publish(&events::session_ended(session, began.elapsed(), joined, Utc::now())).await
}

/// Ends when the process is asked to end: by a fleet that shrinks, or by Ctrl-C.
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
