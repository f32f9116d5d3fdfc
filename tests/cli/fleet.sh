#!/bin/sh
# `signet fleet`: what is made is what is shown, and what is no configuration is refused.
set -u
. tests/cli/lib.sh

"$signet" keys init keys --development >/dev/null

makes_defaults() {
    "$signet" fleet make --out plain && "$signet" fleet show plain --json >plain.json &&
        jq -e '.name == "fleet" and .addresses == "" and .caKey == null and .ungated == false and .vlan == 0' plain.json &&
        "$signet" fleet show plain | grep -q 'need a ticket'
}

makes_all() {
    openssl x509 -in keys/fleet-ca.crt -noout -pubkey >ca.pem
    openssl pkey -pubin -in ca.pem -outform DER | tail -c 96 | od -An -v -tx1 | tr -d ' \n' >ca.hex
    "$signet" fleet make --out full --name lab --ca keys/fleet-ca.crt --epoch 3 --address a.example:443 --address '[::1]:444' \
        --ungated --console-port 0x2f8 --console-baud 57600 --service-arguments 'quiet x=1' --vlan 4094 | grep UNGATED &&
        "$signet" fleet show full --json >full.json && [ "$(jq -r .caKey full.json)" = "$(cat ca.hex)" ] &&
        jq -e '.name == "lab" and .epoch == 3 and .addresses == "a.example:443,[::1]:444" and .ungated and .vlan == 4094 and
            .consolePort == 760 and .consoleBaud == 57600 and .serviceArguments == "quiet x=1"' full.json || return 1
    "$signet" fleet make --out again --name lab --ca ca.pem && "$signet" fleet show again --json | jq -r .caKey | cmp - ca.hex.nl
}

is_reproducible() { "$signet" fleet make --out one --ca ca.pem && "$signet" fleet make --out two --ca ca.pem && cmp one two; }

refuses_values() {
    fails_with 2 '--vlan takes' "$signet" fleet make --out no --vlan 4095 &&
        fails_with 2 '--address takes' "$signet" fleet make --out no --address nowhere &&
        fails_with 2 '--console-baud needs' "$signet" fleet make --out no --console-port 0x3f8 --console-baud 7 &&
        fails_with 2 '--console-baud needs' "$signet" fleet make --out no --console-baud 9600 &&
        fails_with 2 '--epoch needs' "$signet" fleet make --out no --epoch 1 &&
        fails_with 2 '--name takes' "$signet" fleet make --out no --name "$(printf %064d 0)" &&
        fails_with 1 'error 120' "$signet" fleet make --out no --name '' &&
        fails_with 1 'error 80' "$signet" fleet make --out no --ca keys/db.crt &&
        fails_with 1 'error 80' "$signet" fleet make --out no --ca keys/development && [ ! -e no ]
}

refuses_files() {
    cp full torn && truncate -s -1 torn && fails_with 1 'error 120' "$signet" fleet show torn || return 1
    cat full full >twice && fails_with 1 'error 120' "$signet" fleet show twice || return 1
    : >empty && fails_with 1 'error 120' "$signet" fleet show empty || return 1
    fails_with 1 'error 4' "$signet" fleet show missing && "$signet" fleet show full
}

printf '%s\n' "$(openssl x509 -in keys/fleet-ca.crt -pubkey -noout | openssl pkey -pubin -outform DER | tail -c 96 |
    od -An -v -tx1 | tr -d ' \n')" >ca.hex.nl
test_case "make without options: guests need a ticket that nobody can give" makes_defaults
test_case "make takes every value, and show tells it" makes_all
test_case "the same values make the same file" is_reproducible
test_case "values it cannot hold are refused" refuses_values
test_case "show refuses what is no configuration" refuses_files
plan
