//! Pools and matches at the terminal.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdin, ChildStdout},
};

use super::{Socket, Stage, accept_async, receive, receive_any, reply, see_off, send, show_state, soon, start, text};

/// A player who types one line after another, having read what was printed.
struct Typist {
    process: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Typist {
    /// The player, past its help text, and its connection.
    async fn start() -> (Self, Socket) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/dev", listener.local_addr().unwrap());
        let mut process = start(&["--token", "t", "--url", &url]);
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (stream, _) = soon(listener.accept()).await.unwrap();
        let socket = accept_async(stream).await.unwrap();
        let mut lines = BufReader::new(output).lines();
        while soon(lines.next_line()).await.unwrap().unwrap() != "  quit                    leave" {}
        (Self { process, input, lines }, socket)
    }

    async fn enter(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Reads the next line, which is this one.
    async fn read(&mut self, expected: &str) {
        assert_eq!(soon(self.lines.next_line()).await.unwrap().unwrap(), expected);
    }

    /// Leaves, having printed nothing more.
    async fn quit(mut self, socket: &mut Socket) {
        self.enter("quit").await;
        see_off(socket).await;
        assert_eq!(soon(self.lines.next_line()).await.unwrap(), None);
        assert_eq!(soon(self.process.wait()).await.unwrap().code(), Some(0));
    }
}

/// A version of the match K7QX2M, which has this beside.
fn view(version: u64, state: &str, beside: &Value) -> Value {
    let mut view = json!({
        "type": "match", "matchId": "K7QX2M", "mode": "rpsls", "version": version, "state": state, "seat": 0, "now": 1,
        "players": [{"playerId": "alice"}, {"playerId": "bob\u{1b}"}],
    });
    let fields = beside.as_object().unwrap().clone();
    view.as_object_mut().unwrap().extend(fields);
    view
}

/// What rock-paper-scissors-lizard-Spock shows in a round, with this beside.
fn round(round: u64, score: u64, beside: &Value) -> Value {
    let plays = ["rock", "paper", "scissors", "lizard", "spock"];
    let mut view = json!({"round": round, "wins": 2, "yourScore": score, "theirScore": 0, "plays": plays});
    let fields = beside.as_object().unwrap().clone();
    view.as_object_mut().unwrap().extend(fields);
    view
}

/// A round against bob that is open.
fn open(version: u64) -> Value {
    view(version, "playing", &json!({"awaits": [0, 1], "view": round(version, 0, &json!({}))}))
}

/// The same push, which contains the action of this request.
fn with(request: &Value, mut push: Value) -> Value {
    push["ack"] = request["requestId"].clone();
    push
}

/// Expects an action in the match.
async fn played(socket: &mut Socket, version: u64, action: &Value) -> Value {
    let play = receive(socket).await;
    let body = json!({"matchId": "K7QX2M", "action": action, "version": version});
    assert_eq!((&play["route"], &play["reply"], &play["body"]), (&json!("play"), &json!(false), &body));
    play
}

/// Expects a request and replies.
async fn answer(socket: &mut Socket, route: &str, body: &Value, answer: &Value) {
    let request = receive(socket).await;
    assert_eq!((&request["route"], &request["body"]), (&json!(route), body));
    reply(socket, &request, answer).await;
}

#[tokio::test]
async fn a_match_is_found_played_and_won() {
    let (mut player, mut socket) = Typist::start().await;
    player.enter("match").await;
    let join = receive(&mut socket).await;
    assert_eq!((&join["route"], &join["body"]), (&json!("joinPool"), &json!({"mode": "rpsls"})));
    // The match is faster than the reply.
    send(&mut socket, open(1)).await;
    player.read(r"round 1 against bob\u{1b}, 0 : 0").await;
    player.read("you can play rock, paper, scissors, lizard, spock").await;
    reply(&mut socket, &join, &json!({"ticketId": "t1"})).await;
    player.read("looking for somebody to play with (ticket t1)").await;

    player.enter("paper").await;
    player.read("you play paper").await;
    let play = played(&mut socket, 1, &json!("paper")).await;
    player.enter("rock").await;
    player.read("you play rock").await;
    player.read("not sent: the action before it in this match is not acknowledged yet").await;
    // Other commands do not wait for the end of the round.
    player.enter("to bob hurry").await;
    let message = receive(&mut socket).await;
    reply(&mut socket, &message, &json!({"messageIds": {"bob": "1"}, "unsent": []})).await;
    player.read("sent to bob").await;
    let won = round(2, 1, &json!({"winner": "you", "roundSummary": "paper covers rock"}));
    send(&mut socket, with(&play, view(2, "playing", &json!({"awaits": [0, 1], "view": won})))).await;
    send(&mut socket, open(1)).await;
    player.read("paper covers rock: you win the round").await;
    player.read(r"round 2 against bob\u{1b}, 1 : 0").await;

    player.enter("spock").await;
    player.read("you play spock").await;
    let play = played(&mut socket, 2, &json!("spock")).await;
    let outcome = json!({"ending": "won", "places": [1, 2], "scores": [2, 0], "words": "spock smashes scissors"});
    let over = round(3, 2, &json!({"winner": "you", "roundSummary": "spock smashes scissors"}));
    send(&mut socket, with(&play, view(3, "over", &json!({"view": over, "outcome": outcome})))).await;
    player.read("spock smashes scissors: you win the round").await;
    player.read("you have won 2 : 0").await;

    player.enter("next").await;
    answer(&mut socket, "newMatch", &json!({"after": "K7QX2M"}), &view(1, "waiting", &json!({"matchId": "M2"}))).await;
    player.read("waiting for players: join M2").await;
    player.quit(&mut socket).await;
}

#[tokio::test]
async fn any_game_can_be_played_in_json() {
    let (mut player, mut socket) = Typist::start().await;
    player.enter("new cards bots=1 {\"hands\": 2}").await;
    let cards =
        |version: u64, awaits: Value, shown: Value| view(version, "playing", &json!({"mode": "cards", "awaits": awaits, "view": shown}));
    let opened = view(1, "waiting", &json!({"mode": "cards", "host": 0, "least": 2}));
    answer(&mut socket, "newMatch", &json!({"mode": "cards", "options": {"hands": 2}, "bots": 1}), &opened).await;
    player.read("waiting for players: join K7QX2M; start begins without more").await;
    player.enter("start").await;
    answer(&mut socket, "startMatch", &json!({"matchId": "K7QX2M"}), &cards(2, json!([0]), json!({"hand": [7]}))).await;
    player.read("{\"hand\":[7]}").await;
    player.read("your turn").await;

    player.enter("7").await;
    player.read("no such command: 7 (help lists them)").await;
    player.enter("play {\"card\": 7}").await;
    player.read("you play {\"card\":7}").await;
    let play = played(&mut socket, 2, &json!({"card": 7})).await;
    let rejection =
        json!({"type": "rejection", "requestId": play["requestId"], "route": "play", "code": "no_trump", "message": "action.card: trumps"});
    send(&mut socket, rejection).await;
    player.read("rejected (no_trump): action.card: trumps").await;
    let mut push = cards(3, json!([1]), json!({"hand": []}));
    push["events"] = json!([{"drawn": 8}]);
    send(&mut socket, push).await;
    player.read("- {\"drawn\":8}").await;
    player.read("{\"hand\":[]}").await;
    player.read(r"waiting for bob\u{1b}").await;
    player.quit(&mut socket).await;
}

#[tokio::test]
async fn a_free_cell_of_a_board_is_played_by_its_number() {
    let (mut player, mut socket) = Typist::start().await;
    player.enter("new tic-tac-toe bots=1").await;
    let board = json!({"cells": [1, null, null, null, 0, null, null, null, null], "turn": 0, "bank": [60_000, 60_000]});
    let playing = view(1, "playing", &json!({"mode": "tic-tac-toe", "awaits": [0], "view": board}));
    answer(&mut socket, "newMatch", &json!({"mode": "tic-tac-toe", "bots": 1}), &playing).await;
    for line in ["  O 1 2", "  3 X 5", "  6 7 8", "you are X; your turn"] {
        player.read(line).await;
    }
    player.enter("4").await;
    player.read("no such command: 4 (help lists them)").await;
    player.enter("8").await;
    player.read("you play 8").await;
    let play = played(&mut socket, 1, &json!(8)).await;
    // The server has had it already: the connection was lost before its push.
    reply(&mut socket, &play, &playing).await;
    player.quit(&mut socket).await;
}

#[tokio::test]
async fn a_private_match_is_opened_and_left_and_each_view_is_printed_once() {
    let (mut player, mut socket) = Typist::start().await;
    player.enter("new rps").await;
    let request = receive(&mut socket).await;
    assert_eq!((&request["route"], &request["body"]), (&json!("newMatch"), &json!({"mode": "rps"})));
    let waiting = view(1, "waiting", &json!({}));
    send(&mut socket, waiting.clone()).await;
    player.read("waiting for players: join K7QX2M").await;
    reply(&mut socket, &request, &waiting).await;

    player.enter("leave").await;
    let over = view(2, "over", &json!({"outcome": {"ending": "forfeited", "places": [2, 1], "words": "a player has left"}}));
    answer(&mut socket, "leaveMatch", &json!({"matchId": "K7QX2M"}), &over).await;
    player.read(r"you have left: bob\u{1b} wins").await;
    send(&mut socket, over).await;

    // What there is to leave now, the server is asked, which says that there is nothing.
    player.enter("leave").await;
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"sessions": [], "placements": []})).await;
    player.read("there is nothing to leave: match looks for somebody to play with").await;
    player.quit(&mut socket).await;
}

