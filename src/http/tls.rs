//! TLS: its files, read at startup and reloaded on SIGHUP.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::{TLS12, TLS13},
};
use x509_cert::{Certificate, der::Decode};

use super::{expiry::Expiry, key_file};
use crate::{
    settings::{HostFile, SettingError, TlsFiles},
    system::lock,
};

/// TLS with the current certificate and key.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    config: RwLock<Arc<ServerConfig>>,
    expiry: Mutex<Option<Expiry>>,
    generation: AtomicU64,
}

impl Tls {
    /// Reads the files; what is odd about them and no reason to stop is said in the log.
    /// Fails when one cannot be read or used, or they do not belong together.
    pub fn read(files: &TlsFiles) -> Result<Self, SettingError> {
        let (config, expiry) = configure(files)?;
        let tls = Self {
            files: files.clone(),
            config: RwLock::new(Arc::new(config)),
            expiry: Mutex::new(expiry),
            generation: AtomicU64::new(0),
        };
        tls.warn_of_expiry();
        Ok(tls)
    }

    /// The configuration for a new connection.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The number of reloads: if it differs from that at a connection's start, its client certificate was
    /// verified with older files.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Reloads the files. Existing connections keep their configuration.
    /// Errors: as [`Tls::read`]; the previous files stay in use then.
    pub fn renew(&self) -> Result<(), SettingError> {
        let (config, expiry) = configure(&self.files)?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        *lock(&self.expiry) = expiry;
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.warn_of_expiry();
        Ok(())
    }

    /// Says in the log if the certificate in force is about to expire; at most once a day. It is no reason to stop:
    /// the clock may be wrong, and clients decide for themselves what they accept.
    pub fn warn_of_expiry(&self) {
        let mut expiry = lock(&self.expiry);
        if let Some(warning) = expiry.as_mut().and_then(|expiry| expiry.warning(Timestamp::now())) {
            log::warn!("{warning}");
        }
    }

    /// When the certificate in force expires.
    pub fn expires_at(&self) -> Option<Timestamp> {
        lock(&self.expiry).as_ref().map(Expiry::until)
    }

    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let TlsFiles { certificate, key, client_ca, .. } = &self.files;
        [Some(certificate), Some(key), client_ca.as_ref()]
            .into_iter()
            .flatten()
            .map(|file| file.path.as_path())
    }
}

fn configure(files: &TlsFiles) -> Result<(ServerConfig, Option<Expiry>), SettingError> {
    let provider = Arc::new(ring::default_provider());
    let chain = certificates(&files.certificate)?;
    let expiry = Expiry::of(&files.certificate.path, &chain);
    let key_bytes = key_file::read_secret(&files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key_bytes)
        .map_err(|_| files.key.unusable("it contains no unencrypted private key"))?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| files.certificate.unusable(&error.to_string()))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let roots = Arc::new(roots(ca)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            let verifier = if files.is_client_required { verifier } else { verifier.allow_unauthenticated() };
            builder
                .with_client_cert_verifier(verifier.build().map_err(|error| ca.unusable(&error.to_string()))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => files.key.unusable("it does not match the certificate"),
        rustls::Error::InvalidCertificate(_) => {
            files.certificate.unusable("its first certificate is invalid")
        }
        _ => files.key.unusable("its key type is not supported"),
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Each connection presents its certificate again: one that has expired or lost its CA cannot be used
    // through an old session.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok((config, expiry))
}

fn certificates(file: &HostFile) -> Result<Vec<CertificateDer<'static>>, SettingError> {
    let bytes = key_file::read(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(file.unusable("it contains no certificate")),
    }
}

fn roots(ca: &HostFile) -> Result<RootCertStore, SettingError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|_| ca.unusable("it contains an invalid certificate"))?;
    }
    Ok(roots)
}

/// The subject of a client's certificate, as RFC 4514 writes it; of one that was verified.
pub(super) fn subject(certificate: &CertificateDer<'_>) -> String {
    let subject = Certificate::from_der(certificate).map(|one| one.tbs_certificate().subject().to_string());
    subject.ok().filter(|subject| !subject.is_empty()).unwrap_or_else(|| "(no subject)".to_owned())
}
