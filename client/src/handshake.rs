//! Opens one WebSocket.

use std::{io, time::SystemTime};

use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Error,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, header::AUTHORIZATION},
        protocol::WebSocketConfig,
    },
};
use url::Url;

use crate::{ConnectError, Options, expiry};

/// An open socket.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Most messages are a few hundred bytes; a larger one grows the buffer for its own time.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// API Gateway pushes at most 128 KB.
const LARGEST_PUSH_BYTES: usize = 1024 * 1024;

/// A socket, which is large, and when the token expires with which it was opened, if that is known.
pub(crate) struct Opened {
    pub(crate) socket: Socket,
    pub(crate) expires_at: Option<SystemTime>,
}

/// Makes one attempt to connect, with a token of its own.
pub(crate) async fn connect(options: &Options) -> Result<Box<Opened>, ConnectError> {
    // The handshake's state is large and short-lived, so that it must not become part of the driver's.
    let attempt = Box::pin(async {
        let token = options.token.get().await.map_err(ConnectError::Token)?;
        let expires_at = expiry::of(&token);
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).max_message_size(Some(LARGEST_PUSH_BYTES));
        // Requests are small and each one is waited for, so that Nagle's algorithm would only delay them.
        let (socket, _) = connect_async_with_config(request(options, &token)?, Some(config), true)
            .await
            .map_err(|error| connect_error(options, error))
            .map_err(|error| if error.is_refusal() && has_passed(expires_at) { ConnectError::TokenExpired } else { error })?;
        Ok(Box::new(Opened { socket, expires_at }))
    });
    tokio::time::timeout(options.connect_timeout, attempt).await.map_err(|_| ConnectError::TimedOut(options.connect_timeout))?
}

/// The clock of this machine may be wrong, so that this only explains what the server has decided.
fn has_passed(time: Option<SystemTime>) -> bool {
    time.is_some_and(|time| time < SystemTime::now())
}

fn request(options: &Options, token: &str) -> Result<Request, ConnectError> {
    let invalid = |problem: String| ConnectError::InvalidUrl { url: options.url.clone(), problem };
    let mut url = Url::parse(&options.url).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "ws" | "wss") {
        return Err(invalid(format!("it begins with {}: instead of ws: or wss:", url.scheme())));
    }
    if options.token_in_query {
        url.query_pairs_mut().append_pair("token", token);
    }
    let mut request = url.as_str().into_client_request().map_err(|error| invalid(error.to_string()))?;
    if !options.token_in_query {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| ConnectError::Token("it has characters that a header cannot carry".into()))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

fn connect_error(options: &Options, error: Error) -> ConnectError {
    match error {
        Error::Http(response) => match response.status().as_u16() {
            401 => ConnectError::Unauthorized,
            403 => ConnectError::Forbidden,
            status => ConnectError::Status { status },
        },
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => ConnectError::NoListener { url: options.url.clone() },
        error => ConnectError::Network(Box::new(error)),
    }
}
