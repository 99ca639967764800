# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sek8s_status_global_optspecs
    string join \n json color= demo timeout= max-output= log-default= log-max= log-window= last-log= program-path= journal-path= run-as= masked-ok= h/help V/version
end

function __fish_sek8s_status_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sek8s_status_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sek8s_status_using_subcommand
    set -l cmd (__fish_sek8s_status_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -s V -l version -d 'Print version'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "services" -d 'List the services that can be asked about'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "gpu" -d 'Show what nvidia-smi reports'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "overview" -d 'Show everything at once, with one verdict and its reasons'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "serve" -d 'Answer the same over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "commands" -d 'List every command line that can ever be started'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "privileges" -d 'Show what each subcommand needs, what is there, and what would grant the rest'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "status" -d 'Show the state of services as systemd sees it'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "logs" -d 'Show what a service logged last'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l gpu -d 'One GPU by its index, or all of them' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l detail -d 'The long report (nvidia-smi -q) instead of a table'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l raw -d 'nvidia-smi\'s own text instead of a table'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l parsed -d 'With --json: one parsed row a GPU as well'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l watch -d 'Show it again and again, until Ctrl-C; with --json one document a line' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l listen -d 'Listen on this TCP address and port [default: 127.0.0.1:8080] [env: BIND_ADDRESS, PORT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l uds -d 'Listen on this Unix socket instead [env: UDS_PATH]' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l uds-mode -d 'Who may connect to the Unix socket, as permission bits [default: 0660] [env: UDS_MODE]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l path-prefix -d 'Answer all paths under this one as well, such as `/status` [env: PATH_PREFIX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l max-connections -d 'The most connections at a time, 1 to 4096; fewer where open files are limited [default: 64] [env: MAX_CONNECTIONS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l max-age -d 'How long a finished answer is given out again, up to 60s; 0 means never [default: 1s] [env: MAX_AGE]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-level -d 'What is logged: `warn` refused and failed requests, `info` also start and end, `debug` every request [default: info] [env: LOG_LEVEL]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l tls-cert -d 'TLS: the certificate and its chain, in PEM; with --tls-key it is on for every TCP connection [env: TLS_CERT_PATH]' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l tls-key -d 'The key of that certificate, in PEM, not readable by everybody [env: TLS_KEY_PATH]' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l client-ca -d 'Ask clients for a certificate that these CAs have signed, in PEM [env: CLIENT_CA_PATH]' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l auth-token-file -d 'Bearer tokens, one a line, of at least 32 characters, not readable by everybody [env: AUTH_TOKEN_FILE]' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l allowed-validators -d 'SS58 addresses that may sign requests, with commas between them [env: ALLOWED_VALIDATORS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l miner-ss58 -d 'One more: the miner\'s own [env: MINER_SS58]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l auth -d 'Whether one of client certificate, token and signature is enough, `any`, or `all` that are set up are needed; /health stays open [default: any] [env: AUTH]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l require-tls -d 'Do not start without TLS [env: REQUIRE_TLS]'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l mtls-required -d 'Let nobody in without one, not even for /health [env: MTLS_REQUIRED]'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l check -d 'Print every setting and where it comes from, and exit: 0 if it could start, 2 if not'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s n -l lines -d 'How many entries, the newest; clamped to 1 and --log-max [default: --log-default]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l since -d 'Only entries of so long ago at most, such as `1h30m`; up to --log-window' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s p -l priority -d 'Only entries of this priority and worse: 0 to 7, or emerg, alert, crit, err, warning, notice, info, debug' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l color -d 'When to use colours; NO_COLOR and TERM=dumb are honoured by `auto`' -r -f -a "auto\t'On a terminal'
always\t'Always, NO_COLOR or not'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l timeout -d 'How long one program may take, up to 60s; a plain number is seconds [default: 10s] [env: COMMAND_TIMEOUT_SECONDS]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l max-output -d 'How much text an answer carries, up to 1000000 bytes; a plain number is bytes [default: 16KiB] [env: MAX_OUTPUT_BYTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l log-default -d 'Log lines when none are asked for, 1 to 5000 [default: 200] [env: LOG_TAIL_DEFAULT]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l log-max -d 'The most log lines, 100 to 10000 [default: 1000] [env: LOG_TAIL_MAX]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l log-window -d 'The widest log window in minutes, 1 to 10080 [default: 1440] [env: LOG_WINDOW_MAX_MINUTES]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l last-log -d 'Whether an overview shows the log line that most likely tells why a service failed [default: on] [env: LAST_LOG]' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l program-path -d 'Where the programs are looked for, folders with colons between them, instead of /usr/bin, /bin, /usr/local/bin and /usr/local/nvidia/bin [env: PROGRAM_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l journal-path -d 'Where journald keeps its files, to tell an empty journal from none [default: /var/log/journal:/run/log/journal] [env: JOURNAL_PATH]' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l run-as -d 'Who to become when started as root, before anything else is done [default: chutes, else nobody] [env: RUN_AS]' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l masked-ok -d 'A service that counts as healthy when its unit is masked; may be repeated [env: MASKED_OK]' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l local -d 'Show times in the time zone of this machine instead of UTC'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s f -l follow -d 'Go on with each new entry as it comes, until Ctrl-C; with --json one entry object a line'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l entries -d 'With --json: the parsed entries as well'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l json -d 'Print the answer as JSON, the same bytes as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l demo -d 'Answer from recordings that are compiled in, on any machine; starts no program'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -f -a "admission-controller system-manager attestation-service k3s nvidia-persistenced nvidia-fabricmanager infiniband-config"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -f -a "admission-controller system-manager attestation-service k3s nvidia-persistenced nvidia-fabricmanager infiniband-config"
