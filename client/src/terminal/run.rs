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
    protocol::{MatchPush, PlacementPush, Seat, SeatKind, SessionPush},
};
use tokio::{sync::mpsc, time::Instant};

use super::{
    Arguments,
    command::{Command, HELP},
    game::Game,
    issuer,
    requests::{self, Done},
    screen::Screen,
    words,
};

/// How many lines are read ahead of the commands that run.
const LINES_AHEAD: usize = 64;

/// How long, at the end of the input, the inbox and the answers to raw frames are waited for. Those may have none.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running command. It ends with what to print, as an error if it failed.
type Running = Pin<Box<dyn Future<Output = requests::Outcome>>>;

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
        game: Game::default(),
        clock_ahead: 0,
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
    /// The pool or the match.
    game: Game,
    /// How many milliseconds the server's clock is ahead of the one here, as the last ping has shown. Until there is one, both are taken for
    /// the same: that is good enough for seconds, unless this machine's clock is wrong.
    clock_ahead: i64,
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
                    self.finish(outcome.unwrap_or_else(Done::Said))?;
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

    /// Prints what became of a command.
    fn finish(&mut self, done: Done) -> io::Result<()> {
        let line = match done {
            Done::Said(line) => line,
            Done::Placement { line, id } => {
                self.placement = Some(id);
                line
            }
            Done::Pool(line) => {
                self.game.joined_pool();
                line
            }
            Done::Match(view) => self.see(&view).unwrap_or_default(),
            Done::Time(pong) => {
                let half_way = i64::try_from(pong.round_trip.as_millis() / 2).unwrap_or(0);
                self.clock_ahead = i64::try_from(pong.time).unwrap_or(i64::MAX).saturating_add(half_way).saturating_sub(local_time());
                words::pong(pong)
            }
        };
        if line.is_empty() { self.screen.ask() } else { self.screen.say(&line) }
    }

    /// Takes in a view of a match, which a reply may have brought before its push or after it; the words for it, if it is news.
    fn see(&mut self, view: &MatchPush) -> Option<String> {
        let before = self.game.see(view)?;
        let now = u64::try_from(local_time().saturating_add(self.clock_ahead)).unwrap_or(0);
        Some(words::view(view, before.as_ref(), now))
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
                self.game.out_of_pool();
            }
            Event::Match(view) => return self.see(view).map_or(Ok(()), |line| self.screen.say(&line)),
            Event::Pool(_) => self.game.out_of_pool(),
            // Nothing has changed for a person.
            Event::RolledOver => return Ok(()),
            _ => {}
        }
        self.screen.say(&words::event(event))
    }

    /// Prints what the player is in or waits for, if it may not know. The client that asked for it may have been another one.
    fn tell_seat(&mut self, seat: Option<&Seat>, was_away: bool) -> io::Result<()> {
        let is_known = seat.is_some_and(|seat| self.placement.as_ref() == Some(&seat.id) || self.game.knows(seat));
        self.game.resumed(seat, was_away);
        let Some(seat) = seat else { return Ok(()) };
        if seat.kind == SeatKind::Placement {
            self.placement = Some(seat.id.clone());
        }
        if was_away || !is_known { self.screen.say(&words::seat(seat)) } else { Ok(()) }
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
            Ok(Some(Command::To { players, message })) => self.running = Some(Box::pin(requests::send(client, players, message))),
            Ok(Some(Command::Place { mode })) => self.running = Some(Box::pin(requests::place(client, mode))),
            Ok(Some(Command::Cancel)) => self.running = Some(Box::pin(requests::cancel(client, self.placement.clone()))),
            Ok(Some(Command::Match { mode })) => self.running = Some(Box::pin(requests::join_pool(client, mode))),
            Ok(Some(Command::New { mode })) => self.running = Some(Box::pin(requests::new_match(client, mode))),
            Ok(Some(Command::Join { code })) => self.running = Some(Box::pin(requests::join_match(client, code))),
            Ok(Some(Command::Play(play))) => self.running = Some(Box::pin(requests::play(client, self.game.open_round(), play))),
            Ok(Some(Command::Leave)) => self.running = Some(Box::pin(requests::leave(client, self.game.leave()))),
            Ok(Some(Command::Ping)) => self.running = Some(Box::pin(requests::ping(client))),
            Ok(Some(Command::Raw(text))) => {
                self.unanswered += 1;
                self.running = Some(Box::pin(requests::raw(client, text)));
            }
            Err(problem) => {
                self.failed = true;
                self.screen.say(&problem)?;
            }
        }
        Ok(None)
    }
}

/// This machine's time, in epoch milliseconds.
fn local_time() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
