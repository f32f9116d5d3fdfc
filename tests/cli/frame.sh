#!/bin/sh
# The program as a whole: help, usage errors, completion, man page.
set -u
. tests/cli/lib.sh

commands() {
    "$signet" help | sed -n '/^Groups:/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r group; do
        "$signet" help "$group" | sed -n "/^Commands:/,/^\$/s/^  \([a-z-]*\) .*/$group \1/p"
    done
}

options_of() { "$signet" "$1" "$2" --help | sed -n 's/^  \(--[a-z0-9-]*\) .*/\1/p'; }

# for_commands FUNCTION: runs it with group and command of each; fails if one does, or if there are none.
for_commands() {
    commands >"$work/.commands"
    [ "$(wc -l <"$work/.commands")" -ge 7 ] || return 1
    while read -r group command; do
        "$@" "$group" "$command" || { echo "$group $command"; return 1; }
    done <"$work/.commands"
}

has_help() {
    "$signet" "$1" "$2" --help >"$work/.help" && grep -q "^usage: signet $1 $2 " "$work/.help" &&
        "$signet" help "$1" "$2" | cmp - "$work/.help"
}

refuses_unknown_option() { fails_with 2 "unknown option --no-such-option" "$signet" "$1" "$2" --no-such-option; }

in_man_page() {
    sed -n "/^   signet $1 $2 /,/^   signet \|^[A-Z]/p" "$work/man.txt" >"$work/.section"
    [ -s "$work/.section" ] || { echo "no section"; return 1; }
    for option in $(options_of "$1" "$2"); do
        [ "$option" = --help ] || grep -q -- "^       $option\( \|\$\)" "$work/.section" || { echo "$option"; return 1; }
    done
}

man_page() {
    mandoc -T utf8 -O width=200 "$project/build/signet.1" | col -b >"$work/man.txt" && for_commands in_man_page
}

man_page_is_clean() { mandoc -T lint -W error "$project/build/signet.1"; }

# completes WANTED WORD ...: bash offers WANTED after these words.
completes() {
    cat >"$work/complete.bash" <<'BASH'
wanted=$1 signet=$2
shift 2
source <("$signet" completion bash)
COMP_WORDS=(signet "$@" '')
COMP_CWORD=$(($# + 1))
_signet
printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$wanted"
BASH
    wanted=$1
    shift
    bash "$work/complete.bash" "$wanted" "$signet" "$@"
}

completes_options() {
    for option in $(options_of "$1" "$2"); do
        completes "$option" "$1" "$2" || { echo "$option"; return 1; }
    done
}

completes_all() { completes keys && completes init keys && completes --version && for_commands completes_options; }

prints_version() { "$signet" --version | grep -qx 'signet [0-9]*\.[0-9]*\.[0-9]*'; }

says_usage() {
    "$signet" "$@" >"$work/.out" 2>"$work/.err"
    [ $? = 2 ] && [ ! -s "$work/.out" ] && grep -q '^usage: signet' "$work/.err"
}

full_output() {
    "$signet" help >/dev/full 2>"$work/.err"
    [ $? = 1 ] && grep -q '^signet: cannot write standard output' "$work/.err"
}

test_case "every command has help, the same both ways" for_commands has_help
test_case "every command refuses an unknown option" for_commands refuses_unknown_option
test_case "no words: usage on standard error" says_usage
test_case "a group alone: its usage on standard error" says_usage keys
test_case "an unknown group" fails_with 2 "unknown group 'key'" "$signet" key list
test_case "an unknown command" fails_with 2 "unknown command 'lis'" "$signet" keys lis
test_case "help for an unknown command" fails_with 2 "unknown command 'lis'" "$signet" help keys lis
test_case "--version" prints_version
test_case "a full disk under standard output is an error" full_output
test_case "the man page tells every command and every option" man_page
test_case "the man page has no formatting fault" man_page_is_clean
test_case "bash completes every group, command and option" completes_all
plan
