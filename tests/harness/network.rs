//! A network between a player and a stack, which a test can cut: what is on its way is lost, and nothing can be reached.

use std::net::Ipv4Addr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// A network that is up until it is cut.
pub struct Network {
    port: u16,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    is_down: bool,
    /// How often it was cut: a cut counts however soon it is mended.
    cuts: u64,
}

impl Network {
    /// A network that leads to the socket at `url`.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = url.split('/').nth(2).unwrap().to_owned();
        let state = watch::Sender::default();
        let seen = state.subscribe();
        tokio::spawn(async move {
            loop {
                let (player, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(player, address.clone(), seen.clone()));
            }
        });
        Self { port, state }
    }

    /// The same URL by way of this network.
    pub fn url(&self, url: &str) -> String {
        let path = url.splitn(4, '/').nth(3).unwrap();
        format!("ws://127.0.0.1:{}/{path}", self.port)
    }

    /// Ends every connection without a word, and lets none be made.
    pub fn cut(&self) {
        self.state.send_modify(|state| *state = State { is_down: true, cuts: state.cuts + 1 });
    }

    /// Lets connections be made again.
    pub fn mend(&self) {
        self.state.send_modify(|state| state.is_down = false);
    }
}

/// Carries bytes both ways until one side or the network ends.
async fn carry(mut player: TcpStream, address: String, mut state: watch::Receiver<State>) {
    let State { is_down, cuts } = *state.borrow_and_update();
    if !is_down {
        let mut stack = TcpStream::connect(address).await.unwrap();
        tokio::select! {
            // Whichever side has ended, the other is told by the end of its connection.
            ended = copy_bidirectional(&mut player, &mut stack) => drop(ended),
            _ = state.wait_for(|state| state.cuts > cuts) => stack.set_zero_linger().unwrap(),
        }
    }
    player.set_zero_linger().unwrap();
}
