#!/bin/sh
# `signet keys` from init to export; judged by openssl, sbsigntool and virt-firmware.
set -u
. tests/cli/lib.sh

owner=5f6a9c1e-7d0b-4f0a-9a53-c0e4d2b7a861
printf 'open sesame\n' >pass
printf 'wrong\n' >other-pass
chmod 600 pass other-pass

json() { "$signet" keys list "$1" --json | jq -re "$2"; }
id_of() { json "$1" ".keys[] | select(.role == \"$2\" and .state == \"$3\") | .id" | head -n 1; }

makes_directory() {
    "$signet" keys init dev --development --organisation 'Test Lab' &&
        [ "$(stat -c %a dev)" = 700 ] && [ -e dev/development ] && [ "$(stat -c %a dev/retired)" = 700 ] &&
        [ -z "$(find dev -name '*.pem' ! -perm 600)" ] &&
        [ "$(find dev -name '*.pem' | wc -l)" = 7 ] && [ -z "$(ls -d dev.new-* 2>/dev/null)" ]
}

makes_production() {
    "$signet" keys init prod --roots 3 --root-threshold 2 --releases 2 --release-threshold 2 && [ ! -e prod/development ] &&
        json prod '.development == false and .version == 1 and .rootThreshold == 2 and .releaseThreshold == 2' &&
        json prod '[.keys[] | select(.role == "root")] | length == 3' &&
        json prod '[.keys[] | select(.role == "release")] | length == 2'
}

keeps_existing() {
    find dev -type f -exec sha256sum {} + | sort >before
    fails_with 1 "error 83" "$signet" keys init dev --development || return 1
    mkdir -p empty
    fails_with 1 "error 83" "$signet" keys init empty --development || return 1
    find dev -type f -exec sha256sum {} + | sort | cmp - before && rmdir empty
}

leaves_nothing() {
    mkdir -p nowhere && chmod 500 nowhere
    ln -s missing/target dangling
    fails_with 1 "error 83" "$signet" keys init dangling --development || return 1
    fails_with 1 "error 4" "$signet" keys init missing/keys --development || return 1
    [ ! -e missing ] && [ -z "$(find . -name '*.new-*')" ]
}

openssl_reads_keys() {
    for key in root-1 release-1 fleet-ca; do
        openssl pkey -in dev/$key.pem -check -noout && openssl pkey -in dev/$key.pem -text -noout | grep -q secp384r1 || return 1
    done
    openssl pkey -in dev/policy-1.pem -check -noout && openssl pkey -in dev/policy-1.pem -text -noout | grep -q prime256v1 &&
        for key in pk kek db; do
            openssl pkey -in dev/$key.pem -check -noout && openssl pkey -in dev/$key.pem -text -noout | grep -q '2048 bit' || return 1
        done
}

openssl_reads_certificates() {
    for name in pk kek db fleet-ca; do
        openssl verify -check_ss_sig -CAfile dev/$name.crt dev/$name.crt || return 1
        openssl x509 -in dev/$name.crt -noout -subject | grep -q 'O=Test Lab' || return 1
        openssl x509 -in dev/$name.crt -noout -checkend $((19 * 365 * 86400)) || return 1
        openssl x509 -in dev/$name.crt -noout -pubkey >public.pem
        openssl pkey -in dev/$name.pem -pubout | cmp - public.pem || return 1
    done
    openssl x509 -in dev/fleet-ca.crt -noout -ext keyUsage,basicConstraints >extensions
    grep -q 'Certificate Sign' extensions && grep -q 'CA:TRUE' extensions
}

shows_ids() {
    openssl pkey -in dev/root-1.pem -pubout -outform DER | tail -c 96 | sha256sum | cut -d' ' -f1 >expected
    id_of dev root current | cmp - expected || return 1
    openssl x509 -in dev/db.crt -outform DER | sha256sum | cut -d' ' -f1 >expected
    id_of dev db current | cmp - expected && "$signet" keys list dev | grep -qf expected
}

lists_in_order() {
    "$signet" keys init order --development --roots 2 --releases 10 >/dev/null &&
        "$signet" keys rotate order --role release --key 2 >/dev/null && "$signet" keys rotate order --role db >/dev/null || return 1
    "$signet" keys list order --json | jq -r '.keys[].role' | uniq >roles && ! sort roles | uniq -d | grep . || return 1
    "$signet" keys list order --json | jq -r '.keys[] | select(.role == "release") | .file' | sed 's,.*/,,' >names &&
        sort -V names | cmp - names
}

encrypts() {
    "$signet" keys init locked --roots 1 --releases 1 --passphrase-file pass || return 1
    for key in root-1 policy-1 pk fleet-ca; do
        openssl pkey -in locked/$key.pem -passin file:pass -noout || return 1
        ! openssl pkey -in locked/$key.pem -passin file:other-pass -noout || return 1
    done
    "$signet" keys list locked
}

