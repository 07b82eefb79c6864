//! Pools and matches at the terminal.

use std::{collections::BTreeSet, time::Duration};

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
        "type": "match", "matchId": "K7QX2M", "mode": "rpsls", "version": version, "state": state, "round": version,
        "yourScore": 0, "theirScore": 0,
    });
    let fields = beside.as_object().unwrap().clone();
    view.as_object_mut().unwrap().extend(fields);
    view
}

/// A round against bob that is open.
fn open(version: u64) -> Value {
    view(version, "playing", &json!({"opponentId": "bob"}))
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
    player.read("round 1 against bob, 0 : 0").await;
    reply(&mut socket, &join, &json!({"ticketId": "t1"})).await;
    player.read("looking for somebody to play with (ticket t1)").await;

    let play = |round: u64, play: &str| json!({"matchId": "K7QX2M", "round": round, "play": play});
    player.enter("paper").await;
    answer(&mut socket, "play", &play(1, "paper"), &play(1, "paper")).await;
    player.read("you play paper in round 1").await;
    let won = json!({"opponentId": "bob", "yourScore": 1, "roundWinner": "you", "roundSummary": "paper covers rock"});
    send(&mut socket, view(2, "playing", &won)).await;
    send(&mut socket, open(1)).await;
    player.read("paper covers rock: you win the round").await;
    player.read("round 2 against bob, 1 : 0").await;

    player.enter("spock").await;
    answer(&mut socket, "play", &play(2, "spock"), &play(2, "spock")).await;
    player.read("you play spock in round 2").await;
    let over = json!({
        "opponentId": "bob", "yourScore": 2, "roundWinner": "you", "roundSummary": "spock smashes scissors", "ending": "won", "winner": "you",
    });
    send(&mut socket, view(3, "over", &over)).await;
    player.read("spock smashes scissors: you win the round").await;
    player.read("you have won 2 : 0").await;
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
    player.read("waiting for the second player: join K7QX2M").await;
    reply(&mut socket, &request, &waiting).await;

    player.enter("leave").await;
    let over = view(2, "over", &json!({"opponentId": "bob\u{1b}", "ending": "forfeited", "winner": "them"}));
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
    answer(&mut socket, "leavePool", &json!({}), &ticket).await;
    player.read("nobody is looked for any more").await;

    // Another client of the same player has joined one.
    player.enter("leave").await;
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"seat": {"kind": "ticket", "id": "t2"}, "sessions": [], "placements": []})).await;
    let leave = receive_any(&mut socket).await;
    send(&mut socket, json!({"type": "pool", "ticketId": "t2", "outcome": "timedOut"})).await;
    player.read("nobody was found in time").await;
    assert_eq!(leave["route"], "leavePool");
    send(&mut socket, json!({"type": "rejection", "requestId": leave["requestId"], "code": "not_found", "message": "no pool"})).await;
    player.read("rejected (not_found): no pool").await;
    player.quit(&mut socket).await;
}

#[tokio::test]
async fn whoever_starts_again_goes_on_with_its_match() {
    let stage = Stage::start(&["--token", "t", "--exit-at-eof"], "rock\njoin k7qx2m\n").await;
    let mut socket = stage.accept().await;
    let state = json!({"seat": {"kind": "match", "id": "K7QX2M"}, "match": open(4), "sessions": [], "placements": []});
    // The inbox is read by the client itself, and may be asked for by the play besides.
    let play = loop {
        let request = receive_any(&mut socket).await;
        if request["route"] != "resume" {
            break request;
        }
        show_state(&mut socket, &request, &state).await;
    };
    let body = json!({"matchId": "K7QX2M", "round": 4, "play": "rock"});
    assert_eq!((&play["route"], &play["body"]), (&json!("play"), &body));
    reply(&mut socket, &play, &body).await;
    answer(&mut socket, "joinMatch", &json!({"matchId": "k7qx2m"}), &open(4)).await;
    see_off(&mut socket).await;
    let output = stage.finish().await;
    let printed = text(&output.stdout);
    // The play may have been faster than the inbox.
    let lines = BTreeSet::from_iter(printed.lines().filter(|line| line.contains("round 4")));
    assert_eq!(lines, BTreeSet::from(["round 4 against bob, 0 : 0", "you play rock in round 4"]), "{printed}");
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn whoever_was_away_is_told_where_it_is_and_how_its_match_ended() {
    let stage = Stage::start(&["--token", "t"], "").await;
    let mut socket = stage.accept().await;
    let states = [
        json!({"seat": {"kind": "ticket", "id": "t1"}, "sessions": [], "placements": []}),
        json!({"seat": {"kind": "match", "id": "K7QX2M"}, "match": open(1), "sessions": [], "placements": []}),
    ];
    for state in &states {
        let request = receive_any(&mut socket).await;
        show_state(&mut socket, &request, state).await;
        drop(socket);
        socket = stage.accept().await;
    }
    let request = receive_any(&mut socket).await;
    show_state(&mut socket, &request, &json!({"sessions": [], "placements": []})).await;
    let over = view(4, "over", &json!({"opponentId": "bob", "theirScore": 3, "ending": "won", "winner": "them"}));
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
        "round 1 against bob, 0 : 0",
        "you are in a match (K7QX2M)",
        "you have lost 0 : 3",
    ];
    assert_eq!(lines, expected, "{all}");
}
