//! The command line, as types. The help, the man pages and the completions are rendered from these.

use crate::service::{self, Service};
use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

/// One safe window into a confidential GPU VM.
///
/// Shows which of seven systemd units are healthy, what they logged last, what the GPUs report, and
/// one verdict: ok, or degraded with the reasons. It reads and never changes anything: it starts
/// `systemctl show`, `journalctl -u` and `nvidia-smi`, and no other program.
#[derive(Debug, Parser)]
#[command(
    name = "sek8s-status",
    version,
    color = ColorChoice::Auto,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = MAIN_EXAMPLES,
    after_long_help = MAIN_EXAMPLES,
)]
pub struct Cli {
    /// What to show.
    #[command(subcommand)]
    pub command: Command,
    /// What every subcommand takes.
    #[command(flatten)]
    pub global: GlobalFlags,
}

const MAIN_EXAMPLES: &str = "\
Examples:
  sek8s-status overview               is this VM well, and if not, why?
  sek8s-status logs k3s -n 50         the newest 50 entries of one unit
  sek8s-status overview --json | jq .reasons
  sek8s-status overview --demo        see it all on any machine

Exit codes:
  0  all is well
  1  answered, and something is degraded or unhealthy
  2  could not tell: usage error, unknown id, missing program, timeout";

/// What `-h` says below the flags; a macro, since only literals can be put together.
macro_rules! serve_help {
    () => {
        "\
Examples:
  sek8s-status serve                  http://127.0.0.1:8080
  sek8s-status serve --listen '[::1]:9000' --path-prefix /status
  sek8s-status serve --uds /run/sek8s-status/http.sock
  sek8s-status serve --check          print every setting and where it comes from
  sek8s-status serve --tls-cert chain.pem --tls-key key.pem --auth-token-file tokens
  curl -s http://127.0.0.1:8080/overview | jq .status

Paths:
  /health  /services  /overview
  /services/{id}/status
  /services/{id}/logs?lines=200&since_minutes=60&entries=true
  /gpu/nvidia-smi?detail=true&gpu=0&parsed=true

Sockets passed by systemd come first. Else flags, else the environment: UDS_PATH, or BIND_ADDRESS
and PORT (127.0.0.1 and 8080).

Everybody who can connect may ask, unless --client-ca, --auth-token-file, --allowed-validators or
--miner-ss58 say who. Keys and tokens are read before root is given up, and again on SIGHUP.
`--help` and docs/authentication.md have each set-up in five lines at most."
    };
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the services that can be asked about
    #[command(after_help = "Example:\n  sek8s-status services --json | jq -r '.services[].id'")]
    Services,
    /// Show the state of services as systemd sees it
    #[command(after_help = "\
Examples:
  sek8s-status status                 all of them, as a table
  sek8s-status status k3s             one, with its details
  sek8s-status status k3s --json      exit code 0 healthy, 1 not, 2 could not tell")]
    Status(Status),
    /// Show what a service logged last
    #[command(after_help = "\
Examples:
  sek8s-status logs k3s               the newest 200 entries
  sek8s-status logs k3s -n 5 --since 1h30m
  sek8s-status logs k3s -f            and each new entry as it comes
  sek8s-status logs k3s --json --entries | jq '.entries[].message'")]
    Logs(Logs),
    /// Show what nvidia-smi reports
    #[command(after_help = "\
Examples:
  sek8s-status gpu                    one row a GPU
  sek8s-status gpu --gpu 3 --detail   the long report (-q) of GPU 3
  sek8s-status gpu --raw              nvidia-smi's own banner
  sek8s-status gpu --json --parsed | jq '.gpus[].temperature_c'")]
    Gpu(GpuFlags),
    /// Show everything at once, with one verdict and its reasons
    #[command(after_help = "\
Examples:
  sek8s-status overview
  sek8s-status overview --watch 5s    until Ctrl-C
  sek8s-status overview --json        exit code 0 ok, 1 degraded, 2 could not tell
  sek8s-status overview --masked-ok nvidia-fabricmanager")]
    Overview(OverviewFlags),
    /// Answer the same over HTTP
    #[command(after_help = serve_help!(), after_long_help = SERVE_LONG_HELP)]
    Serve(Box<Serve>),
    /// List every command line that can ever be started
    #[command(after_help = "Example:\n  sek8s-status commands --json")]
    Commands,
    /// Show what each subcommand needs, what is there, and what would grant the rest
    #[command(after_help = PRIVILEGES_HELP)]
    Privileges,
}