wants_passphrase() {
    fails_with 1 "error 81" "$signet" keys rotate locked --role release &&
        fails_with 1 "error 81" "$signet" keys rotate locked --role release --passphrase-file other-pass &&
        [ ! -e locked/release-2.pem ] && [ ! -e locked/manifest-2.bin ] &&
        "$signet" keys rotate locked --role release --passphrase-file pass &&
        "$signet" keys rotate locked --role release --passphrase-file - <pass &&
        openssl pkey -in locked/release-3.pem -passin file:pass -noout || return 1
    cp locked/db.crt old.crt
    fails_with 1 "error 81" "$signet" keys rotate locked --role db && cmp old.crt locked/db.crt &&
        "$signet" keys rotate locked --role db --passphrase-file pass && ! cmp -s old.crt locked/db.crt &&
        openssl pkey -in locked/db.pem -passin file:pass -noout && ! openssl pkey -in locked/db.pem -passin file:other-pass -noout
}

refuses_other_folders() {
    mkdir other && chmod 755 other || return 1
    fails_with 1 "a key file is unreadable" "$signet" keys list other && ! grep -q chmod "$work/.err"
}

checks_modes() {
    chmod 644 pass
    fails_with 1 "error 82" "$signet" keys rotate locked --role release --passphrase-file pass || return 1
    chmod 600 pass
    chmod 640 dev/root-1.pem
    fails_with 1 "error 82" "$signet" keys rotate dev --role release || return 1
    chmod 600 dev/root-1.pem
    chmod 750 dev
    fails_with 1 "error 82" "$signet" keys list dev || return 1
    chmod 700 dev
    "$signet" keys list dev
}

rotates_each_role() {
    version=1
    for role in release root policy; do
        before=$(id_of dev $role current)
        "$signet" keys rotate dev --role $role || return 1
        version=$((version + 1))
        json dev ".version == $version" && [ "$(id_of dev $role current)" != "$before" ] || return 1
        [ "$(id_of dev $role retired)" = "$before" ] && [ -e dev/$role-2.pem ] && [ -e dev/retired/$role-1.pem ] || return 1
    done
}

rotates_certificates() {
    for role in pk kek db fleet-ca; do
        cp dev/$role.crt old.crt
        "$signet" keys rotate dev --role $role || return 1
        ! cmp -s dev/$role.crt old.crt && cmp dev/retired/$role-1.crt old.crt && [ -e dev/retired/$role-1.pem ] || return 1
        openssl x509 -in dev/$role.crt -noout -subject | grep -q 'O=Test Lab' || return 1
        openssl x509 -in dev/$role.crt -noout -pubkey >public.pem
        openssl pkey -in dev/$role.pem -pubout | cmp - public.pem || return 1
    done
}

rotates_named() {
    fails_with 2 "say which with --key" "$signet" keys rotate prod --role root || return 1
    fails_with 2 "no current root key has" "$signet" keys rotate prod --role root --key 4 || return 1
    fails_with 2 "there is no role" "$signet" keys rotate prod --role admin || return 1
    "$signet" keys rotate prod --role root --key 2 && [ -e prod/root-4.pem ] && [ -e prod/retired/root-2.pem ] &&
        "$signet" keys rotate prod --role root --key "$(id_of prod root current)" && [ -e prod/root-5.pem ] &&
        json prod '[.keys[] | select(.role == "root" and .state == "current")] | length == 3'
}

