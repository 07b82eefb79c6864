//! Who plays: the players' ids and tokens.

use std::{path::Path, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_client::{Token, TokenError};
use serde_json::Value;
use url::Url;

use crate::Result;

/// How long the issuer, on this machine, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Players and where their tokens come from.
pub(super) struct Players(Vec<(String, Token)>);

impl Players {
    /// So many new players of a local stack, which issues their tokens. `run` tells them from those of other runs.
    ///
    /// # Errors
    /// If the stack at `url` has no issuer.
    pub(super) fn of_local_stack(url: &str, run: &str, count: usize) -> Result<Self> {
        let endpoint: Arc<str> =
            format!("{}/issuer/token", local_address(url).ok_or("only local stacks issue tokens: give --tokens")?).into();
        // Nothing that goes to the issuer leaves this machine.
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).timeout_global(Some(PATIENCE)).build().into();
        let player = |number| {
            let name = format!("load-{run}-{number}");
            let (agent, endpoint, asked) = (agent.clone(), Arc::clone(&endpoint), name.clone());
            let token = Token::renewed(move || {
                let (agent, endpoint, asked) = (agent.clone(), Arc::clone(&endpoint), asked.clone());
                async move { tokio::task::spawn_blocking(move || fetch(&agent, &endpoint, &asked)).await? }
            });
            (name, token)
        };
        Ok(Self((0..count).map(player).collect()))
    }

    /// The players of the tokens in a file, one in a line; so many at most.
    ///
    /// # Errors
    /// If it cannot be read, has too few, or a line is no token with a `sub`.
    pub(super) fn of_file(path: &Path, count: usize) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("--tokens {}: {error}", path.display()))?;
        let lines = text.lines().enumerate().map(|(index, line)| (index, line.trim())).filter(|(_, line)| !line.is_empty());
        let players = lines.take(count).map(|(index, token)| {
            let name = subject(token).ok_or_else(|| format!("--tokens: line {} is no token with a sub", index + 1))?;
            Ok((name, Token::fixed(token)))
        });
        let players = players.collect::<Result<Vec<_>>>()?;
        if players.len() < count {
            return Err(format!("--tokens has {} tokens, and --players asks for {count}", players.len()).into());
        }
        Ok(Self(players))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// A player's id.
    pub(super) fn name(&self, number: usize) -> &str {
        &self.0[number].0
    }

    /// A player's tokens.
    pub(super) fn token(&self, number: usize) -> Token {
        self.0[number].1.clone()
    }
}

/// Where the HTTP port is of a local stack whose sockets are at `url`.
pub(super) fn local_address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    (url.scheme() == "ws").then(|| format!("http://{host}:{port}"))
}

fn fetch(agent: &ureq::Agent, endpoint: &str, player: &str) -> Result<String, TokenError> {
    let mut answer = agent.post(endpoint).query("player", player).send_empty()?;
    let answer: Value = answer.body_mut().read_json()?;
    Ok(answer["access_token"].as_str().ok_or("the issuer answered without a token")?.to_owned())
}

/// Whose token it is, unverified: the server does that.
fn subject(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims["sub"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of tokens of these players, removed with its directory.
    fn file(name: &str, lines: &[&str]) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("muster-ops-{}-{name}", std::process::id()));
        std::fs::write(&path, lines.join("\n")).unwrap();
        path
    }

    #[test]
    fn a_token_tells_whose_it_is() {
        let token = |sub: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{sub}"}}"#)));
        let path = file("good", &[&token("zoë"), "", &token("yan"), "broken"]);
        let players = Players::of_file(&path, 2).unwrap();
        assert_eq!((players.name(0), players.name(1), players.count()), ("zoë", "yan", 2));
        let wrong = |count| Players::of_file(&path, count).err().unwrap().to_string();
        assert_eq!(wrong(3), "--tokens: line 4 is no token with a sub");
        let path = file("few", &[&token("zoë")]);
        assert!(Players::of_file(&path, 2).err().unwrap().to_string().contains("has 1 tokens"));
    }

    #[test]
    fn only_a_local_stack_issues_tokens() {
        assert_eq!(local_address("ws://[::1]:7000/dev").unwrap(), "http://[::1]:7000");
        assert!(Players::of_local_stack("wss://a.example/dev", "r", 1).err().unwrap().to_string().contains("--tokens"));
        assert_eq!(Players::of_local_stack("ws://127.0.0.1:1/dev", "r", 3).unwrap().name(2), "load-r-2");
    }
}