const PRIVILEGES_HELP: &str = "\
Examples:
  sek8s-status privileges             exit code 0 all there, 1 something is missing
  sudo sek8s-status privileges        as root: what is left once root is given up
  sudo -u chutes sek8s-status privileges --json | jq '.subcommands[].needs[].grant'";

/// Tried, line by line, in the tests of docs/authentication.md.
const SERVE_LONG_HELP: &str = concat!(
    serve_help!(),
    r#"

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

Signed requests (docs/authentication.md has sign.py, of four lines):
  sek8s-status serve --miner-ss58 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY &
  read -r hotkey nonce signature < <(python3 sign.py)
  curl -H "X-Chutes-Hotkey: $hotkey" -H "X-Chutes-Nonce: $nonce" \
      -H "X-Chutes-Signature: $signature" http://localhost:8080/services"#
);

/// Flags that stand before or after the subcommand.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalFlags {
    /// Print the answer as JSON, the same bytes as over HTTP
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub color: Color,
    /// Answer from recordings that are compiled in, on any machine; starts no program
    #[arg(long, global = true)]
    pub demo: bool,
    /// How long one program may take, up to 60s; a plain number is seconds [default: 10s]
    /// [env: COMMAND_TIMEOUT_SECONDS]
    #[arg(long, global = true, value_name = "DURATION", value_hint = ValueHint::Other, help_heading = LIMITS)]
    pub timeout: Option<String>,
    /// How much text an answer carries, up to 1000000 bytes; a plain number is bytes
    /// [default: 16KiB] [env: MAX_OUTPUT_BYTES]
    #[arg(long, global = true, value_name = "SIZE", value_hint = ValueHint::Other, help_heading = LIMITS)]
    pub max_output: Option<String>,
    /// Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]
    #[arg(long, global = true, value_name = "N", value_hint = ValueHint::Other, help_heading = LIMITS)]
    pub log_default: Option<String>,
    /// The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]
    #[arg(long, global = true, value_name = "N", value_hint = ValueHint::Other, help_heading = LIMITS)]
    pub log_max: Option<String>,
    /// The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]
    #[arg(long, global = true, value_name = "MINUTES", value_hint = ValueHint::Other, help_heading = LIMITS)]
    pub log_window: Option<String>,
    /// A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]
    #[arg(long, global = true, value_name = "ID", help_heading = HOST)]
    pub masked_ok: Vec<String>,
    /// Whether an overview shows the log line that most likely tells why a service failed
    /// [default: on] [env: LAST_LOG]
    #[arg(long, global = true, value_name = "on|off", value_hint = ValueHint::Other, help_heading = HOST)]
    pub last_log: Option<String>,
    /// Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin,
    /// /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]
    #[arg(long, global = true, value_name = "FOLDERS", value_hint = ValueHint::DirPath, help_heading = HOST)]
    pub program_path: Option<String>,
    /// Where journald keeps its files, to tell an empty journal from none
    /// [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]
    #[arg(long, global = true, value_name = "FOLDERS", value_hint = ValueHint::DirPath, help_heading = HOST)]
    pub journal_path: Option<String>,
    /// Who to become when started as root, before anything else is done
    /// [default: chutes, else nobody] [env: RUN_AS]
    #[arg(long, global = true, value_name = "USER", value_hint = ValueHint::Username, help_heading = HOST)]
    pub run_as: Option<String>,
}

const WHO: &str = "Who may ask";
const LIMITS: &str = "Limits";
const HOST: &str = "This host";

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always, NO_COLOR or not.
    Always,
    /// Never.
    Never,
}

/// `status`
#[derive(Debug, Args)]
pub struct Status {
    /// Service ids, as `sek8s-status services` lists them; all of them if none is named
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
}

/// `logs`
#[derive(Debug, Args)]
pub struct Logs {
    /// A service id, as `sek8s-status services` lists them
    #[arg(value_name = "ID")]
    pub id: String,
    /// How many entries, the newest; clamped to 1 and --log-max [default: --log-default]
    #[arg(short = 'n', long, value_name = "N", value_hint = ValueHint::Other, allow_hyphen_values = true)]
    pub lines: Option<String>,
    /// Only entries of so long ago at most, such as `1h30m`; up to --log-window
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other, conflicts_with = "follow")]
    pub since: Option<String>,
    /// Only entries of this priority and worse: 0 to 7, or emerg, alert, crit, err, warning, notice, info, debug
    #[arg(short, long, value_name = "PRIORITY", value_hint = ValueHint::Other)]
    pub priority: Option<String>,
    /// Show times in the time zone of this machine instead of UTC
    #[arg(long, conflicts_with = "json")]
    pub local: bool,
    /// Go on with each new entry as it comes, until Ctrl-C; with --json one entry object a line
    #[arg(short, long)]
    pub follow: bool,
    /// With --json: the parsed entries as well
    #[arg(long, requires = "json", conflicts_with = "follow")]
    pub entries: bool,
}

