//! An authority that vouches for this machine, and whom each function is told to trust.

use std::{fs, path::Path, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

use crate::Result;

/// Where Linux distributions keep the roots that they trust: Debian's place, and Amazon Linux's.
const SYSTEM_ROOTS: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// A certificate authority of this run.
pub struct Authority {
    /// Terminates TLS as `127.0.0.1`.
    pub acceptor: TlsAcceptor,
    own: PathBuf,
    with_systems: PathBuf,
}

impl Authority {
    /// Makes one, whose certificate is kept in `directory`.
    pub fn new(directory: &Path) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, &root)?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into()?)?;
        let own = directory.join("authority.pem");
        fs::write(&own, root.pem())?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), own, with_systems: directory.join("authorities.pem") })
    }

    /// A file with this authority alone, which Muster's functions take in addition to the roots they have within.
    pub fn own_bundle(&self) -> String {
        self.own.display().to_string()
    }

    /// A file with this authority and all that the system trusts. The SDK's defaults load the system's file, so that is what they load
    /// here.
    pub fn system_bundle(&self) -> Result<String> {
        let mut bundle =
            SYSTEM_ROOTS.iter().find_map(|path| fs::read_to_string(path).ok()).ok_or("this system has no root certificates")?;
        bundle += &fs::read_to_string(&self.own)?;
        fs::write(&self.with_systems, bundle)?;
        Ok(self.with_systems.display().to_string())
    }
}
