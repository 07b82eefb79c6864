//! One execution environment: a child process, watched from its start to its end.

use std::{
    future::poll_fn,
    pin::pin,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock},
};

use tokio::{
    process::{Child, Command},
    sync::Notify,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{logs, pool::Pool, variables::variables};
use crate::lock::lock;

/// How long the output of a process is still read after its end. Only a grandchild that holds the pipe open makes this wait.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

/// A process and its handle. Its state is in the pool.
pub(super) struct Environment {
    /// Its number within the pool.
    pub(super) number: u64,
    /// Its secret part of the Runtime API's path.
    pub(super) token: String,
    child: OnceLock<Mutex<Child>>,
    changed: Notify,
}

impl Environment {
    pub(super) fn new(number: u64) -> Environment {
        Environment { number, token: uuid::Uuid::new_v4().simple().to_string(), child: OnceLock::new(), changed: Notify::new() }
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

    /// Starts the process and watches it until it has ended, by itself or because the pool or the stack wants it so.
    pub(super) async fn run(self: Arc<Self>, pool: Arc<Pool>) {
        let mut child = match self.spawn(&pool) {
            Ok(child) => child,
            Err(error) => return pool.not_started(self.number, &error),
        };
        let mut output = JoinSet::new();
        let writer = Arc::clone(&pool.logs);
        if let Some(stdout) = child.stdout.take() {
            output.spawn(logs::copy(stdout, Arc::clone(&writer)));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(logs::copy(stderr, writer));
        }
        let child = self.child.get_or_init(|| Mutex::new(child));
        let status = self.watch(&pool, child).await;
        // The last lines often say why a process ended, so they come before the caller hears of it. An abrupt end of reading loses
        // nothing but the output of a stray grandchild.
        if timeout(LAST_WORDS, output.join_all()).await.is_err() {
            pool.logs.note("its output stayed open after its end");
        }
        pool.ended(self.number, status);
    }

    fn spawn(&self, pool: &Pool) -> std::io::Result<Child> {
        let function = &pool.function;
        Command::new(&function.program)
            .args(&function.arguments)
            .env_clear()
            .envs(variables(function, format!("http://{}/env/{}", pool.host.address, self.token), &self.token))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // Ctrl-C in the terminal is for the stack alone, which then ends its processes in order.
            .process_group(0)
            .spawn()
    }

    async fn watch(&self, pool: &Pool, child: &Mutex<Child>) -> std::io::Result<ExitStatus> {
        // The lock is held only while polling, so that `is_alive` can ask in between. `Child::wait` may be begun anew at each poll.
        let mut ended = pin!(poll_fn(|context| pin!(lock(child).wait()).poll(context)));
        while let Some(look) = pool.look(self.number, Instant::now()) {
            tokio::select! {
                status = &mut ended => return status,
                () = self.changed.notified() => {}
                () = sleep_until(look) => {}
            }
        }
        if let Err(error) = lock(child).start_kill() {
            // It has ended by itself in this moment, which `wait` will say.
            pool.logs.note(&format!("was not killed: {error}"));
        }
        ended.await
    }
}
