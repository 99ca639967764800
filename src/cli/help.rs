//! The texts around the help of each subcommand: examples, exit codes, and how `serve` is set up.

pub(super) const MAIN: &str = "\
Start with `sek8s-status overview`. Exit codes: 0 healthy, 1 degraded, 2 unknown";

pub(super) const MAIN_LONG: &str = "\
Examples:
  sek8s-status overview               is this VM healthy, and if not, why?
  sek8s-status logs k3s -n 50         the last 50 log entries of one service
  sek8s-status overview --json | jq .reasons
  sek8s-status overview --demo        try it on any machine

Exit codes:
  0  healthy
  1  something is degraded or unhealthy
  2  could not tell: usage error, unknown service id, missing program, timeout";

pub(super) const SERVICES: &str = "Example:\n  sek8s-status services --json | jq -r '.services[].id'";

pub(super) const STATUS: &str = "\
Examples:
  sek8s-status status                 all services, as a table
  sek8s-status status k3s             one service, with details
  sek8s-status status k3s --json
Exit codes: 0 healthy, 1 unhealthy, 2 could not tell";

pub(super) const LOGS: &str = "\
Examples:
  sek8s-status logs k3s               the last 200 entries
  sek8s-status logs k3s -n 5 --since 1h30m
  sek8s-status logs k3s -f            follow new entries
  sek8s-status logs k3s --json --entries | jq '.entries[].message'";

pub(super) const GPU: &str = "\
Examples:
  sek8s-status gpu                    one row per GPU
  sek8s-status gpu --gpu 3 --detail   the full report (-q) of GPU 3
  sek8s-status gpu --raw              the output of nvidia-smi itself
  sek8s-status gpu --json --parsed | jq '.gpus[].temperature_c'";

pub(super) const OVERVIEW: &str = "\
Examples:
  sek8s-status overview
  sek8s-status overview --watch 5s    repeat until Ctrl-C
  sek8s-status overview --json | jq .reasons
  sek8s-status overview --masked-ok nvidia-fabricmanager
Exit codes: 0 ok, 1 degraded, 2 could not tell";

pub(super) const METRICS: &str = "\
Examples:
  sek8s-status metrics                    everything in Prometheus' text format
  sek8s-status metrics >metrics.prom.new && mv metrics.prom.new metrics.prom
                                          for the textfile collector of node_exporter
  sek8s-status serve --metrics            the same under /metrics";

pub(super) const CHECK: &str = "\
Examples:
  sek8s-status check                 SEK8S OK: 7 services and 8 GPUs healthy | ...
  sek8s-status check k3s             one service
  sek8s-status check --format npd    for node-problem-detector

Exit codes (nagios): 0 ok, 1 warning, 2 critical, 3 unknown
Exit codes (npd): 0 ok, 1 not ok, 2 unknown";

pub(super) const WAIT: &str = "\
Examples:
  sek8s-status wait                          until the verdict is ok, 5 minutes at most
  sek8s-status wait --for answer --within 1m until systemd and nvidia-smi can be asked
  sek8s-status wait k3s --quiet

Exit codes: 0 reached, 1 timed out, 2 never an answer, or wrong usage";

pub(super) const COMMANDS: &str = "Example:\n  sek8s-status commands --json";

pub(super) const OPENAPI: &str = "\
Example:
  sek8s-status openapi >openapi.json   generate a client, or read it in an editor

The version is OpenAPI 3.1. The description is not served over HTTP.";

pub(super) const RECORD: &str = "\
Examples:
  sek8s-status record bug.jsonl --anonymous
  sek8s-status overview --replay bug.jsonl";

pub(super) const SERVE: &str = "\
Examples:
  sek8s-status serve                 listen on http://127.0.0.1:8080
  sek8s-status serve --check         print every setting with its origin
  curl -s http://127.0.0.1:8080/overview | jq .status
Paths, TLS and authentication: see --help";

/// The tests of docs/authentication.md run the recipes line by line.
pub(super) const SERVE_LONG: &str = r#"Examples:
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

pub(super) const PRIVILEGES: &str = "\
Examples:
  sek8s-status privileges
  sudo sek8s-status privileges            those that remain when started as root
  sudo -u chutes sek8s-status privileges  those of user chutes
Exit codes: 0 all present, 1 something is missing";
