//! Where everything is, for people and for programs.

use std::{fmt, net::SocketAddr};

use serde_json::{Value, json};

use crate::web;

/// The addresses of a running stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    socket: SocketAddr,
    stage: String,
    page: bool,
}

impl Addresses {
    /// The addresses of a stack that listens at `socket` for the stage `stage`.
    #[must_use]
    pub fn new(socket: SocketAddr, stage: &str) -> Self {
        Self { socket, stage: stage.to_owned(), page: false }
    }

    /// The same of a stack that has a page to play at, or has none.
    #[must_use]
    pub fn with_page(self, page: bool) -> Self {
        Self { page, ..self }
    }

    /// Where players connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/{}", self.socket, self.stage)
    }

    /// Where AWS clients connect.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.socket)
    }

    /// Who issues tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}/issuer", self.socket)
    }

    /// Where a browser plays, if there is a page.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        self.page.then(|| format!("http://{}{}", self.socket, web::ROOT))
    }

    /// Whether this is where clients look when they are told nothing.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.url() == "ws://127.0.0.1:6878/dev"
    }

    /// `{"url":…,"endpoint":…,"issuer":…,"page":…}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"url": self.url(), "endpoint": self.endpoint(), "issuer": self.issuer(), "page": self.page()})
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(page) = self.page() {
            writeln!(f, "  browsers play at     {page}")?;
        }
        writeln!(f, "  players connect to   {}", self.url())?;
        writeln!(f, "  AWS clients connect  {}   (aws --endpoint-url {0} dynamodb list-tables)", self.endpoint())?;
        writeln!(f, "  tokens come from     {}/token?player=alice", self.issuer())
    }
}
