//! The end of function processes when the stack itself is killed. One that is frozen cannot notice by itself that the stack is gone.

use std::{io, process::Stdio};

use tokio::process::{Child, Command};

/// Waits for the end of its standard input, a pipe that only the stack holds open, and then kills the process group that it leads.
const SCRIPT: &str = "trap '' HUP; read -r line; kill -KILL 0";

/// A process that outlives the stack for a moment. It leads the process group of all functions, so that Ctrl-C in the terminal is for the
/// stack alone, which then ends its processes in order.
pub(super) struct Guard {
    /// Nobody asks for its exit status, so that its process id stays that of the group.
    _process: Child,
    group: i32,
}

impl Guard {
    pub(super) fn start() -> io::Result<Guard> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT]).env_clear().process_group(0).kill_on_drop(true);
        let process = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let group = process.id().and_then(|id| i32::try_from(id).ok()).ok_or(io::ErrorKind::NotFound)?;
        Ok(Guard { _process: process, group })
    }

    /// The process group of all functions.
    pub(super) fn group(&self) -> i32 {
        self.group
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::process::{CommandExt, ExitStatusExt},
        process,
    };

    use super::*;

    #[tokio::test]
    async fn when_the_stack_is_killed_its_frozen_processes_end_with_it() {
        let mut guard = Guard::start().unwrap();
        let mut frozen = process::Command::new("sleep").arg("60").process_group(guard.group()).spawn().unwrap();
        assert!(process::Command::new("kill").args(["-STOP", &frozen.id().to_string()]).status().unwrap().success());
        // What the end of the stack does to its pipes.
        guard._process.stdin = None;
        let ended = tokio::task::spawn_blocking(move || frozen.wait().unwrap()).await.unwrap();
        assert_eq!(ended.signal(), Some(9));
    }
}