#[tokio::test]
async fn whoever_waits_in_a_pool_can_leave_it() {
    let (mut player, mut socket) = Typist::start().await;
    let ticket = json!({"ticketId": "t1"});
    player.enter("match rps").await;
    answer(&mut socket, "joinPool", &json!({"mode": "rps"}), &ticket).await;
    player.read("looking for somebody to play with (ticket t1)").await;
    player.enter("leave").await;
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"seats": [{"kind": "ticket", "id": "t1"}], "sessions": [], "placements": []})).await;
    answer(&mut socket, "leavePool", &json!({}), &ticket).await;
    player.read("nobody is looked for any more").await;

    // Another client of the same player has joined one.
    player.enter("leave").await;
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"seats": [{"kind": "ticket", "id": "t2"}], "sessions": [], "placements": []})).await;
    let leave = receive_any(&mut socket).await;
    send(&mut socket, json!({"type": "pool", "ticketId": "t2", "outcome": "timedOut"})).await;
    player.read("nobody was found in time").await;
    assert_eq!(leave["route"], "leavePool");
    send(&mut socket, json!({"type": "rejection", "requestId": leave["requestId"], "code": "not_found", "message": "no pool"})).await;
    player.read("rejected (not_found): no pool").await;

    // A match that was found and not told yet is not given up unseen.
    player.enter("leave").await;
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"seats": [{"kind": "match", "id": "K7QX2M"}], "sessions": [], "placements": []})).await;
    player.read("you are in a match (K7QX2M)").await;
    player.quit(&mut socket).await;
}

