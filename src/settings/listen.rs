//! Where `serve` listens: two flags and three variables, of which one address comes.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::ValueHint;

use super::{Origin, Setting, SettingError, Spec, Takes, lookup::Lookup, values::socket_path};
use crate::parse;

pub(super) static LISTEN: Spec = Spec {
    flag: "listen",
    variable: "BIND_ADDRESS, PORT",
    default: "127.0.0.1:8080",
    takes: Takes::One("ADDRESS:PORT"),
    help: "TCP address and port to listen on",
    excludes: Some("uds"),
    ..Spec::NONE
};

pub(super) static UDS: Spec = Spec {
    flag: "uds",
    variable: "UDS_PATH",
    takes: Takes::One("PATH"),
    hint: ValueHint::FilePath,
    help: "Unix socket to listen on instead",
    is_of_host: true,
    ..Spec::NONE
};

static BIND_ADDRESS: Spec = Spec { variable: "BIND_ADDRESS", ..Spec::NONE };
static PORT: Spec = Spec { variable: "PORT", ..Spec::NONE };

/// Where `serve` listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// On a TCP port.
    Tcp(SocketAddr),
    /// On a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Listen {
    /// A flag overrides the environment, even across `--listen` and `UDS_PATH`.
    pub(super) fn find<S>(look: &Lookup<'_, S>) -> Result<Setting<Self>, SettingError> {
        let flag = Spec { variable: "", default: "", ..LISTEN };
        let address = look.setting(&flag, |text| {
            text.parse()
                .map(Some)
                .map_err(|_| "an IP address and a port, such as `127.0.0.1:8080`".to_owned())
        })?;
        if let Some(address) = address.value {
            return Ok(Setting { value: Self::Tcp(address), origin: Origin::Flag });
        }
        let uds = look.setting(&UDS, |text| socket_path(text).map(Some))?;
        if let Some(path) = uds.value {
            return Ok(Setting { value: Self::Unix(path), origin: uds.origin });
        }
        let address = look.setting(&BIND_ADDRESS, |text| {
            text.parse::<IpAddr>().map(Some).map_err(|_| "an IP address".to_owned())
        })?;
        let port = look.setting(&PORT, |text| {
            let port = parse::whole(text).and_then(|port| u16::try_from(port).ok());
            port.map(Some).ok_or_else(|| "a port number from 0 to 65535".to_owned())
        })?;
        let origin = if address.origin == Origin::Environment { address.origin } else { port.origin };
        let ip = address.value.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(Setting { value: Self::Tcp(SocketAddr::new(ip, port.value.unwrap_or(8080))), origin })
    }
}
