# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sek8s_status_global_optspecs
    string join \n json color= demo replay= timeout= max-output= log-default= log-max= log-window= expect-gpus= gpu-health= gpu-health-age= last-log= redact= program-path= journal-path= run-as= V/version masked-ok= h/help
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

complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -s V -l version -d 'Print version'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "services" -d 'List the supported services'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "gpu" -d 'Show what nvidia-smi reports'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "overview" -d 'Show all services and GPUs, with one verdict and its reasons'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "serve" -d 'Serve the same reports over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "metrics" -d 'Print Prometheus metrics, as `serve --metrics` serves them'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "check" -d 'Check the health in one line, as a monitoring plugin'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "wait" -d 'Wait until the VM is healthy'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "commands" -d 'List every command line that sek8s-status can run'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "openapi" -d 'Print the OpenAPI description of what is served'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "record" -d 'Record what the programs answer, for a bug report or a test'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "privileges" -d 'Show the privileges that are needed, and how to grant missing ones'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "status" -d 'Show the state of services in systemd'
complete -c sek8s-status -n "__fish_sek8s_status_needs_command" -f -a "logs" -d 'Show the last log entries of a service'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand services" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l gpu -d 'GPU index, or all' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l detail -d 'Show the full report (nvidia-smi -q)'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l raw -d 'Show the output of nvidia-smi itself'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l parsed -d 'With --json, include one parsed row per GPU'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand gpu" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l watch -d 'Repeat until Ctrl-C, every 2s by default' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand overview" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l listen -d 'TCP address and port to listen on' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l uds -d 'Unix socket to listen on instead' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l uds-mode -d 'Permission bits of the Unix socket' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l path-prefix -d 'Serve all paths under this prefix, too' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l max-connections -d 'Maximum number of connections' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l max-age -d 'How long to cache answers' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-level -d 'Log level: `warn`, `info` or `debug`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l tls-cert -d 'Certificate chain (PEM); turns TLS on' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l tls-key -d 'Private key (PEM) of the certificate' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l client-ca -d 'CAs (PEM) of accepted client certificates' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l auth-token-file -d 'Accepted bearer tokens, one per line' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l allowed-validators -d 'Accept requests signed by these keys' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l miner-ss58 -d 'Also accept the miner\'s own key' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l auth -d 'Require `any` or `all` configured schemes' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l metrics -d 'Serve Prometheus metrics under /metrics, too'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l require-tls -d 'Do not start without TLS'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l mtls-required -d 'Require a client certificate'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l check -d 'Print every setting with its origin'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l format -d 'The convention of the line and the exit code' -r -f -a "nagios\t'Monitoring Plugins\' guidelines: Nagios, Icinga'
npd\t'A custom plugin of node-problem-detector'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l for -d 'What to wait for' -r -f -a "ok\t'The verdict is ok'
healthy\t'The services are healthy'
answer\t'All can be asked'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l within -d 'How long to wait' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l interval -d 'How often to ask' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l quiet -d 'Do not print what is waited for'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand commands" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand openapi" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -s n -l lines -d 'Record the last N log entries of each service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l anonymous -d 'Replace names of the machine'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand record" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand privileges" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s n -l lines -d 'Show the last N entries' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l since -d 'Maximum age of entries, such as `1h30m`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s p -l priority -d 'Show only this priority and worse' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l color -d 'When to use colors' -r -f -a "auto\t'On a terminal'
always\t'Always, even if NO_COLOR is set'
never\t'Never'"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l replay -d 'Use a recording; run no programs' -r -F
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l timeout -d 'Time limit for each program, at most 60s (a plain number is in seconds)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l max-output -d 'Output limit, for stdout and stderr each, at most 1000000 bytes (a plain number is in bytes)' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l log-default -d 'Default number of log entries, 1 to 5000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l log-max -d 'Maximum number of log entries, 100 to 10000' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l log-window -d 'Maximum age of log entries in minutes, 1 to 10080' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l expect-gpus -d 'Treat fewer GPUs than this as a fault' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l gpu-health -d 'Whether a GPU with a fault degrades the overview, or is only a warning' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l gpu-health-age -d 'Ask for the health of the GPUs at most this often, with serve, wait and --watch' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l last-log -d 'Show in an overview the log line that most likely explains a failed service' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l redact -d 'Replace known secrets in logs and in the output of programs with `[redacted:KIND]`' -r -f
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l program-path -d 'Colon-separated directories to search for the programs' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l journal-path -d 'Colon-separated journal directories, to distinguish an empty journal from a missing one' -r -f -a "(__fish_complete_directories)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l run-as -d 'User to switch to when started as root' -r -f -a "(__fish_complete_users)"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l masked-ok -d 'Treat this service as healthy if its unit is masked (repeatable)' -r -f -a "admission-controller\t''
system-manager\t''
attestation-service\t''
k3s\t''
nvidia-persistenced\t''
nvidia-fabricmanager\t''
infiniband-config\t''"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l local -d 'Show local times instead of UTC'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s f -l follow -d 'Follow new entries until Ctrl-C'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l entries -d 'With --json, include parsed entries'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l json -d 'Print JSON, the same document as over HTTP'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -l demo -d 'Use recorded data; run no programs'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand status" -f -a "admission-controller system-manager attestation-service k3s nvidia-persistenced nvidia-fabricmanager infiniband-config"
complete -c sek8s-status -n "__fish_sek8s_status_using_subcommand logs" -f -a "admission-controller system-manager attestation-service k3s nvidia-persistenced nvidia-fabricmanager infiniband-config"
