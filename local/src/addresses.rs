//! Where everything is, for people and for programs.

use std::{fmt, net::SocketAddr};

use serde::Serialize;

use crate::web;

/// The addresses of a running stack.
#[derive(Clone, Serialize)]
pub struct Addresses {
    /// Where players connect.
    pub url: String,
    /// Where AWS clients connect.
    pub endpoint: String,
    /// Who issues tokens.
    pub issuer: String,
    /// Where a browser plays, if there is a page.
    pub page: Option<String>,
}

impl Addresses {
    pub fn new(socket: SocketAddr, stage: &str, has_page: bool) -> Addresses {
        let endpoint = format!("http://{socket}");
        let page = has_page.then(|| format!("{endpoint}{}", web::ROOT));
        Addresses { url: format!("ws://{socket}/{stage}"), issuer: format!("{endpoint}/issuer"), page, endpoint }
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(page) = &self.page {
            writeln!(f, "  browsers play at     {page}")?;
            writeln!(f, "  operators look at    {}/", self.endpoint)?;
        }
        writeln!(f, "  players connect to   {}", self.url)?;
        writeln!(f, "  AWS clients connect  {}   (aws --endpoint-url {0} dynamodb list-tables)", self.endpoint)?;
        writeln!(f, "  tokens come from     {}/token?player=alice", self.issuer)
    }
}
