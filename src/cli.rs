//! The command line, as types. The help, the man pages and the completions are rendered from them.

use crate::service::{self, Service};
use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

/// Show the health of a confidential GPU VM: units, logs, GPUs and one verdict
///
/// Shows which of seven systemd units are healthy, what they logged last, what the GPUs report, and
/// one verdict: ok, or degraded with the reasons. It only reads: it starts `systemctl show`,
/// `journalctl` and `nvidia-smi`, and no other program.
#[derive(Debug, Parser)]
#[command(
    name = "sek8s-status",
    version,
    color = ColorChoice::Auto,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = MAIN_HELP,
    after_long_help = MAIN_LONG_HELP,
)]
pub struct Cli {
    /// What to show.
    #[command(subcommand)]
    pub command: Command,
    /// What every subcommand takes.
    #[command(flatten)]
    pub global: GlobalFlags,
}

const MAIN_HELP: &str = "\
Start with `sek8s-status overview`; --demo works on any machine.
Exit codes: 0 healthy, 1 degraded or unhealthy, 2 could not tell";

const MAIN_LONG_HELP: &str = "\
Examples:
  sek8s-status overview               is this VM healthy, and if not, why?
  sek8s-status logs k3s -n 50         the last 50 log entries of one service
  sek8s-status overview --json | jq .reasons
  sek8s-status overview --demo        try it on any machine

Exit codes:
  0  healthy
  1  something is degraded or unhealthy
  2  could not tell: usage error, unknown service id, missing program, timeout";

const SERVE_HELP: &str = "\
Examples:
  sek8s-status serve                 listen on http://127.0.0.1:8080
  sek8s-status serve --check         print every setting with its origin
  curl -s http://127.0.0.1:8080/overview | jq .status
Paths, TLS and authentication: see --help";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the supported services
    #[command(after_help = "Example:\n  sek8s-status services --json | jq -r '.services[].id'")]
    Services,
    /// Show the state of services in systemd
    #[command(after_help = "\
Examples:
  sek8s-status status                 all services, as a table
  sek8s-status status k3s             one service, with details
  sek8s-status status k3s --json
Exit codes: 0 healthy, 1 unhealthy, 2 could not tell")]
    Status(Status),
    /// Show the last log entries of a service
    #[command(after_help = "\
Examples:
  sek8s-status logs k3s               the last 200 entries
  sek8s-status logs k3s -n 5 --since 1h30m
  sek8s-status logs k3s -f            follow new entries
  sek8s-status logs k3s --json --entries | jq '.entries[].message'")]
    Logs(Logs),
    /// Show what nvidia-smi reports
    #[command(after_help = "\
Examples:
  sek8s-status gpu                    one row per GPU
  sek8s-status gpu --gpu 3 --detail   the full report (-q) of GPU 3
  sek8s-status gpu --raw              the output of nvidia-smi itself
  sek8s-status gpu --json --parsed | jq '.gpus[].temperature_c'")]
    Gpu(GpuFlags),
    /// Show all services and GPUs, with one verdict and its reasons
    #[command(after_help = "\
Examples:
  sek8s-status overview
  sek8s-status overview --watch 5s    repeat until Ctrl-C
  sek8s-status overview --json | jq .reasons
  sek8s-status overview --masked-ok nvidia-fabricmanager
Exit codes: 0 ok, 1 degraded, 2 could not tell")]
    Overview(OverviewFlags),
    /// Serve the same reports over HTTP
    #[command(after_help = SERVE_HELP, after_long_help = SERVE_LONG_HELP)]
    Serve(Box<Serve>),
    /// List every command line that sek8s-status can run
    #[command(after_help = "Example:\n  sek8s-status commands --json")]
    Commands,
    /// Show the privileges that are needed, and how to grant missing ones
    #[command(after_help = PRIVILEGES_HELP)]
    Privileges,
}

const PRIVILEGES_HELP: &str = "\
Examples:
  sek8s-status privileges
  sudo sek8s-status privileges            those that remain when started as root
  sudo -u chutes sek8s-status privileges  those of user chutes
Exit codes: 0 all present, 1 something is missing";

/// The tests of docs/authentication.md run the recipes line by line.
const SERVE_LONG_HELP: &str = r#"Examples:
  sek8s-status serve                  listen on http://127.0.0.1:8080
  sek8s-status serve --listen '[::1]:9000' --path-prefix /status
  sek8s-status serve --uds /run/sek8s-status/http.sock
  sek8s-status serve --check          print every setting with its origin
  sek8s-status serve --tls-cert chain.pem --tls-key key.pem --auth-token-file tokens
  curl -s http://127.0.0.1:8080/overview | jq .status

