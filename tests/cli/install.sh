#!/bin/bash
# `make install`: what it leaves where; the unit, the user, the folder, completion and man pages as their readers take them;
# and `make uninstall`, which leaves nothing.
set -u
. tests/cli/lib.sh
dest=$work/dest
make_in_tree() { make -s -C "$project" NATIVE=1 "$@" DESTDIR="$dest" PREFIX=/usr; }

installs() {
    make_in_tree install || return 1
    (cd "$dest" && find . -type f ! -path './usr/share/doc/*' -printf '%m %P\n' | sort -k2) >found
    cat >wanted <<'LIST'
755 usr/bin/signet
755 usr/bin/signetd
644 usr/lib/signet/grub.cfg
644 usr/lib/signet/grub.modules
644 usr/lib/signet/hv.bin
644 usr/lib/signet/initramfs
644 usr/lib/signet/stage.elf
644 usr/lib/signet/vmlinuz
644 usr/lib/systemd/system/signetd.service
644 usr/lib/sysusers.d/signetd.conf
644 usr/lib/tmpfiles.d/signetd.conf
644 usr/share/bash-completion/completions/signet
644 usr/share/bash-completion/completions/signetd
644 usr/share/man/man1/signet.1
644 usr/share/man/man5/signetd.ini.5
644 usr/share/man/man8/signetd.8
LIST
    diff wanted found && [ -s "$dest/usr/share/doc/signet/docs/stops.md" ]
}

runs_from_there() {
    "$dest/usr/bin/signet" --version && "$dest/usr/bin/signetd" --version &&
        "$dest/usr/bin/signet" keys init --development keys >/dev/null &&
        "$dest/usr/bin/signet" boot build --keys keys --stage "$dest/usr/lib/signet/stage.elf" --out boot --allow-development
}

says_make_first() {
    mkdir empty && ! make -s -C empty -f "$project/mk/install.mk" install DESTDIR="$work/nothing" 2>err &&
        grep -q 'run make first' err && [ ! -e nothing ]
}

# A whole root, so that nothing of this machine's own units comes in.
unit_root() {
    mkdir -p root/usr/lib/systemd root/usr/bin root/bin &&
        cp -r "$dest/usr/." root/usr/ && cp -r /usr/lib/systemd/system root/usr/lib/systemd/ && cp /bin/kill root/bin/kill
}

unit_verifies() {
    unit_root && systemd-analyze verify --man=no --generators=no --root="$PWD/root" signetd.service >said 2>&1
    status=$?
    cat said
    [ $status = 0 ] && ! grep -q signetd said && ! grep -rq @BINDIR@ root/usr/lib/systemd/system/signetd.service
}

# Exposure from 0 (none) to 100.
unit_is_tight() { systemd-analyze security --offline=true --no-pager --threshold=15 root/usr/lib/systemd/system/signetd.service; }

unit_says() { grep -qxF "$1" root/usr/lib/systemd/system/signetd.service || { echo "no $1"; return 1; }; }
unit_shuts_in() {
    for line in NoNewPrivileges=yes ProtectSystem=strict MemoryDenyWriteExecute=yes CapabilityBoundingSet= \
        'RestrictAddressFamilies=AF_INET AF_INET6' SystemCallFilter=@system-service 'SystemCallFilter=~@privileged @resources' \
        PrivateDevices=yes StateDirectory=signetd User=signetd UMask=0077; do
        unit_says "$line" || return 1
    done
}

makes_user_and_folder() {
    systemd-sysusers --root="$PWD/root" && grep '^signetd:' root/etc/passwd | grep -q ':/var/lib/signetd:/usr/sbin/nologin$' &&
        systemd-tmpfiles --root="$PWD/root" --create signetd.conf &&
        [ "$(stat -c %a root/var/lib/signetd)" = 700 ] &&
        [ "$(stat -c %u root/var/lib/signetd)" = "$(sed -n 's/^signetd:[^:]*:\([0-9]*\):.*/\1/p' root/etc/passwd)" ]
}

