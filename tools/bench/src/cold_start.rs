//! From the start of a process to the answer of its first invocation: `messages-deliver` as SAM ships it, and a function that does the
//! same the way AWS's own samples are written (`baseline/`).
//!
//! Nothing behind the functions is made up. A local stack runs, a player holds a socket to it, and the invocation is the stream's record
//! of a message to that player; so each function queries DynamoDB, posts to the socket, and the player receives the message. The processes
//! have the variables that the stack gives to its own. For TLS, a port that terminates it stands before each of the two services, as each
//! has a host of its own on AWS. The two functions take turns, so that whatever else the machine does befalls both.

mod port;
mod runtime_api;
mod spawn;
mod tls;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use self::{
    port::Port,
    spawn::{Measured, Scene},
    tls::Authority,
};
use crate::{
    Result,
    samples::{Samples, milliseconds},
    stack::{Stack, environment, message},
    table::Table,
};

/// Options of the benchmark.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each function is started in each surrounding.
    #[arg(long, default_value_t = 30)]
    runs: usize,
}

/// Measures and prints a table.
pub async fn run(args: &Args) -> Result<()> {
    let functions = muster_launch::cargo_build("muster-functions", &["--package", "muster-functions", "--release", "--locked"])?;
    let muster = functions.into_iter().next().ok_or("the functions have no program")?;
    let manifest = muster_launch::workspace().join("tools/bench/baseline/Cargo.toml");
    let target = muster_launch::workspace().join("target/bench-baseline");
    let (manifest, target) = (manifest.display().to_string(), target.display().to_string());
    let arguments = ["--release", "--locked", "--manifest-path", &manifest, "--target-dir", &target];
    let baseline = muster_launch::cargo_build("the baseline", &arguments)?.swap_remove(0);
    let programs = [("Muster", muster), ("baseline", baseline)];

    let stack = Stack::start().await?;
    let (client, mut events) = stack.connect("bob").await?;
    client.send_message(&["bob"], "the message whose record is handed over").await?;
    message(&mut events).await?;
    let mut scene = Scene { row: stack.row("messages")?, environment: variables(&stack)?, events };

    let authority = Authority::new(stack.directory.path())?;
    let mut table =
        Table::new(&["function", "over", "first poll", "first answer", "fastest", "p90", "of the baseline", "peak memory", "binary"]);
    let stage = stack.url.rsplit_once('/').map_or("", |(_, stage)| stage);
    set(&mut scene, [("PUSH_ENDPOINT", format!("{}/{stage}", stack.endpoint))]);
    let measured = measure(args.runs, &programs, &[], &mut scene).await?;
    add(&mut table, "HTTP", &programs, &measured)?;

    // The SDK's defaults load the system's roots at the start, also for plain HTTP. Where they are in a directory, as on Debian, that takes
    // as long as all the rest; on Lambda they are in one file.
    set(&mut scene, [("SSL_CERT_FILE", authority.system_bundle()?)]);
    let measured = measure(args.runs, &programs, &[], &mut scene).await?;
    add(&mut table, "HTTP, roots in a file", &programs, &measured)?;

    let ports = [Port::open(&stack.endpoint, &authority).await?, Port::open(&stack.endpoint, &authority).await?];
    let [dynamodb, sockets] = ports.each_ref().map(Port::url);
    set(
        &mut scene,
        [("PUSH_ENDPOINT", format!("{sockets}/{stage}")), ("AWS_ENDPOINT_URL", sockets), ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)],
    );
    set(&mut scene, [("AWS_CA_BUNDLE", authority.own_bundle())]);
    let measured = measure(args.runs, &programs, &ports, &mut scene).await?;
    add(&mut table, "TLS, roots in a file", &programs, &measured)?;
    table.print(&format!(
        "From the start of the process to its first answer, medians of {} (`release` binaries: Muster's of its own profile, size-optimised, linked \
         as one unit and stripped; the baseline's of cargo's. MB of 1,000,000 bytes):",
        args.runs
    ));
    Ok(())
}

/// Sets variables of the processes.
fn set<const N: usize>(scene: &mut Scene, variables: [(&str, String); N]) {
    scene.environment.extend(variables.map(|(name, value)| (name.to_owned(), value)));
}

/// Starts each program so many times, in turns. Each must use every one of `ports`.
async fn measure(runs: usize, programs: &[(&str, PathBuf); 2], ports: &[Port], scene: &mut Scene) -> Result<[Vec<Measured>; 2]> {
    let mut measured = [Vec::new(), Vec::new()];
    // The first round only brings the binaries into the page cache.
    for run in 0..=runs {
        for ((name, program), measured) in programs.iter().zip(&mut measured) {
            let before: Vec<_> = ports.iter().map(Port::connections).collect();
            let one = scene.start(program).await.map_err(|error| format!("{name}: {error}"))?;
            // That the message has arrived shows that both services were asked; this, that TLS was spoken.
            let connections: Vec<_> = ports.iter().zip(before).map(|(port, before)| port.connections() - before).collect();
            if connections.contains(&0) {
                return Err(format!("{name} made {connections:?} TLS connections to DynamoDB and to the sockets").into());
            }
            if run > 0 {
                measured.push(one);
            }
        }
    }
    Ok(measured)
}

/// The variables of the stack's own process of the function, as the Lambda room sets them.
fn variables(stack: &Stack) -> Result<BTreeMap<String, String>> {
    let functions = stack.functions()?;
    let pid = functions.get("messages-deliver").and_then(|status| status["processes"][0].as_u64());
    environment(u32::try_from(pid.ok_or("messages-deliver has no process")?)?)
}

fn add(table: &mut Table, over: &str, programs: &[(&str, PathBuf); 2], measured: &[Vec<Measured>; 2]) -> Result<()> {
    let answers = measured.each_ref().map(|runs| Samples::new(runs.iter().map(|run| run.answered).collect()));
    for (index, (name, program)) in programs.iter().enumerate() {
        let (runs, answers) = (&measured[index], [&answers[index], &answers[1]]);
        let polls = Samples::new(runs.iter().map(|run| run.polled).collect());
        let of_baseline = answers[0].median().as_secs_f64() / answers[1].median().as_secs_f64();
        let peak = runs.iter().map(|run| run.peak_kb).max().unwrap_or_default();
        let time = |time: Duration| milliseconds(time);
        table.row([
            (*name).to_owned(),
            over.to_owned(),
            time(polls.median()),
            time(answers[0].median()),
            time(answers[0].percentile(0)),
            time(answers[0].percentile(90)),
            format!("{of_baseline:.2}"),
            format!("{:.1} MB", peak as f64 * 1.024 / 1e3),
            format!("{:.1} MB", std::fs::metadata(program)?.len() as f64 / 1e6),
        ]);
    }
    Ok(())
}