Paths:
  /health  /services  /overview
  /services/{id}/status
  /services/{id}/logs?lines=200&since_minutes=60&entries=true
  /gpu/nvidia-smi?detail=true&gpu=0&parsed=true

Listening sockets:
  Sockets passed by systemd have precedence over flags, and flags over the environment: UDS_PATH,
  or BIND_ADDRESS and PORT (default 127.0.0.1 and 8080).

Authentication:
  All clients are served, unless --client-ca, --auth-token-file, --allowed-validators or
  --miner-ss58 is set. Keys and tokens are read before privileges are dropped, and again on SIGHUP.
  docs/authentication.md describes each set-up.

A CA and two certificates:
  new="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365"
  $new -subj /CN=status-CA -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
  for="-CA ca.pem -CAkey ca.key -addext basicConstraints=CA:FALSE -addext extendedKeyUsage"
  $new -subj /CN=vm -addext subjectAltName=DNS:localhost -keyout vm.key -out vm.pem $for=serverAuth
  $new -subj /CN=monitor -keyout client.key -out client.pem $for=clientAuth

TLS:
  sek8s-status serve --tls-cert vm.pem --tls-key vm.key &
  curl --cacert ca.pem https://localhost:8080/services

Client certificates:
  sek8s-status serve --tls-cert vm.pem --tls-key vm.key --client-ca ca.pem &
  curl --cacert ca.pem --cert client.pem --key client.key https://localhost:8080/services

Tokens:
  (umask 077; openssl rand -hex 32 >tokens)
  sek8s-status serve --tls-cert vm.pem --tls-key vm.key --auth-token-file tokens &
  curl --cacert ca.pem -H "Authorization: Bearer $(cat tokens)" https://localhost:8080/services

Signed requests (sign.py is in docs/authentication.md):
  sek8s-status serve --miner-ss58 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY &
  read -r hotkey nonce signature < <(python3 sign.py)
  curl -H "X-Chutes-Hotkey: $hotkey" -H "X-Chutes-Nonce: $nonce" \
      -H "X-Chutes-Signature: $signature" http://localhost:8080/services"#;

/// Flags that are allowed before and after the subcommand.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalFlags {
    /// Print JSON, the same document as over HTTP
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colors
    ///
    /// `auto` uses them on a terminal, unless NO_COLOR is set or TERM is dumb. [default: auto]
    #[arg(long, global = true, value_enum, value_name = "auto|always|never", default_value_t = Color::Auto, hide_default_value = true, hide_possible_values = true)]
    pub color: Color,
    /// Use recorded data; run no programs
    #[arg(long, global = true)]
    pub demo: bool,
    /// Time limit for each program, at most 60s (a plain number is in seconds)
    ///
    /// [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]
    #[arg(long, global = true, value_name = "DURATION", value_hint = ValueHint::Other, help_heading = LIMITS, hide_short_help = true)]
    pub timeout: Option<String>,
    /// Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)
    ///
    /// [default: 16KiB] [env: MAX_OUTPUT_BYTES]
    #[arg(long, global = true, value_name = "SIZE", value_hint = ValueHint::Other, help_heading = LIMITS, hide_short_help = true)]
    pub max_output: Option<String>,
    /// Default number of log entries, 1 to 5000
    ///
    /// [default: 200] [env: LOG_TAIL_DEFAULT]
    #[arg(long, global = true, value_name = "N", value_hint = ValueHint::Other, help_heading = LIMITS, hide_short_help = true)]
    pub log_default: Option<String>,
    /// Maximum number of log entries, 100 to 10000
    ///
    /// [default: 1000] [env: LOG_TAIL_MAX]
    #[arg(long, global = true, value_name = "N", value_hint = ValueHint::Other, help_heading = LIMITS, hide_short_help = true)]
    pub log_max: Option<String>,
    /// Maximum age of log entries in minutes, 1 to 10080
    ///
    /// [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]
    #[arg(long, global = true, value_name = "MINUTES", value_hint = ValueHint::Other, help_heading = LIMITS, hide_short_help = true)]
    pub log_window: Option<String>,
    /// Treat this service as healthy if its unit is masked (repeatable)
    ///
    /// Comma-separated in the environment. [env: MASKED_OK]
    #[arg(long, global = true, value_name = "ID", help_heading = HOST, hide_short_help = true)]
    pub masked_ok: Vec<String>,
    /// Show in an overview the log line that most likely explains a failed service
    ///
    /// [default: on] [env: LAST_LOG]
    #[arg(long, global = true, value_name = "on|off", value_hint = ValueHint::Other, help_heading = HOST, hide_short_help = true)]
    pub last_log: Option<String>,
    /// Colon-separated directories to search for the programs
    ///
    /// [default: /usr/bin:/bin:/usr/local/bin:/usr/local/nvidia/bin] [env: PROGRAM_PATH]
    #[arg(long, global = true, value_name = "DIRECTORIES", value_hint = ValueHint::DirPath, help_heading = HOST, hide_short_help = true)]
    pub program_path: Option<String>,
    /// Colon-separated journal directories, to distinguish an empty journal from a missing one
    ///
    /// [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]
    #[arg(long, global = true, value_name = "DIRECTORIES", value_hint = ValueHint::DirPath, help_heading = HOST, hide_short_help = true)]
    pub journal_path: Option<String>,
    /// User to switch to when started as root
    ///
    /// [default: chutes, else nobody] [env: RUN_AS]
    #[arg(long, global = true, value_name = "USER", value_hint = ValueHint::Username, help_heading = HOST, hide_short_help = true)]
    pub run_as: Option<String>,
}