/// `gpu`
#[derive(Debug, Args)]
pub struct GpuFlags {
    /// The long report (nvidia-smi -q) instead of a table
    #[arg(long)]
    pub detail: bool,
    /// One GPU by its index, or all of them
    #[arg(long, value_name = "N|all", value_hint = ValueHint::Other, default_value = "all", allow_hyphen_values = true)]
    pub gpu: String,
    /// nvidia-smi's own text instead of a table
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
    /// With --json: one parsed row a GPU as well
    #[arg(long, requires = "json")]
    pub parsed: bool,
}

/// `overview`
#[derive(Debug, Args)]
pub struct OverviewFlags {
    /// Show it again and again, until Ctrl-C; with --json one document a line
    #[arg(long, value_name = "INTERVAL", value_hint = ValueHint::Other, num_args = 0..=1, default_missing_value = "2s", value_parser = interval)]
    pub watch: Option<std::time::Duration>,
}

/// `serve`
#[derive(Debug, Default, Args)]
pub struct Serve {
    /// Listen on this TCP address and port [default: 127.0.0.1:8080] [env: BIND_ADDRESS, PORT]
    #[arg(long, value_name = "ADDRESS:PORT", value_hint = ValueHint::Other, conflicts_with = "uds")]
    pub listen: Option<String>,
    /// Listen on this Unix socket instead [env: UDS_PATH]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub uds: Option<String>,
    /// Who may connect to the Unix socket, as permission bits [default: 0660] [env: UDS_MODE]
    #[arg(long, value_name = "MODE", value_hint = ValueHint::Other)]
    pub uds_mode: Option<String>,
    /// Answer all paths under this one as well, such as `/status` [env: PATH_PREFIX]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::Other)]
    pub path_prefix: Option<String>,
    /// The most connections at a time, 1 to 4096; fewer where open files are limited [default: 64]
    /// [env: MAX_CONNECTIONS]
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub max_connections: Option<String>,
    /// How long a finished answer is given out again, up to 60s; 0 means never [default: 1s]
    /// [env: MAX_AGE]
    #[arg(long, value_name = "DURATION", value_hint = ValueHint::Other)]
    pub max_age: Option<String>,
    /// What is logged: `warn` refused and failed requests, `info` also start and end, `debug` every
    /// request [default: info] [env: LOG_LEVEL]
    #[arg(long, value_name = "LEVEL", value_hint = ValueHint::Other)]
    pub log_level: Option<String>,
    /// TLS: the certificate and its chain, in PEM; with --tls-key it is on for every TCP connection
    /// [env: TLS_CERT_PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WHO)]
    pub tls_cert: Option<String>,
    /// The key of that certificate, in PEM, not readable by everybody [env: TLS_KEY_PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WHO)]
    pub tls_key: Option<String>,
    /// Do not start without TLS [env: REQUIRE_TLS]
    #[arg(long, help_heading = WHO)]
    pub require_tls: bool,
    /// Ask clients for a certificate that these CAs have signed, in PEM [env: CLIENT_CA_PATH]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WHO)]
    pub client_ca: Option<String>,
    /// Let nobody in without one, not even for /health [env: MTLS_REQUIRED]
    #[arg(long, help_heading = WHO)]
    pub mtls_required: bool,
    /// Bearer tokens, one a line, of at least 32 characters, not readable by everybody
    /// [env: AUTH_TOKEN_FILE]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = WHO)]
    pub auth_token_file: Option<String>,
    /// SS58 addresses that may sign requests, with commas between them [env: ALLOWED_VALIDATORS]
    #[arg(long, value_name = "ADDRESSES", value_hint = ValueHint::Other, help_heading = WHO)]
    pub allowed_validators: Option<String>,
    /// One more: the miner's own [env: MINER_SS58]
    #[arg(long, value_name = "ADDRESS", value_hint = ValueHint::Other, help_heading = WHO)]
    pub miner_ss58: Option<String>,
    /// Whether one of client certificate, token and signature is enough, `any`, or `all` that are set
    /// up are needed; /health stays open [default: any] [env: AUTH]
    #[arg(long, value_name = "any|all", value_hint = ValueHint::Other, help_heading = WHO)]
    pub auth: Option<String>,
    /// Print every setting and where it comes from, and exit: 0 if it could start, 2 if not
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

/// The same, for the completions: with the service ids as values. On the real command line an
/// unknown id is no usage error but an answer with a code of its own.
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
