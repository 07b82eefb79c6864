//! TLS in front of a local stack, as functions have it on AWS.

use std::{
    fs,
    net::Ipv4Addr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use super::LocalStack;

/// What terminates TLS before the stack.
pub struct Tls {
    handshakes: Arc<AtomicUsize>,
    _authority: TempDir,
}

impl Tls {
    /// A stack whose functions reach all services over TLS, by certificates of an authority that they are told to trust.
    pub async fn before_everything() -> (LocalStack, Self) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &root).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let directory = TempDir::new().unwrap();
        let authority = directory.path().join("authority.pem");
        fs::write(&authority, root.pem()).unwrap();

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (stack, handshakes) = (Arc::new(OnceLock::<String>::new()), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(config)), Arc::clone(&stack), Arc::clone(&handshakes)));
        let services = ["apigatewaymanagementapi", "dynamodb", "dynamodb_streams", "gamelift", "lambda", "sqs"];
        let mut arguments: Vec<String> = services.iter().map(|service| format!("--endpoint={service}={url}")).collect();
        arguments.push(format!("--ca-bundle={}", authority.display()));
        let local = LocalStack::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
        stack.set(local.addresses.endpoint.trim_start_matches("http://").to_owned()).unwrap();
        (local, Self { handshakes, _authority: directory })
    }

    /// How many connections have been made.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Relaxed)
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, stack: Arc<OnceLock<String>>, handshakes: Arc<AtomicUsize>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, stack, handshakes) = (acceptor.clone(), Arc::clone(&stack), Arc::clone(&handshakes));
        tokio::spawn(async move {
            // Whoever does not trust the certificate goes away, and nothing comes of it.
            let Ok(mut outside) = acceptor.accept(stream).await else { return };
            handshakes.fetch_add(1, Relaxed);
            let mut inside = TcpStream::connect(stack.get().expect("nobody calls before the stack is there")).await.unwrap();
            // However a connection ends, it is over.
            let _ = copy_bidirectional(&mut outside, &mut inside).await;
        });
    }
}
