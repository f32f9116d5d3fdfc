# Shared by the tools that boot a machine: arguments, a TPM, the serial line, and an end for everything that was started.
# The including script sets $project; $me names it in messages. It runs inside the build root, or goes there.
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # variables of both sides

me=${0##*/}

die() { printf '%s: %s\n' "$me" "$*" >&2; exit 1; }
misuse() { printf '%s: %s (see --help)\n' "$me" "$*" >&2; exit 2; }

# Paths are made absolute at once, so that it does not matter where the build root is entered.
absolute() {
    case $1 in /*) path=$1 ;; *) path=$(pwd)/$1 ;; esac
    case $path in "$project"/* | /dev/*) ;; *) [ -n "${NATIVE-}${SIGNET_IN_BUILDROOT-}" ] ||
        misuse "$1: the build root sees only the project folder and /dev" ;;
    esac
    printf '%s\n' "$path"
}
number() { case $1 in '' | *[!0-9]*) misuse "not a number: $1" ;; *) printf '%s\n' "$1" ;; esac; }

# $@ is the script's own command line. Returns where everything is installed.
enter_buildroot() {
    [ -z "${NATIVE-}${SIGNET_IN_BUILDROOT-}" ] || return 0
    # From outside the project only absolute paths have passed, so nothing relative is lost here.
    case $(pwd)/ in "$project"/*) ;; *) cd "$project" || exit ;; esac
    exec "$project/tools/buildroot" run "$project/tools/$me" "$@"
}

# Each child is ended by its id, and waited for, so that the next run finds its files released.
children=
end_children() {
    for pid in $children; do kill "$pid" 2>/dev/null || :; done
    for pid in $children; do wait "$pid" 2>/dev/null || :; done
    children=
}

# A folder for one run. Its end is everything's end.
make_work() {
    work=$(mktemp -d)
    trap 'end_children; rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM HUP
    mkfifo "$work/serial"
}

# start_tpm DIR: a TPM on the state in DIR, made on first use; its control socket is $work/tpm.sock.
start_tpm() {
    if ! [ -e "$1/tpm2-00.permall" ]; then
        mkdir -p "$1"
        # Both banks: every active one is extended by firmware and by us.
        swtpm_setup --tpm2 --tpm-state "$1" --pcr-banks sha256,sha384 >"$work/tpm-setup.log" 2>&1 ||
            { cat "$work/tpm-setup.log" >&2; die "could not make a TPM in $1"; }
    fi
    swtpm socket --tpm2 --tpmstate "dir=$1" --ctrl "type=unixio,path=$work/tpm.sock" --terminate 2>"$work/tpm.log" &
    tpm_pid=$!
    children="$children $tpm_pid"
    while ! [ -S "$work/tpm.sock" ]; do
        kill -0 "$tpm_pid" 2>/dev/null || { cat "$work/tpm.log" >&2; die "the TPM emulator did not start"; }
        sleep 0.02
    done
}

# Copies the serial line to stdout; ends the machine ($machine_pid) at the line asked for, leaving $work/matched.
copy_serial() {
    if [ -z "$until" ]; then
        cat "$work/serial"
    else
        tee /dev/fd/3 <"$work/serial" | sed -u 's/\r$//' |
            { grep -Eqm1 -e "$until" && : >"$work/matched"; kill "$machine_pid" 2>/dev/null || :; }
    fi 3>&1
}

# Follows the serial line to its end. In the background, since a trap waits for what runs in the foreground.
watch() {
    copy_serial &
    watch_pid=$!
    children="$children $watch_pid"
    wait "$watch_pid"
}
