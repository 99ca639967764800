//! Certificates for tests: an authority in a folder, and what it has signed.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// An authority. Its own certificate is `NAME.pem` in the folder.
pub struct Pki {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// When a certificate is good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// For months to come.
    Now,
    /// For so many hours more.
    Hours(u64),
    Past,
    Future,
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::OrganizationName, "Test, \"quoted\"");
    names.push(DnType::CommonName, name);
    names
}

impl Pki {
    pub fn new(folder: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // What strict clients ask for.
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        fs::write(folder.join(format!("{name}.pem")), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { folder: folder.to_owned(), issuer: Issuer::new(params, key) }
    }

    /// The pair of a server on this machine: `NAME.pem` and `NAME.key`.
    pub fn server(&self, name: &str) -> &Self {
        self.sign(name, Dates::Now, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// The same, with a certificate that is not good now.
    pub fn server_of(&self, name: &str, dates: Dates) -> &Self {
        self.sign(name, dates, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// The pair of a client.
    pub fn client(&self, name: &str, dates: Dates) -> &Self {
        self.sign(name, dates, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, name: &str, dates: Dates, usage: ExtendedKeyUsagePurpose) -> &Self {
        let mut params =
            CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.distinguished_name = named(name);
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let day = Duration::from_hours(24);
        let now = SystemTime::now();
        (params.not_before, params.not_after) = match dates {
            Dates::Now => ((now - day).into(), (now + 90 * day).into()),
            Dates::Hours(hours) => ((now - day).into(), (now + Duration::from_hours(hours)).into()),
            Dates::Past => (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 2, 3)),
            Dates::Future => (date_time_ymd(2101, 4, 5), date_time_ymd(2102, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(name, "pem"), certificate.pem()).unwrap();
        let secret = self.path(name, "key");
        fs::write(&secret, key.serialize_pem()).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        self
    }

    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}.{kind}"))
    }
}

/// A client that trusts `ca.pem` of a folder, and shows a pair of it if one is named.
pub fn client(folder: &Path, shown: Option<&str>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    Arc::new(match shown {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let chain = vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
            let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    })
}
