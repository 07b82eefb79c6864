//! Many idle connections are cheap.

use std::time::Instant;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::stack::Stack;

/// Resident kilobytes of this process.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
#[ignore = "a measurement, which needs 20,000 open files"]
async fn ten_thousand_idle_connections() {
    let stack = Stack::start(|api, _| {
        api.routes.remove("$connect");
        api.routes.remove("$disconnect");
    })
    .await;
    let (before, start) = (resident_kb(), Instant::now());
    let mut clients = vec![];
    for _ in 0..9_000 {
        let mut stream = TcpStream::connect(stack.address).await.unwrap();
        let head = "GET /dev HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 101");
        clients.push(stream);
    }
    let each = (resident_kb() - before) as f64 / clients.len() as f64;
    println!("{} connections in {:?}, {each:.1} KB each, clients included", clients.len(), start.elapsed());
    stack.stop().await;
}
