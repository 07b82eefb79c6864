//! Builds the local stack, the functions and the example of a game server. It depends on nothing, so that it is compiled and running within
//! a second and cargo's progress is on the screen while everything else is built.
//!
//! All are built by one command in the profile `fast`, so that what they share is compiled once and no processor waits for the last crate
//! of one of them.

use std::{
    env, fmt, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The beginnings of the variables in which `cargo run` and `cargo test` tell a program of its package.
const OF_ONE_PACKAGE: [&str; 5] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Built {
    /// The local stack.
    pub stack: PathBuf,
    /// The program of all functions.
    pub functions: PathBuf,
    /// The game server that the pretended fleet starts.
    pub game_server: PathBuf,
}

impl Built {
    /// The stack with its template, functions and page, ready for more arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.stack);
        command.arg("--functions").arg(&self.functions).arg("--template").arg(workspace().join("template.yaml"));
        command.arg("--game-server").arg(&self.game_server).arg("--web").arg(workspace().join("web"));
        command
    }
}

/// Why there are no programs.
#[derive(Debug)]
pub enum BuildError {
    /// Cargo could not be run.
    Start(io::Error),
    /// Cargo has said on standard error what is wrong with a package.
    Failed(&'static str),
    /// Cargo built a package, but named no program.
    NoProgram(&'static str),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => write!(f, "cargo cannot be run: {error}"),
            Self::Failed(package) => write!(f, "{package} does not build: cargo says above why"),
            Self::NoProgram(package) => write!(f, "cargo built {package}, but named no program"),
        }
    }
}

impl std::error::Error for BuildError {}

/// The root of the workspace.
#[must_use]
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Builds the stack, the functions and the game server, or finds that nothing has changed, which takes well under a second.
///
/// # Errors
/// A [`BuildError`]; what the compiler says goes to standard error.
pub fn build() -> Result<Built, BuildError> {
    let packages = ["muster-local", "muster-functions", "muster-game-server"];
    let arguments: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).chain(["--profile", "fast"]).collect();
    let programs = cargo_build("the stack", &arguments)?;
    let [stack, functions, game_server] = packages.map(|package| programs.iter().find(|program| is_of(program, package)).cloned());
    Ok(Built {
        stack: stack.ok_or(BuildError::NoProgram("muster-local"))?,
        functions: functions.ok_or(BuildError::NoProgram("muster-functions"))?,
        game_server: game_server.ok_or(BuildError::NoProgram("muster-game-server"))?,
    })
}

/// Whether this is the program that the package of this name has.
fn is_of(program: &Path, package: &str) -> bool {
    program.file_stem().is_some_and(|name| name == package)
}

/// Builds the programs of one package of the workspace and returns their paths; there is at least one.
///
/// # Errors
/// A [`BuildError`]; what the compiler says goes to standard error.
pub fn build_package(package: &'static str) -> Result<Vec<PathBuf>, BuildError> {
    cargo_build(package, &["--package", package, "--profile", "fast"])
}

/// Builds the programs that these arguments of `cargo build` choose and returns their paths; there is at least one. An error calls them
/// `package`.
///
/// # Errors
/// A [`BuildError`]; what the compiler says goes to standard error.
pub fn cargo_build(package: &'static str, arguments: &[&str]) -> Result<Vec<PathBuf>, BuildError> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What the cargo around us says of our own package would make build scripts that look at it run again, and what depends on them.
    for (name, _) in env::vars_os().filter(|(name, _)| OF_ONE_PACKAGE.iter().any(|prefix| name.to_string_lossy().starts_with(prefix))) {
        cargo.env_remove(name);
    }
    let output = cargo
        .current_dir(workspace())
        .args(["build", "--bins", "--message-format=json-render-diagnostics"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(BuildError::Start)?;
    if !output.status.success() {
        return Err(BuildError::Failed(package));
    }
    let programs: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().filter_map(executable).collect();
    if programs.is_empty() { Err(BuildError::NoProgram(package)) } else { Ok(programs) }
}

/// The program that a line of cargo's messages names, if it names one.
fn executable(message: &str) -> Option<PathBuf> {
    let (_, rest) = message.split_once(r#""executable":""#)?;
    let (path, _) = rest.split_once('"')?;
    Some(path.replace(r"\\", r"\").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_message_is_found() {
        let artifact = r#"{"reason":"compiler-artifact","filenames":["/t/ping"],"executable":"/t/ping","fresh":true}"#;
        assert_eq!(executable(artifact), Some(PathBuf::from("/t/ping")));
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null,"fresh":true}"#), None);
        assert_eq!(executable(r#"{"executable":"C:\\t\\ping.exe"}"#), Some(PathBuf::from(r"C:\t\ping.exe")));
    }

    #[test]
    fn the_workspace_is_where_the_template_is() {
        assert!(workspace().join("functions").is_dir());
    }
}
