//! One client's socket: lines in, lines out, and the limits that keep one client from holding up the others.

use std::{future::pending, time::Duration};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
    time::{Instant, timeout},
};

use crate::room::Connection;

/// The longest line, in bytes and without its end.
const MAX_LINE: usize = 1_024;

/// How long a client may take to say who it is.
const FIRST_LINE: Duration = Duration::from_secs(30);

/// How much one client may say in a second. More would fill the outboxes of the others.
const LINES_PER_SECOND: u32 = 50;

/// How long a client may take to accept a line.
const WRITE: Duration = Duration::from_secs(10);

/// What a client does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Line(String),
    /// It did what it must not, and nothing that it sends after that is read.
    Wrong(&'static str),
    Gone,
}

/// Hands what the client says to the game, and what the game says to the client, until the game drops the other end of `outbox` or the
/// client can no longer be written to.
pub(crate) async fn converse(
    mut stream: TcpStream,
    connection: Connection,
    outbox: mpsc::Receiver<String>,
    inputs: mpsc::Sender<(Connection, Input)>,
) {
    // A game that is over hears no one any more, which is nothing to be sorry about.
    let tell = async |input| drop(inputs.send((connection, input)).await);
    let (read, write) = stream.split();
    let reading = async {
        let mut read = BufReader::new(read);
        let (mut patience, mut second, mut lines) = (FIRST_LINE, Instant::now(), 0);
        let last = loop {
            match timeout(patience, read_line(&mut read)).await {
                Ok(Input::Line(_)) if lines == LINES_PER_SECOND => break Input::Wrong("you said more than 50 lines in a second"),
                Ok(Input::Line(line)) => tell(Input::Line(line)).await,
                Ok(last) => break last,
                Err(_) => break Input::Wrong("you said nothing"),
            }
            patience = Duration::MAX;
            lines += 1;
            if second.elapsed() >= Duration::from_secs(1) {
                (second, lines) = (Instant::now(), 0);
            }
        };
        tell(last).await;
        // What was said to the client before it stopped talking is still written.
        pending::<()>().await;
    };
    tokio::select! {
        () = write_lines(write, outbox) => {}
        () = reading => {}
    }
    tell(Input::Gone).await;
}

/// The next line, without its end.
async fn read_line(read: &mut (impl AsyncBufRead + Unpin)) -> Input {
    let mut line = Vec::new();
    match read.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).await {
        Err(_) | Ok(0) => Input::Gone,
        Ok(length) if length > MAX_LINE && !line.ends_with(b"\n") => Input::Wrong("a line may have up to 1024 bytes"),
        Ok(_) => Input::Line(String::from_utf8_lossy(&line).trim().to_owned()),
    }
}

async fn write_lines(mut write: impl AsyncWrite + Unpin, mut outbox: mpsc::Receiver<String>) {
    while let Some(mut line) = outbox.recv().await {
        line.push('\n');
        if !matches!(timeout(WRITE, write.write_all(line.as_bytes())).await, Ok(Ok(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(mut bytes: &[u8]) -> Vec<Input> {
        let mut inputs = Vec::new();
        while !matches!(inputs.last(), Some(Input::Gone | Input::Wrong(_))) {
            inputs.push(read_line(&mut bytes).await);
        }
        inputs
    }

    #[tokio::test]
    async fn lines_end_as_they_do_anywhere() {
        let line = |text: &str| Input::Line(text.to_owned());
        assert_eq!(read(b"a\r\n b \n\nc").await, [line("a"), line("b"), line(""), line("c"), Input::Gone]);
        assert_eq!(read(b"\xff\n").await, [line("\u{fffd}"), Input::Gone]);
    }

    #[tokio::test]
    async fn a_line_may_have_a_kilobyte() {
        let longest = [vec![b'x'; MAX_LINE], b"\n".to_vec()].concat();
        assert!(matches!(&read(&longest).await[..], [Input::Line(line), Input::Gone] if line.len() == MAX_LINE));
        assert!(matches!(read(&[b"x", &longest[..]].concat()).await[..], [Input::Wrong(_)]));
        assert!(matches!(read(&vec![b'x'; 1_000_000]).await[..], [Input::Wrong(_)]));
    }
}