#[tokio::test]
async fn whoever_starts_again_goes_on_with_its_match() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "rock\njoin k7qx2m\n").await;
    let mut socket = stage.accept().await;
    let state = json!({"seats": [{"kind": "match", "id": "K7QX2M"}], "matches": [open(4)], "sessions": [], "placements": []});
    // The play waits for what the inbox says of the match.
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &state).await;
    let play = played(&mut socket, 4, &json!("rock")).await;
    answer(&mut socket, "joinMatch", &json!({"matchId": "k7qx2m"}), &open(4)).await;
    send(&mut socket, with(&play, open(5))).await;
    see_off(&mut socket).await;
    let output = stage.finish().await;
    let printed = text(&output.stdout);
    let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with("round ") || line.starts_with("you play ")).collect();
    assert_eq!(lines, [r"round 4 against bob\u{1b}, 0 : 0", "you play rock", r"round 5 against bob\u{1b}, 0 : 0"], "{printed}");
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn whoever_was_away_is_told_where_it_is_and_how_its_match_ended() {
    let stage = Stage::start(&["--token", "t"], "").await;
    let mut socket = stage.accept().await;
    let states = [
        json!({"seats": [{"kind": "ticket", "id": "t1"}], "sessions": [], "placements": []}),
        json!({"seats": [{"kind": "match", "id": "K7QX2M"}], "matches": [open(1)], "sessions": [], "placements": []}),
    ];
    for state in &states {
        let request = receive_any(&mut socket).await;
        show_state(&mut socket, &request, state).await;
        drop(socket);
        socket = stage.accept().await;
    }
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"sessions": [], "placements": []})).await;
    let over = view(
        4,
        "over",
        &json!({"outcome": {"ending": "won", "places": [2, 1], "scores": [0, 3], "words": "…"}, "view": round(4, 0, &json!({}))}),
    );
    answer(&mut socket, "joinMatch", &json!({"matchId": "K7QX2M"}), &over).await;
    send(&mut socket, json!({"message": "the end"})).await;
    assert!(tokio::time::timeout(Duration::from_millis(300), socket.next()).await.is_err());
    let Stage { mut player, .. } = stage;
    player.start_kill().unwrap();
    let all = text(&soon(player.wait_with_output()).await.unwrap().stdout);
    let told = |line: &&str| ["you are ", "round ", "you have "].iter().any(|begin| line.starts_with(begin));
    let lines: Vec<&str> = all.lines().filter(told).collect();
    let expected = [
        "you are waiting for somebody to play with (ticket t1)",
        r"round 1 against bob\u{1b}, 0 : 0",
        "you are in a match (K7QX2M)",
        "you have lost 0 : 3",
    ];
    assert_eq!(lines, expected, "{all}");
}
