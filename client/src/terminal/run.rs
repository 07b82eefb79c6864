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
    protocol::{PlacementPush, Seat, SeatKind, SessionPush},
};
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use super::{
    Arguments,
    command::{Command, HELP},
    game::Game,
    issuer, offers,
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
        playing: None,
        deferred: None,
        unanswered: 0,
        catching_up: true,
        was_away: false,
        placement: None,
        game: Game::default(),
        failed: false,
        exit_at_eof: arguments.exit_at_eof,
    };
    let name = arguments.player.as_deref().unwrap_or("the player of this token");
    let greeting = format!("Muster: connected to {} as {}.\n{HELP}", words::visible(&arguments.url), words::visible(name));
    // The client's task asks for the inbox now, so that nothing sent in answer to the greeting can pass for missed.
    tokio::task::yield_now().await;
    let played = player.run(&greeting).await;
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
    /// An action that is not acknowledged yet. One in secret may take until the end of its round, so that commands do not wait for it.
    playing: Option<Running>,
    /// A line that is to be obeyed once it is known whether the player is in a match.
    deferred: Option<String>,
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
    /// Whether a command failed.
    failed: bool,
    exit_at_eof: bool,
}

impl Player {
    async fn run(&mut self, greeting: &str) -> io::Result<ExitCode> {
        self.screen.say(greeting)?;
        let mut reading = true;
        let mut patience = None;
        loop {
            if !self.catching_up
                && let Some(line) = self.deferred.take()
            {
                self.obey(&line)?;
            }
            if !reading && self.exit_at_eof && self.running.is_none() && self.playing.is_none() {
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
                outcome = outcome_of(&mut self.running) => {
                    self.running = None;
                    self.finish(outcome)?;
                }
                outcome = outcome_of(&mut self.playing) => {
                    self.playing = None;
                    self.finish(outcome)?;
                }
                line = self.lines.recv(), if reading && self.running.is_none() && self.deferred.is_none() => match line {
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
    fn finish(&mut self, outcome: requests::Outcome) -> io::Result<()> {
        self.failed |= outcome.is_err();
        let line = match outcome.unwrap_or_else(Done::Said) {
            Done::Said(line) => line,
            Done::Told => return self.screen.ask(),
            Done::Placement { line, id } => {
                self.placement = Some(id);
                line
            }
            Done::Pool(line) => {
                self.game.joined_pool();
                line
            }
        };
        self.screen.say(&line)
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
            Event::Resumed { missed, complete, seats, .. } => {
                self.catching_up = false;
                let was_away = std::mem::take(&mut self.was_away);
                // Where nobody was away, there is nothing to tell a person.
                if was_away || *missed > 0 || !complete {
                    self.screen.say(&words::event(event))?;
                }
                return self.tell_seats(seats, was_away);
            }
            Event::Session(SessionPush { placement_id, .. }) | Event::Placement(PlacementPush { placement_id, .. }) => {
                self.placement.take_if(|placement| placement == placement_id);
                self.game.out_of_pool();
            }
            Event::Match(view) => {
                let line = words::view(view, self.game.see(view).as_ref());
                return if line.is_empty() { Ok(()) } else { self.screen.say(&line) };
            }
            Event::Pool(_) => self.game.out_of_pool(),
            // Nothing has changed for a person.
            Event::RolledOver => return Ok(()),
            _ => {}
        }
        self.screen.say(&words::event(event))
    }

    /// Prints what the player is in or waits for, if it may not know. The client that asked for it may have been another one.
    fn tell_seats(&mut self, seats: &[Seat], was_away: bool) -> io::Result<()> {
        for seat in seats {
            if was_away || self.placement.as_ref() != Some(&seat.id) && !self.game.knows(seat) {
                self.screen.say(&words::seat(seat))?;
            }
        }
        self.game.resumed(seats, was_away);
        if let Some(seat) = seats.iter().find(|seat| seat.kind == SeatKind::Placement) {
            self.placement = Some(seat.id.clone());
        }
        Ok(())
    }

    /// Plays this action in the match that the player is in.
    fn play(&mut self, action: Value) -> io::Result<()> {
        let Some(view) = self.game.current() else { return self.complain(requests::IN_NO_MATCH) };
        if self.playing.is_some() {
            return self.complain("your action before this one is not acknowledged yet");
        }
        self.playing = Some(Box::pin(requests::play(self.client.clone(), view.match_id.clone(), action.clone())));
        self.screen.say(&format!("you play {}", words::visible(&offers::name(&action))))
    }

    fn complain(&mut self, problem: &str) -> io::Result<()> {
        self.failed = true;
        self.screen.say(problem)
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
            Ok(Some(Command::New { mode, options, bots })) => {
                self.running = Some(Box::pin(requests::new_match(client, mode, options, bots)));
            }
            Ok(Some(Command::Join { code })) => self.running = Some(Box::pin(requests::join_match(client, code))),
            Ok(Some(Command::Start)) => {
                let match_id = self.game.current().map(|view| view.match_id.clone());
                self.running = Some(Box::pin(requests::start_match(client, match_id)));
            }
            Ok(Some(Command::Next)) => {
                let after = self.game.last().map(|view| view.match_id.clone());
                self.running = Some(Box::pin(requests::next_match(client, after)));
            }
            Ok(Some(Command::Play(_) | Command::Offered(_))) if self.catching_up && self.game.current().is_none() => {
                self.deferred = Some(line.to_owned());
            }
            Ok(Some(Command::Play(action))) => self.play(action)?,
            Ok(Some(Command::Offered(typed))) => match offers::pick(&typed, &self.game.current().map(offers::of).unwrap_or_default()) {
                Some(action) => self.play(action)?,
                None => self.complain(&format!("no such command: {} (help lists them)", words::visible(&typed)))?,
            },
            Ok(Some(Command::Leave)) => self.running = Some(Box::pin(requests::leave(client, self.game.leave()))),
            Ok(Some(Command::Ping)) => self.running = Some(Box::pin(requests::ping(client))),
            Ok(Some(Command::Raw(text))) => {
                self.unanswered += 1;
                self.running = Some(Box::pin(requests::raw(client, text)));
            }
            Err(problem) => self.complain(&problem)?,
        }
        Ok(None)
    }
}

/// How what is under way ends, if something is.
async fn outcome_of(running: &mut Option<Running>) -> requests::Outcome {
    match running {
        Some(running) => running.await,
        None => pending().await,
    }
}
