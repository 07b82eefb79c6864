//! One execution environment: a child process, watched from its start to its end, and frozen between invocations.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    net::unix::pipe,
    process::{Child, Command},
    sync::Notify,
    time::{Instant, sleep_until},
};
use uuid::Uuid;

use super::{logs, pool::Pool};
use crate::{
    account::{REGION, SECRET_ACCESS_KEY, access_key_of},
    lock::lock,
};

/// A process and its handle. Its phase is in the pool.
#[derive(Default)]
pub(super) struct Environment {
    /// What the Runtime API knows it by, which is a secret of its process.
    pub(super) id: Uuid,
    /// The version of its function that it says it is: that of the invocation for which it was started.
    version: &'static str,
    /// When it was last handed an invocation, and the id of that.
    pub(super) handed_over: Mutex<Option<(Instant, String)>>,
    child: OnceLock<Mutex<Child>>,
    changed: Notify,
}

impl Environment {
    pub(super) fn new(version: &'static str) -> Environment {
        Environment { id: Uuid::new_v4(), version, ..Environment::default() }
    }

    /// Has the watcher look again at once, because what it should do has changed. Also before the process has started.
    pub(super) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Whether the process lives, asked of the kernel: a process killed a moment ago may not have been noticed by its watcher yet.
    /// One that has ended is told to its watcher.
    pub(super) fn is_alive(&self) -> bool {
        // A process can ask for work before its watcher has put its handle down here.
        let Some(child) = self.child.get() else { return true };
        let alive = matches!(lock(child).try_wait(), Ok(None));
        if !alive {
            self.wake();
        }
        alive
    }

    /// The process id, while there is a process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.get().and_then(|child| lock(child).id())
    }

    /// Sends the process a signal, if there is one.
    pub(super) fn signal(&self, signal: Signal) {
        let Some(child) = self.child.get() else { return };
        // The process id is not another process's as long as the lock is held: nobody asks for the exit status meanwhile.
        let child = lock(child);
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw) {
            // One that has ended meanwhile needs none.
            kill_process(pid, signal).unwrap_or_default();
        }
    }

    /// Starts the process and watches it until it has ended, by itself or because the pool or the stack wants it so.
    pub(super) async fn run(self: Arc<Self>, pool: Arc<Pool>) {
        let status = match self.spawn(&pool) {
            Err(error) => Err(error),
            Ok((child, output)) => {
                let child = self.child.get_or_init(|| Mutex::new(child));
                // The last lines often say why a process ended, so they come before the caller hears of it.
                tokio::join!(self.watch(&pool, child), logs::copy(output, &self, &pool.logs)).0
            }
        };
        pool.ended(self.id, &status);
    }

    /// The process, and what it prints on standard output and standard error, in its order.
    fn spawn(&self, pool: &Pool) -> io::Result<(Child, pipe::Receiver)> {
        let (output, input) = io::pipe()?;
        let mut command = Command::new(&pool.host.options.program);
        command.args(&pool.host.options.arguments).process_group(pool.host.guard.group());
        self.give_variables(&mut command, pool);
        command.stdin(Stdio::null()).stdout(input.try_clone()?).stderr(input).kill_on_drop(true);
        Ok((command.spawn()?, pipe::Receiver::from_owned_fd(output.into())?))
    }

    /// Gives the process everything that it sees (Lambda developer guide, "Using Lambda environment variables"). Nothing of the developer's
    /// own shell is among it, as nothing of it is on AWS. The template's variables override the first two.
    ///
    /// AWS gives the Runtime API as `host:port` alone, but the path that tells environments apart on one port is only understood by
    /// `lambda_runtime` after a scheme.
    fn give_variables(&self, command: &mut Command, pool: &Pool) {
        let (function, id) = (&pool.function, self.id.simple());
        let name = &function.name;
        command.env_clear().envs([("LANG", "en_US.UTF-8"), ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin")]);
        command.envs(&function.environment).envs(&pool.host.options.environment).envs([
            ("AWS_LAMBDA_FUNCTION_NAME", name.as_str()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory_mb.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", self.version),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
            ("AWS_LAMBDA_LOG_STREAM_NAME", &format!("local/[{}]{id}", self.version)),
            ("AWS_LAMBDA_RUNTIME_API", &format!("http://{}/{name}/{id}", pool.host.address)),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", &access_key_of(name)),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_SESSION_TOKEN", "local"),
            ("TZ", ":UTC"),
            ("_HANDLER", &function.handler),
        ]);
    }

    async fn watch(&self, pool: &Pool, child: &Mutex<Child>) -> io::Result<ExitStatus> {
        // The lock is held only while polling, so that `is_alive` can ask in between. `Child::wait` may be begun anew at each poll.
        let mut ended = pin!(poll_fn(|context| pin!(lock(child).wait()).poll(context)));
        while let Some(look) = pool.look(self.id) {
            tokio::select! {
                status = &mut ended => return status,
                () = self.changed.notified() => {}
                () = sleep_until(look) => {}
            }
        }
        // One that cannot be killed has ended by itself in this moment, which `wait` will say.
        lock(child).start_kill().unwrap_or_default();
        ended.await
    }
}
