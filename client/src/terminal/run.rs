//! The player's loop: commands in, events out.

use std::{
    future::pending,
    io::{self, BufRead},
    pin::Pin,
    process::ExitCode,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use muster_client::{
    Client, Event, Events, Options, Token,
    protocol::{MatchPush, MatchState, SeatKind},
};
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use super::{
    Arguments,
    command::{Command, HELP},
    issuer, offers, requests,
    screen::Screen,
    words,
};

/// How many lines are read ahead of the commands that run.
const LINES_AHEAD: usize = 64;

/// What is said to whoever is in none.
const IN_NO_MATCH: &str = "you are in no match: match looks for somebody to play with";

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
        playing: FuturesUnordered::new(),
        deferred: None,
        unanswered: 0,
        catching_up: true,
        was_away: false,
        view: None,
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
    /// Actions that are not acknowledged yet. One in secret may take until the end of its round, so that commands do not wait for it.
    playing: FuturesUnordered<Running>,
    /// A line that is to be obeyed once it is known whether the player is in a match.
    deferred: Option<String>,
    /// Raw frames that had no answer yet.
    unanswered: u32,
    /// The inbox is being read for the first time over this connection.
    catching_up: bool,
    /// The connection was lost, and what was missed has not been told yet.
    was_away: bool,
    /// The match that was told last, unless that is the end of another one than is played.
    view: Option<MatchPush>,
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
            if !reading && self.exit_at_eof && self.running.is_none() && self.playing.is_empty() {
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
                    self.finish(outcome)?;
                }
                Some(outcome) = self.playing.next() => self.finish(outcome)?,
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
        match outcome.unwrap_or_else(Some) {
            Some(line) => self.screen.say(&line),
            None => self.screen.ask(),
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
            Event::Resumed { missed, complete, seats, .. } => {
                let (was_away, was_behind) = (std::mem::take(&mut self.was_away), std::mem::take(&mut self.catching_up));
                // Where nobody was away, there is nothing to tell a person.
                if was_away || *missed > 0 || !complete {
                    self.screen.say(&words::event(event))?;
                }
                // Whoever starts again sees its match, and is told what else it is in or waits for.
                for seat in seats.iter().filter(|seat| was_away || was_behind && seat.kind != SeatKind::Match) {
                    self.screen.say(&words::seat(seat))?;
                }
                if was_away && self.current().is_some_and(|view| seats.iter().all(|seat| seat.id != view.match_id)) {
                    self.view = None;
                }
                return Ok(());
            }
            Event::Match(view) => {
                let before = self.view.take_if(|before| before.match_id == view.match_id);
                let line = words::view(view, before.as_ref());
                if view.state != MatchState::Over || self.current().is_none() {
                    self.view = Some(view.clone());
                }
                return if line.is_empty() { Ok(()) } else { self.screen.say(&line) };
            }
            // Nothing has changed for a person.
            Event::RolledOver => return Ok(()),
            _ => {}
        }
        self.screen.say(&words::event(event))
    }

    /// The match that the player is in, as far as was told.
    fn current(&self) -> Option<&MatchPush> {
        self.view.as_ref().filter(|view| view.state != MatchState::Over)
    }

    /// Plays this action in the match that the player is in.
    fn play(&mut self, action: Value) -> io::Result<()> {
        let Some(match_id) = self.current().map(|view| view.match_id.clone()) else { return self.complain(IN_NO_MATCH) };
        self.screen.say(&format!("you play {}", words::visible(&offers::name(&action))))?;
        let client = self.client.clone();
        let mut playing: Running = Box::pin(requests::in_match(async move { client.play(&match_id, action).await }));
        // It is sent now, before whatever is typed next.
        match playing.as_mut().now_or_never() {
            Some(outcome) => self.finish(outcome),
            None => {
                self.playing.push(playing);
                Ok(())
            }
        }
    }

    fn complain(&mut self, problem: &str) -> io::Result<()> {
        self.failed = true;
        self.screen.say(problem)
    }

    /// Starts what a line asks for; leaves with a code if it says so.
    fn obey(&mut self, line: &str) -> io::Result<Option<ExitCode>> {
        let client = self.client.clone();
        let in_match = self.current().map(|view| view.match_id.clone());
        let command = match Command::parse(line) {
            Ok(Some(command)) => command,
            Ok(None) => return self.screen.ask().map(|()| None),
            Err(problem) => return self.complain(&problem).map(|()| None),
        };
        let running: Running = match command {
            Command::Help => return self.screen.say(HELP).map(|()| None),
            Command::Quit => return self.screen.leave().map(|()| Some(ExitCode::SUCCESS)),
            Command::Play(_) | Command::Offered(_) | Command::Leave if self.catching_up && in_match.is_none() => {
                self.deferred = Some(line.to_owned());
                return Ok(None);
            }
            Command::Play(action) => return self.play(action).map(|()| None),
            Command::Offered(typed) => {
                let picked = self.current().and_then(|view| offers::pick(&typed, &offers::of(view)));
                match picked {
                    Some(action) => self.play(action)?,
                    None => self.complain(&format!("no such command: {} (help lists them)", words::visible(&typed)))?,
                }
                return Ok(None);
            }
            Command::To { players, message } => Box::pin(requests::send(client, players, message)),
            Command::Place { mode } => Box::pin(requests::place(client, mode)),
            Command::Cancel => Box::pin(requests::cancel(client)),
            Command::Match { mode } => Box::pin(requests::join_pool(client, mode)),
            Command::New { mode, options, bots } => Box::pin(requests::in_match(async move {
                let mode = mode.as_deref().unwrap_or(requests::DEFAULT_MODE);
                client.new_match(mode, options.as_ref(), bots).await
            })),
            Command::Join { code } => Box::pin(requests::in_match(async move { client.join_match(&code).await })),
            Command::Start => match in_match {
                Some(waiting) => Box::pin(requests::in_match(async move { client.start_match(&waiting).await })),
                None => return self.complain(IN_NO_MATCH).map(|()| None),
            },
            Command::Next => match self.view.as_ref().filter(|view| view.state == MatchState::Over).map(|view| view.match_id.clone()) {
                Some(over) => Box::pin(requests::in_match(async move { client.next_match(&over).await })),
                None => return self.complain("there is no match that is over: new opens one").map(|()| None),
            },
            Command::Leave => Box::pin(requests::leave(client, in_match)),
            Command::Ping => Box::pin(requests::ping(client)),
            Command::Raw(text) => {
                self.unanswered += 1;
                Box::pin(requests::raw(client, text))
            }
        };
        self.running = Some(running);
        Ok(None)
    }
}
