//! The issuer's address, and which addresses keys may be fetched from.

use std::net::IpAddr;

use http::{Uri, uri::Scheme};

/// An issuer as its tokens and its discovery document spell it.
#[derive(Clone, Debug)]
pub struct IssuerUrl {
    text: String,
    configuration: Uri,
    is_loopback: bool,
}

impl IssuerUrl {
    /// Reads an issuer: https, or http on loopback, without query or fragment (OpenID Connect Discovery 1.0, section 3).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let address = |part: &str| part.parse::<Uri>().map_err(|error| format!("'{text}' is not an address: {error}"));
        let uri = address(text)?;
        if text.contains(['?', '#']) {
            return Err(format!("'{text}' has a query or a fragment"));
        }
        match (uri.scheme(), is_loopback(&uri)) {
            (Some(scheme), is_loopback) if *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && is_loopback) => {
                let configuration = address(&format!("{}/.well-known/openid-configuration", text.trim_end_matches('/')))?;
                Ok(Self { text: text.to_owned(), configuration, is_loopback })
            }
            _ => Err(format!("'{text}' is not an https address (plain http is for loopback only)")),
        }
    }

    /// The issuer, to the letter.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where its discovery document is (OpenID Connect Discovery 1.0, section 4).
    pub fn configuration(&self) -> &Uri {
        &self.configuration
    }

    /// Whether keys at this address can be trusted as much as the issuer itself.
    pub fn may_refer_to(&self, uri: &Uri) -> bool {
        uri.scheme() == Some(&Scheme::HTTPS) || (self.is_loopback && uri.scheme() == Some(&Scheme::HTTP) && is_loopback(uri))
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_on_loopback() {
        for good in [
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc",
            "https://issuer.example/",
            "http://127.0.0.1:6878/issuer",
            "http://127.8.9.1",
            "http://localhost:6878/issuer",
            "http://[::1]:6878",
        ] {
            assert_eq!(IssuerUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "http://issuer.example",
            "http://localhost.issuer.example",
            "http://127.0.0.1@issuer.example",
            "http://10.0.0.1",
            "ftp://127.0.0.1",
            "issuer.example",
            "/issuer",
            "https://",
            "https://issuer.example?pool=1",
            "https://issuer.example#x",
        ] {
            let problem = IssuerUrl::parse(bad).unwrap_err();
            assert!(problem.contains(bad), "{bad}: {problem}");
        }
    }

    #[test]
    fn the_discovery_document_is_below_the_issuer() {
        for (issuer, document) in [
            ("https://a.example", "https://a.example/.well-known/openid-configuration"),
            ("https://a.example/", "https://a.example/.well-known/openid-configuration"),
            ("https://a.example/pool", "https://a.example/pool/.well-known/openid-configuration"),
        ] {
            assert_eq!(IssuerUrl::parse(issuer).unwrap().configuration(), document);
        }
    }

    #[test]
    fn an_issuer_on_the_network_cannot_send_us_to_plain_http() {
        let [network, loopback] = ["https://a.example", "http://127.0.0.1"].map(|issuer| IssuerUrl::parse(issuer).unwrap());
        let may = |issuer: &IssuerUrl, uri: &str| issuer.may_refer_to(&uri.parse().unwrap());
        assert!(may(&network, "https://keys.example/jwks"));
        assert!(!may(&network, "http://keys.example/jwks"));
        assert!(!may(&network, "http://127.0.0.1/jwks"));
        assert!(!may(&network, "/jwks"));
        assert!(may(&loopback, "http://localhost:1/jwks"));
        assert!(!may(&loopback, "http://keys.example/jwks"));
    }
}