# As the man page's example, but for systemctl: the server's user makes the folder, and root has no part in it.
first_start() {
    id=$(stat -c %u root/var/lib/signetd)
    chmod 711 "$work" root root/var root/var/lib
    as_signetd="setpriv --reuid=$id --regid=$id --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all"
    folder=$PWD/root/var/lib/signetd/fleet
    $as_signetd "$dest/usr/bin/signetd" --init "$folder" --name north --host fleet.example.org &&
        [ "$(find "$folder" ! -uid "$id" | wc -l)" = 0 ] && [ "$(stat -c %a "$folder")" = 700 ] &&
        $as_signetd "$dest/usr/bin/signetd" --check-config "$folder" &&
        sed -i 's/^;\(nodes\|operators\|metrics\) = .*/\1 = 127.0.0.1:0/' "$folder/signetd.ini" || return 1
    $as_signetd "$dest/usr/bin/signetd" "$folder" 2>log &
    server=$!
    for _ in $(seq 600); do
        grep -q '>ready$' log && break
        kill -0 $server || break
        sleep 0.1
    done
    kill -TERM $server
    wait $server
    status=$?
    cat log
    [ $status = 0 ] && grep -q '>ready$' log && grep -q '>ended$' log
}

# completes PROGRAM WANTED WORD ...: bash offers WANTED after these words, with the installed file.
completes() {
    cat >complete.bash <<'BASH'
program=$1 file=$2 wanted=$3
shift 3
source "$file"
COMP_WORDS=("$program" "$@")
COMP_CWORD=$#
"_$program"
printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$wanted"
BASH
    bash complete.bash "$1" "$dest/usr/share/bash-completion/completions/$1" "${@:2}" || { echo "no $2"; return 1; }
}

signet_completes() { completes signet node '' && completes signet enroll node '' && completes signet --keys node enroll --; }

signetd_options() { "$dest/usr/bin/signetd" --help | grep -o -- '--[a-z][a-z-]*' | sort -u; }

signetd_completes() {
    [ "$(signetd_options | wc -l)" -ge 10 ] || return 1
    for option in $(signetd_options); do completes signetd "$option" -- || return 1; done
    grep -o -- "'--.*'" "$dest/usr/share/bash-completion/completions/signetd" | tr -d "'" | tr ' ' '\n' | sort | diff <(signetd_options) -
}

pages() { find "$dest/usr/share/man" -type f; }

pages_are_clean() {
    for page in $(pages); do
        mandoc -T lint -W error "$page" || return 1
        man --warnings=w -l "$page" 2>&1 >/dev/null | tee warned
        [ ! -s warned ] || return 1
    done
}

pages_are_whole() {
    mandoc -T utf8 -O width=200 "$dest/usr/share/man/man8/signetd.8" | col -b >signetd.txt
    for option in $(signetd_options); do grep -qE -- "^ *(--.*, )?$option( |,|$)" signetd.txt || { echo "$option"; return 1; }; done
    mandoc -T utf8 -O width=200 "$dest/usr/share/man/man5/signetd.ini.5" | col -b >ini.txt
    "$dest/usr/bin/signetd" --init settings && ! grep -q @SETTINGS@ ini.txt || return 1
    sed -n 's/^;\{0,1\}\([a-z-]*\) = .*/\1/p' settings/signetd.ini >names
    while read -r setting; do
        grep -q "^       $setting\$" ini.txt || { echo "$setting"; return 1; }
    done <names
    [ "$(wc -l <names)" -ge 30 ]
}

uninstalls() { make_in_tree uninstall && [ ! -e "$dest/usr" ]; }

test_case "install leaves each file at its place" installs
test_case "without a build it says so, and installs nothing" says_make_first
test_case "what is installed runs, and makes boot files of what lies beside it" runs_from_there
test_case "systemd has nothing to say about the unit" unit_verifies
test_case "systemd's own judgement of the unit: hardly exposed" unit_is_tight
test_case "the unit shuts the server in" unit_shuts_in
test_case "sysusers and tmpfiles make the user and its folder" makes_user_and_folder
test_case "as that user, without any privilege, it makes its folder and serves" first_start
test_case "bash completes signet from the installed file" signet_completes
test_case "bash completes exactly the options of signetd" signetd_completes
test_case "man pages have no fault and no warning" pages_are_clean
test_case "man pages tell every option and every setting" pages_are_whole
test_case "uninstall leaves nothing" uninstalls
plan
