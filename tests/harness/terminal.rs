//! The terminal player as a process: a test types, and reads what is printed.

use std::{path::Path, process::Stdio, sync::OnceLock};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::PATIENCE;

/// The program, built once for all tests.
fn program() -> &'static Path {
    static BUILT: OnceLock<Vec<std::path::PathBuf>> = OnceLock::new();
    &BUILT.get_or_init(|| muster_launch::build_package("muster-client").unwrap())[0]
}

/// A player at a terminal that is none.
pub struct Terminal {
    process: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    printed: Vec<String>,
}

/// How a player left.
#[derive(Debug)]
pub struct Left {
    /// The exit code.
    pub code: Option<i32>,
    /// The lines on standard output, from the first one on.
    pub printed: Vec<String>,
    /// Standard error.
    pub complaint: String,
}

impl Terminal {
    /// Starts the player with these arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, input, lines, printed: Vec::new() }
    }

    /// Types a line.
    pub async fn enter(&mut self, line: &str) {
        self.input.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Reads on up to the next line that begins with `start`, and returns it.
    pub async fn line(&mut self, start: &str) -> String {
        loop {
            let next = timeout(PATIENCE, self.lines.next_line()).await;
            let Ok(Ok(Some(line))) = next else { panic!("no line begins with {start:?} ({next:?}): {:#?}", self.printed) };
            self.printed.push(line.clone());
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Ends the input and waits until the player has left.
    pub async fn leave(mut self) -> Left {
        drop(self.input.take());
        let left = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.printed.push(line);
            }
            let mut complaint = String::new();
            self.process.stderr.take().unwrap().read_to_string(&mut complaint).await.unwrap();
            Left { code: self.process.wait().await.unwrap().code(), printed: std::mem::take(&mut self.printed), complaint }
        };
        timeout(PATIENCE, left).await.expect("the player leaves at the end of its input")
    }
}
