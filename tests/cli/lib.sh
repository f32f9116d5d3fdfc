# Shared by the command-line tests: a folder of their own, and TAP.
# shellcheck shell=sh
# shellcheck disable=SC2034 # for the scripts that read this file
signet=$PWD/build/signet
# shellcheck disable=SC2034
project=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
cd "$work" || exit 1
count=0

# test_case NAME COMMAND ...: passes when the command does. Its output is shown when it does not.
test_case() {
    test_name=$1
    shift
    count=$((count + 1))
    if "$@" >"$work/.log" 2>&1; then
        echo "ok $count - $test_name"
    else
        echo "not ok $count - $test_name"
        sed 's/^/# /' "$work/.log"
    fi
}

# fails_with CODE TEXT COMMAND ...: the exit code is CODE, and standard error says TEXT, on lines that begin with "signet: ".
fails_with() {
    code=$1 text=$2
    shift 2
    "$@" >"$work/.out" 2>"$work/.err" </dev/null
    got=$?
    cat "$work/.out" "$work/.err"
    [ $got = "$code" ] || { echo "exit code $got, not $code"; return 1; }
    grep -qF -- "$text" "$work/.err" || { echo "no '$text'"; return 1; }
    ! grep -qv '^signet: ' "$work/.err" || { echo "a line without the prefix"; return 1; }
}

plan() { echo "1..$count"; }
