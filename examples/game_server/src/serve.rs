//! The game's loop. One task owns the room; every connection is a task of its own, and they exchange lines, so that nothing is locked.

use std::{io, pin::pin, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};

use crate::{
    connection::converse,
    game::{Game, LINES_WAITING},
    log::log,
    session::Session,
};

/// How long, at the end, clients may take to read the last line.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long the server waits for players.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the first one.
    pub(crate) first: Duration,
    /// For one to come back, once all have left.
    pub(crate) grace: Duration,
}

/// Plays until all have left, nobody came, or the server is told to stop. Returns who was in.
pub(crate) async fn serve(
    listener: TcpListener,
    session: &Session,
    patience: Patience,
    told_to_stop: impl Future<Output = ()>,
) -> Vec<String> {
    let (inputs, mut received) = mpsc::channel(LINES_WAITING);
    let mut connections = JoinSet::new();
    let mut game = Game::new(session);
    let mut told_to_stop = pin!(told_to_stop);
    let mut accepted = 0;
    let why = loop {
        let (deadline, quiet) = game.deadline(patience);
        tokio::select! {
            stream = accept(&listener) => {
                accepted += 1;
                if let Some(outbox) = game.connect(accepted) {
                    connections.spawn(converse(stream, accepted, outbox, inputs.clone()));
                }
            }
            Some((connection, input)) = received.recv() => game.take(connection, input),
            // Only so that finished connections are forgotten.
            Some(_) = connections.join_next() => {}
            () = sleep_until(deadline), if game.room.is_empty() => break quiet,
            () = &mut told_to_stop => break "the server was told to stop",
        }
    };
    log(&format!("the game is over: {why}"));
    drop((listener, received));
    for outbox in game.outboxes.into_values() {
        // One whose outbox is full does not read anyway.
        outbox.try_send(format!("over: {why}")).ok();
    }
    timeout(FAREWELL, async { while connections.join_next().await.is_some() {} }).await.ok();
    game.room.joined().to_vec()
}

/// The next client. An error is of one connection or of a shortage that passes, so the server waits a little and goes on.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        let error: io::Error = match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => error,
        };
        log(&format!("a client could not connect: {error}"));
        sleep(Duration::from_millis(100)).await;
    }
}