# One root alone is under the threshold of 2; with a second from another medium it is reached.
needs_threshold() {
    mkdir -m 700 medium
    set -- prod/root-*.pem
    mv "$1" "$2" medium/
    fails_with 5 "error 16" "$signet" keys rotate prod --role release --key 1 || return 1
    [ ! -e prod/release-3.pem ] || return 1
    "$signet" keys rotate prod --role release --key 1 --roots medium && [ -e prod/release-3.pem ] && mv medium/* prod/
}

refuses_cut_chain() {
    for version in 2 3; do
        cp -a prod cut
        rm cut/manifest-$version.bin
        fails_with 1 "error 80" "$signet" keys list cut || return 1
        rm -r cut
    done
    cp -a prod cut
    cp cut/manifest-2.bin cut/manifest-3.bin
    fails_with 5 "error 18" "$signet" keys list cut || return 1
    rm -r cut
}

refuses_changed_chain() {
    cp -a prod cut
    # The last byte of the last signature.
    size=$(stat -c %s cut/manifest-2.bin)
    last=$(tail -c 1 cut/manifest-2.bin | od -An -tu1 | tr -d ' ')
    printf '%b' "\\0$(printf %o $((last ^ 1)))" | dd of=cut/manifest-2.bin bs=1 seek=$((size - 1)) conv=notrunc 2>/dev/null
    fails_with 5 "error 15" "$signet" keys list cut || return 1
    rm -r cut
    "$signet" keys list prod
}

revokes() {
    id=$(id_of dev release retired)
    "$signet" keys revoke dev --id "$id" && [ "$(id_of dev release revoked)" = "$id" ] &&
        json dev ".revoked == [\"$id\"]" && fails_with 1 "revokes this key already" "$signet" keys revoke dev --id "$id"
}

revokes_current() {
    id=$(json prod '[.keys[] | select(.role == "root" and .state == "current")][0].id')
    "$signet" keys revoke prod --id "$id" && [ "$(id_of prod root revoked)" = "$id" ] &&
        json prod '[.keys[] | select(.role == "root" and .state == "current")] | length == 2'
}

keeps_enough() {
    for role in root release policy; do
        fails_with 2 "too few $role keys would be left" "$signet" keys revoke dev --id "$(id_of dev $role current)" || return 1
    done
    fails_with 2 "ever listed this key" "$signet" keys revoke dev --id "$(printf %064d 0)" &&
        fails_with 2 "64 hexadecimal digits" "$signet" keys revoke dev --id 12ab
}

exports() {
    "$signet" keys export dev --out fw || return 1
    for name in PK KEK db; do
        for suffix in crt cer esl auth; do [ -s fw/$name.$suffix ] || return 1; done
        openssl x509 -inform DER -in fw/$name.cer -noout -subject || return 1
        sbsiglist --owner $owner --type x509 --output expected.esl fw/$name.cer && cmp expected.esl fw/$name.esl || return 1
    done
    openssl pkey -pubin -in fw/policy.pub -outform DER | tail -c 64 | cmp - fw/policy-key.bin &&
        cat dev/manifest-?.bin | cmp - fw/key-manifests.bin && cmp dev/fleet-ca.crt fw/fleet-ca.crt &&
        ! grep -rl 'PRIVATE KEY' fw
}

signs_variables() {
    python3 "$project/tests/cli/auth.py" fw/PK.auth PK fw/PK.esl dev/pk.crt &&
        python3 "$project/tests/cli/auth.py" fw/KEK.auth KEK fw/KEK.esl dev/pk.crt &&
        python3 "$project/tests/cli/auth.py" fw/db.auth db fw/db.esl dev/kek.crt &&
        python3 "$project/tests/cli/auth.py" fw/PK-from-pk-1.auth PK fw/PK.esl dev/retired/pk-1.crt &&
        ! python3 "$project/tests/cli/auth.py" fw/db.auth db fw/db.esl dev/pk.crt &&
        ! python3 "$project/tests/cli/auth.py" fw/db.auth dbx fw/db.esl dev/kek.crt
}

firmware_takes_certificates() {
    virt-fw-vars -i /usr/share/OVMF/OVMF_VARS_4M.fd -o vars.fd --set-pk $owner fw/PK.crt --add-kek $owner fw/KEK.crt \
        --add-db $owner fw/db.crt --sb && virt-fw-vars -i vars.fd --output-json vars.json || return 1
    for name in PK KEK db; do
        jq -re ".variables[] | select(.name == \"$name\") | .data" vars.json | tr -d '\n' >got
        od -An -v -tx1 fw/$name.esl | tr -d ' \n' | cmp - got || return 1
    done
}

admits_option_roms() {
    "$signet" keys export dev --out fw-ms --with-microsoft-option-rom-ca && cmp fw/PK.esl fw-ms/PK.esl &&
        cmp fw/KEK.esl fw-ms/KEK.esl && head -c "$(stat -c %s fw/db.esl)" fw-ms/db.esl | cmp - fw/db.esl || return 1
    grep -aq 'Microsoft' fw-ms/db.esl && ! grep -aq 'Microsoft' fw/db.esl &&
        python3 "$project/tests/cli/auth.py" fw-ms/db.auth db fw-ms/db.esl dev/kek.crt || return 1
    fails_with 1 "error 80" "$signet" keys export dev --out fw-none --with-microsoft-option-rom-ca --microsoft-ca missing.pem &&
        fails_with 2 "needs --with-microsoft" "$signet" keys export dev --out fw-none --microsoft-ca dev/db.crt &&
        "$signet" keys export dev --out fw-own --with-microsoft-option-rom-ca --microsoft-ca prod/db.crt &&
        [ "$(stat -c %s fw-own/db.esl)" -gt "$(stat -c %s fw/db.esl)" ]
}

exports_locked() {
    "$signet" keys export locked --out fw-locked --passphrase-file pass &&
        python3 "$project/tests/cli/auth.py" fw-locked/db.auth db fw-locked/db.esl locked/kek.crt &&
        fails_with 1 "error 81" "$signet" keys export locked --out fw-no
}

authorizes() {
    node=$(printf node | sha256sum | cut -d' ' -f1)
    pcr=$(printf pcr | sha256sum | cut -d' ' -f1)
    "$signet" keys authorize dev --node-id "$node" --pcr7 "$pcr" --pcr7 "$(printf %064d 7)" --out authority.bin &&
        python3 "$project/tests/cli/authority.py" authority.bin "$node" "$pcr" "$(printf %064d 7)" dev/policy-2.pem &&
        ! python3 "$project/tests/cli/authority.py" authority.bin "$node" "$pcr" "$(printf %064d 8)" dev/policy-2.pem &&
        ! python3 "$project/tests/cli/authority.py" authority.bin "$node" "$pcr" "$(printf %064d 7)" prod/policy-1.pem &&
        fails_with 2 "--pcr7 takes 64" "$signet" keys authorize dev --node-id "$node" --pcr7 12 --out no.bin &&
        fails_with 2 "--node-id takes 64" "$signet" keys authorize dev --node-id 12 --pcr7 "$pcr" --out no.bin && [ ! -e no.bin ]
}

# No more than a node's partition holds.
authorizes_so_many_values() {
    set --
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do set -- "$@" --pcr7 "$(printf %064d $n)"; done
    "$signet" keys authorize dev --node-id "$node" "$@" --out most.bin &&
        fails_with 2 "at most 16 values" "$signet" keys authorize dev --node-id "$node" "$@" --pcr7 "$pcr" --out no.bin && [ ! -e no.bin ]
}

# Another policy key lies beside it, and first.
authorizes_with_the_current_key() {
    cp -p prod/policy-1.pem dev/ &&
        "$signet" keys authorize dev --node-id "$node" --pcr7 "$pcr" --pcr7 "$(printf %064d 7)" --out beside.bin &&
        python3 "$project/tests/cli/authority.py" beside.bin "$node" "$pcr" "$(printf %064d 7)" dev/policy-2.pem &&
        mv dev/policy-2.pem medium/ &&
        fails_with 1 "does not hold the private policy key" "$signet" keys authorize dev --node-id "$node" --pcr7 "$pcr" --out no.bin &&
        mv medium/policy-2.pem dev/ && rm dev/policy-1.pem
}

lists_offline_roots() {
    set -- prod/root-*.pem
    ! json prod '.keys[] | select(.role == "root" and .file == null)' || return 1
    mv "$1" medium/ && json prod '.keys[] | select(.role == "root" and .file == null)' && mv medium/* prod/
}

test_case "init makes every role, private" makes_directory
test_case "init takes counts and thresholds" makes_production
test_case "init overwrites nothing" keeps_existing
test_case "init that fails leaves nothing" leaves_nothing
test_case "init refuses a threshold above the count" fails_with 2 "--root-threshold takes" "$signet" keys init no --roots 2 --root-threshold 3
test_case "init refuses an organisation that rewrites the name" fails_with 2 "--organisation takes" "$signet" keys init no --organisation 'a,CN=b'
test_case "openssl reads and checks the keys" openssl_reads_keys
test_case "openssl verifies the certificates" openssl_reads_certificates
test_case "list shows ids that openssl's bytes hash to" shows_ids
test_case "list is in the order of roles, then of names" lists_in_order
test_case "init encrypts under a passphrase" encrypts
test_case "a missing or wrong passphrase is refused, the right one is not" wants_passphrase
test_case "keys, passphrases and directories others can read are refused" checks_modes
test_case "a folder that is none is refused before its mode is judged" refuses_other_folders
test_case "rotate replaces root, release and policy key" rotates_each_role
test_case "rotate replaces Secure Boot keys and fleet CA" rotates_certificates
test_case "rotate takes a number or an id" rotates_named
test_case "rotate needs the threshold of roots, from several media" needs_threshold
test_case "list shows roots whose private key is elsewhere" lists_offline_roots
test_case "a chain with a missing or repeated step is refused" refuses_cut_chain
test_case "a chain with one flipped bit is refused" refuses_changed_chain
test_case "revoke lists a replaced key" revokes
test_case "revoke takes a current key out" revokes_current
test_case "revoke keeps enough keys and knows what it revokes" keeps_enough
test_case "export writes what sbsiglist writes, and no private key" exports
test_case "export signs variables for the firmware that is to take them" signs_variables
test_case "virt-fw-vars makes the same variables of the certificates" firmware_takes_certificates
test_case "export admits option ROMs when asked" admits_option_roms
test_case "export unlocks keys with their passphrase" exports_locked
test_case "authorize signs what the TPM will ask for" authorizes
test_case "authorize takes as many values as a node holds" authorizes_so_many_values
test_case "authorize signs with the current policy key alone" authorizes_with_the_current_key
plan