const AUTHENTICATION: &str = "Authentication";
const LIMITS: &str = "Limits";
const HOST: &str = "This host";

/// When to use colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always, even if NO_COLOR is set.
    Always,
    /// Never.
    Never,
}

/// `status`
#[derive(Debug, Args)]
pub struct Status {
    /// Service ids, see `sek8s-status services` [default: all]
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

/// `logs`
#[derive(Debug, Args)]
pub struct Logs {
    /// Service id, see `sek8s-status services`
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show the last N entries
    ///
    /// At most --log-max. [default: --log-default]
    #[arg(short = 'n', long, value_name = "N", value_hint = ValueHint::Other, allow_hyphen_values = true)]
    pub lines: Option<String>,
    /// Maximum age of entries, such as `1h30m`
    ///
    /// At most --log-window.
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, conflicts_with = "follow")]
    pub since: Option<String>,
    /// Show only this priority and worse
    ///
    /// 0 to 7, or emerg, alert, crit, err, warning, notice, info or debug.
    #[arg(short, long, value_name = "PRIORITY", value_hint = ValueHint::Other, allow_hyphen_values = true)]
    pub priority: Option<String>,
    /// Show local times instead of UTC
    #[arg(long, conflicts_with = "json")]
    pub local: bool,
    /// Follow new entries until Ctrl-C
    ///
    /// With --json, prints one entry object per line.
    #[arg(short, long)]
    pub follow: bool,
    /// With --json, include parsed entries
    #[arg(long, requires = "json", conflicts_with = "follow")]
    pub entries: bool,
}

/// `gpu`
#[derive(Debug, Args)]
pub struct GpuFlags {
    /// Show the full report (nvidia-smi -q)
    #[arg(long)]
    pub detail: bool,
    /// GPU index, or all
    #[arg(long, value_name = "N|all", value_hint = ValueHint::Other, default_value = "all", allow_hyphen_values = true)]
    pub gpu: String,
    /// Show the output of nvidia-smi itself
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
    /// With --json, include one parsed row per GPU
    #[arg(long, requires = "json")]
    pub parsed: bool,
}

/// `overview`
#[derive(Debug, Args)]
pub struct OverviewFlags {
    /// Repeat until Ctrl-C, every 2s by default
    ///
    /// With --json, prints one document per line.
    #[arg(long, value_name = "INTERVAL", value_hint = ValueHint::Other, num_args = 0..=1, default_missing_value = "2s", value_parser = interval)]
    pub watch: Option<std::time::Duration>,
}

