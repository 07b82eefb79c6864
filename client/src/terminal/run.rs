//! The player's loop: commands in, events out.

use std::{
    future::pending,
    io::{self, BufRead},
    pin::Pin,
    process::ExitCode,
    time::Duration,
};

use futures_util::FutureExt;
use muster_client::{
    Client, Event, Events, Options, Token,
    protocol::{
        PlacementPush, Seat, SeatKind, SessionPush,
        routes::{Resume, SessionPlacementRequest},
    },
};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Arguments,
    command::{Command, HELP},
    issuer,
    screen::Screen,
    words,
};

/// How many lines are read ahead of the commands that run.
const LINES_AHEAD: usize = 64;

/// How long, at the end of the input, the inbox and the answers to raw frames are waited for. Those may have none.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running command. It ends with what to print, as an error if it failed.
type Running = Pin<Box<dyn Future<Output = Result<Done, String>>>>;

/// What became of a command.
struct Done {
    line: String,
    /// The placement that was asked for.
    placement: Option<String>,
}

impl From<String> for Done {
    fn from(line: String) -> Self {
        Self { line, placement: None }
    }
}

/// Connects and plays until told to leave.
pub async fn run(arguments: Arguments) -> ExitCode {
    let token = match &arguments.token {
        Some(token) => Token::fixed(token.as_str()),
        None => match arguments.token_endpoint() {
            Ok(endpoint) => issuer::tokens(endpoint, arguments.player.clone().unwrap_or_default()),
            Err(problem) => {
                eprintln!("{problem}");
                return ExitCode::from(2);
            }
        },
    };
    let (client, events) = match Client::connect(Options::new(&arguments.url, token)).await {
        Ok(connected) => connected,
        Err(error) => {
            eprintln!("{}", words::connect_error(&error));
            return ExitCode::FAILURE;
        }
    };
    let mut player = Player {
        client,
        events,
        lines: read_lines(),
        screen: Screen::new(),
        running: None,
        unanswered: 0,
        catching_up: true,
        was_away: false,
        placement: None,
        failed: false,
        exit_at_eof: arguments.exit_at_eof,
    };
    let name = arguments.player.as_deref().unwrap_or("the player of this token");
    let greeting = format!("Muster: connected to {} as {}.\n{HELP}", words::visible(&arguments.url), words::visible(name));
    // The client's task asks for the inbox now, so that nothing sent in answer to the greeting can pass for missed.
    tokio::task::yield_now().await;
    let played = player.play(&greeting).await;
    player.client.close().await;
    match played {
        Ok(code) => code,
        // Whoever read the output has left, and so does the player.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot print: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads standard input on a thread of its own, which ends with the process: reading a terminal cannot be cancelled.
fn read_lines() -> mpsc::Receiver<io::Result<String>> {
    let (sender, lines) = mpsc::channel(LINES_AHEAD);
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

struct Player {
    client: Client,
    events: Events,
    lines: mpsc::Receiver<io::Result<String>>,
    screen: Screen,
    /// Commands run one after another, since frames sent side by side may be handled in any order.
    running: Option<Running>,
    /// Raw frames that had no answer yet.
    unanswered: u32,
    /// The inbox is being read for the first time over this connection.
    catching_up: bool,
    /// The connection was lost, and what was missed has not been told yet.
    was_away: bool,
    /// The placement that was asked for last, or that the player waits for as the server said, until it is told what came of it. What else
    /// the player may wait for then, by another client, the server knows.
    placement: Option<String>,
    /// Whether a command failed.
    failed: bool,
    exit_at_eof: bool,
}

impl Player {
    async fn play(&mut self, greeting: &str) -> io::Result<ExitCode> {
        self.screen.say(greeting)?;
        let mut reading = true;
        let mut patience = None;
        loop {
            if !reading && self.exit_at_eof && self.running.is_none() {
                let until = *patience.get_or_insert_with(|| Instant::now() + PATIENCE);
                if (self.unanswered == 0 && !self.catching_up) || Instant::now() >= until {
                    // What has happened by now is told, too.
                    while let Some(Some(event)) = self.events.next().now_or_never() {
                        self.tell(&event)?;
                    }
                    return Ok(if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS });
                }
            }
            tokio::select! {
                event = self.events.next() => match event {
                    Some(event) => self.tell(&event)?,
                    None => return Ok(ExitCode::FAILURE),
                },
                outcome = async { match &mut self.running { Some(running) => running.await, None => pending().await } } => {
                    self.running = None;
                    self.failed |= outcome.is_err();
                    let Done { line, placement } = outcome.unwrap_or_else(Done::from);
                    self.placement = placement.or(self.placement.take());
                    if line.is_empty() { self.screen.ask()? } else { self.screen.say(&line)? }
                }
                line = self.lines.recv(), if reading && self.running.is_none() => match line {
                    Some(line) => {
                        if let Some(code) = self.obey(&line?)? {
                            return Ok(code);
                        }
                    }
                    None => reading = false,
                },
                () = async { match patience { Some(until) => tokio::time::sleep_until(until).await, None => pending().await } } => {}
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted?;
                    self.screen.leave()?;
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
    }

    /// Prints an event.
    fn tell(&mut self, event: &Event) -> io::Result<()> {
        if self.unanswered > 0 && matches!(event, Event::Answer(_) | Event::Gateway(_)) {
            self.unanswered -= 1;
            self.failed |= !matches!(event, Event::Answer(answer) if answer.result.is_ok());
        }
        match event {
            Event::Disconnected { .. } => (self.was_away, self.catching_up) = (true, true),
            Event::ResumeFailed { .. } => self.catching_up = false,
            Event::Resumed { missed, complete, seat, .. } => {
                self.catching_up = false;
                let was_away = std::mem::take(&mut self.was_away);
                // Where nobody was away, there is nothing to tell a person.
                if was_away || *missed > 0 || !complete {
                    self.screen.say(&words::event(event))?;
                }
                return self.tell_seat(seat.as_ref(), was_away);
            }
            Event::Session(SessionPush { placement_id, .. }) | Event::Placement(PlacementPush { placement_id, .. }) => {
                self.placement.take_if(|placement| placement == placement_id);
            }
            // Nothing has changed for a person.
            Event::RolledOver => return Ok(()),
            _ => {}
        }
        self.screen.say(&words::event(event))
    }

    /// Prints what the player waits for, if it may not know. The client that asked for it may have been another one.
    fn tell_seat(&mut self, seat: Option<&Seat>, was_away: bool) -> io::Result<()> {
        let Some(seat) = seat else { return Ok(()) };
        let is_new = self.placement.as_ref() != Some(&seat.id);
        if seat.kind == SeatKind::Placement {
            self.placement = Some(seat.id.clone());
        }
        if was_away || is_new { self.screen.say(&words::waiting(seat)) } else { Ok(()) }
    }

    /// Starts what a line asks for; leaves with a code if it says so.
    fn obey(&mut self, line: &str) -> io::Result<Option<ExitCode>> {
        let client = self.client.clone();
        match Command::parse(line) {
            Ok(None) => self.screen.ask()?,
            Ok(Some(Command::Help)) => self.screen.say(HELP)?,
            Ok(Some(Command::Quit)) => {
                self.screen.leave()?;
                return Ok(Some(ExitCode::SUCCESS));
            }
            Ok(Some(Command::To { players, message })) => {
                self.running = Some(Box::pin(async move {
                    let sent = client.send_message(&players, &message).await.map_err(|error| words::request_error(&error))?;
                    if sent.unsent.is_empty() { Ok(words::sent(&sent).into()) } else { Err(words::sent(&sent)) }
                }));
            }
            Ok(Some(Command::Place { mode })) => {
                self.running = Some(Box::pin(async move {
                    let request = SessionPlacementRequest { mode, ..SessionPlacementRequest::default() };
                    let requested = client.request_placement(&request).await.map_err(|error| words::request_error(&error))?;
                    Ok(Done { line: words::requested(&requested), placement: Some(requested.placement_id) })
                }));
            }
            Ok(Some(Command::Cancel)) => {
                let known = self.placement.clone();
                self.running = Some(Box::pin(async move {
                    let placement = match known {
                        Some(placement) => placement,
                        None => waited_for(&client).await?,
                    };
                    let cancelled = client.cancel_placement(&placement).await.map_err(|error| words::request_error(&error))?;
                    Ok(words::cancelled(&cancelled).into())
                }));
            }
            Ok(Some(Command::Ping)) => {
                self.running = Some(Box::pin(async move {
                    client.ping().await.map(|pong| words::pong(pong).into()).map_err(|error| words::request_error(&error))
                }));
            }
            Ok(Some(Command::Raw(text))) => {
                self.unanswered += 1;
                self.running = Some(Box::pin(async move {
                    client.send_raw(text).await.map(|()| String::new().into()).map_err(|error| words::request_error(&error))
                }));
            }
            Err(problem) => {
                self.failed = true;
                self.screen.say(&problem)?;
            }
        }
        Ok(None)
    }
}

/// The placement that the server says the player waits for: the inbox may not have been read yet, or another client have asked for it.
async fn waited_for(client: &Client) -> Result<String, String> {
    let page = client.call(&Resume { limit: Some(1), ..Resume::default() }).await.map_err(|error| words::request_error(&error))?;
    let seat = page.state.and_then(|state| state.seat).filter(|seat| seat.kind == SeatKind::Placement);
    seat.map(|seat| seat.id).ok_or_else(|| "there is nothing to cancel: place asks for a place on a game server".to_owned())
}
