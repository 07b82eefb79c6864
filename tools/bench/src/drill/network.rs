//! A way between two programs that can be cut: what is on it is lost, and the other side cannot be reached until it is mended.

use std::net::Ipv4Addr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::Result;

/// A way that is open until it is cut.
pub struct Network {
    port: u16,
    state: watch::Sender<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Where it leads, once that is known.
    address: Option<String>,
    is_down: bool,
    /// How often it was cut: a cut counts however soon it is mended.
    cuts: u64,
}

impl Network {
    /// A way that leads nowhere yet.
    pub async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let state = watch::Sender::default();
        let seen = state.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, seen.clone()));
            }
        });
        Ok(Self { port, state })
    }

    /// From now on it leads to the host of this URL. The URL by this way.
    pub fn lead_to(&self, url: &str) -> Result<String> {
        let mut parts = url.splitn(4, '/');
        let (scheme, address, path) = (parts.next(), parts.nth(1), parts.next().unwrap_or_default());
        let (Some(scheme), Some(address)) = (scheme, address) else { return Err(format!("{url} is no URL").into()) };
        self.state.send_modify(|state| state.address = Some(address.to_owned()));
        Ok(format!("{scheme}//127.0.0.1:{}/{path}", self.port))
    }

    /// Its own address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Ends every connection without a word, and lets none be made.
    pub fn cut(&self) {
        self.state.send_modify(|state| (state.is_down, state.cuts) = (true, state.cuts + 1));
    }

    /// Lets connections be made again.
    pub fn mend(&self) {
        self.state.send_modify(|state| state.is_down = false);
    }
}

/// Carries bytes both ways until one side or the way ends. That a side cannot be reached any more, the other is told by its own end.
async fn carry(mut near: TcpStream, mut state: watch::Receiver<State>) {
    let State { address, is_down, cuts } = state.borrow_and_update().clone();
    if let Some(address) = address.filter(|_| !is_down)
        && let Ok(mut far) = TcpStream::connect(address).await
    {
        let is_cut = tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => false,
            _ = state.wait_for(|state| state.cuts > cuts) => true,
        };
        if !is_cut {
            return;
        }
        drop(far.set_zero_linger());
    }
    drop(near.set_zero_linger());
}