/// `serve`
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// TCP address and port to listen on
    ///
    /// [default: 127.0.0.1:8080] [env: BIND_ADDRESS, PORT]
    #[arg(long, value_name = "ADDRESS:PORT", value_hint = ValueHint::Other, conflicts_with = "uds")]
    pub listen: Option<String>,
    /// Unix socket to listen on instead
    ///
    /// [env: UDS_PATH]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub uds: Option<String>,
    /// Permission bits of the Unix socket
    ///
    /// [default: 0660] [env: UDS_MODE]
    #[arg(long, value_name = "MODE", value_hint = ValueHint::Other)]
    pub uds_mode: Option<String>,
    /// Serve all paths under this prefix, too
    ///
    /// For example `/status`. [env: PATH_PREFIX]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::Other)]
    pub path_prefix: Option<String>,
    /// Maximum number of connections
    ///
    /// From 1 to 4096; fewer if the limit of open files is low. [default: 64] [env: MAX_CONNECTIONS]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub max_connections: Option<String>,
    /// How long to cache answers
    ///
    /// At most 60s; 0 disables caching. [default: 1s] [env: MAX_AGE]
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other)]
    pub max_age: Option<String>,
    /// Log level: `warn`, `info` or `debug`
    ///
    /// `warn` logs refused and failed requests, `info` also start and end, `debug` every request.
    /// [default: info] [env: LOG_LEVEL]
    #[arg(long, value_name = "LEVEL", value_hint = ValueHint::Other)]
    pub log_level: Option<String>,
    /// Certificate chain (PEM); turns TLS on
    ///
    /// With --tls-key, every TCP connection uses TLS. [env: TLS_CERT_PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = AUTHENTICATION)]
    pub tls_cert: Option<String>,
    /// Private key (PEM) of the certificate
    ///
    /// The file must not be accessible to other users. [env: TLS_KEY_PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = AUTHENTICATION)]
    pub tls_key: Option<String>,
    /// Do not start without TLS
    ///
    /// [env: REQUIRE_TLS]
    #[arg(long, help_heading = AUTHENTICATION)]
    pub require_tls: bool,
    /// CAs (PEM) of accepted client certificates
    ///
    /// [env: CLIENT_CA_PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = AUTHENTICATION)]
    pub client_ca: Option<String>,
    /// Require a client certificate
    ///
    /// Even for /health. [env: MTLS_REQUIRED]
    #[arg(long, help_heading = AUTHENTICATION)]
    pub mtls_required: bool,
    /// Accepted bearer tokens, one per line
    ///
    /// Each has at least 32 characters. The file must not be accessible to other users.
    /// [env: AUTH_TOKEN_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = AUTHENTICATION)]
    pub auth_token_file: Option<String>,
    /// Accept requests signed by these keys
    ///
    /// Comma-separated SS58 addresses. [env: ALLOWED_VALIDATORS]
    #[arg(long, value_name = "SS58", value_hint = ValueHint::Other, help_heading = AUTHENTICATION)]
    pub allowed_validators: Option<String>,
    /// Also accept the miner's own key
    ///
    /// Its SS58 address. [env: MINER_SS58]
    #[arg(long, value_name = "SS58", value_hint = ValueHint::Other, help_heading = AUTHENTICATION)]
    pub miner_ss58: Option<String>,
    /// Require `any` or `all` configured schemes
    ///
    /// The schemes are client certificate, token and signature; /health needs none of them.
    /// [default: any] [env: AUTH]
    #[arg(long, value_name = "any|all", value_hint = ValueHint::Other, help_heading = AUTHENTICATION)]
    pub auth: Option<String>,
    /// Print every setting with its origin
    ///
    /// Exits with 0 if the server could start, with 2 if not.
    #[arg(long)]
    pub check: bool,
}

fn interval(text: &str) -> Result<std::time::Duration, String> {
    let allowed = "it must be a duration from 100ms to 1h, such as `2s`";
    let interval = humantime::parse_duration(text).map_err(|_| allowed.to_owned())?;
    if (std::time::Duration::from_millis(100)..=std::time::Duration::from_hours(1)).contains(&interval) {
        Ok(interval)
    } else {
        Err(allowed.to_owned())
    }
}

/// The whole command line, for the man pages.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The same for the completions, with the service ids as values. On the real command line an unknown id is
/// not a usage error: it has an error code of its own.
#[must_use]
pub fn command_for_completions() -> clap::Command {
    let ids = |argument: clap::Arg| {
        argument.value_parser(service::all().iter().map(Service::id).collect::<Vec<_>>())
    };
    Cli::command()
        .mut_arg("masked_ok", ids)
        .mut_subcommand("status", |status| status.mut_arg("ids", ids))
        .mut_subcommand("logs", |logs| logs.mut_arg("id", ids))
}
