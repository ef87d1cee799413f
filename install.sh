#!/usr/bin/env bash
# Builds Gantry from this checkout, installs it and starts it. A second run upgrades in place and keeps configuration
# and data. Needs Debian 12 (or a relative of it), root, and a Swift 6.3 toolchain in the PATH of whoever calls it.
#
#   sudo ./install.sh                    everything, then the address to open and the first administrator's password
#   sudo ./install.sh --demo             the same, with a demo project and a virtual device that streams readings
#   sudo ./install.sh --uninstall        takes the program and the service away; configuration and data stay
#
#   --prefix DIR     programs, one folder for each version          (/opt/gantry, with a link in /usr/local/bin)
#   --config DIR     gantry.yml                                      (/etc/gantry)
#   --data DIR       everything that is stored                       (/var/lib/gantry)
#   --port N         the one port                                    (8443, or what gantry.yml says)
#   --binary FILE    install this executable in place of building one
#   --no-start       install only
#   --dry-run        say what would be done, and do nothing
#   --purge          with --uninstall: configuration, data and system user as well
set -euo pipefail
umask 022

prefix=/opt/gantry config=/etc/gantry data=/var/lib/gantry
port='' binary='' action=install start=yes demo='' dry_run='' purge='' named=''
user=gantry
source_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s\n' "$*"; }
step() { printf '\n-- %s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '            %s\n' "$line" >&2; done
    exit 1
}
usage_error() {
    printf 'install.sh: %s\n            ./install.sh --help tells the options\n' "$1" >&2
    exit 2
}
# Does it, or says that it would be done.
run() { if [ -n "$dry_run" ]; then say "would run: $*"; else "$@"; fi; }

while [ $# -gt 0 ]; do
    option=$1
    case $option in
        --*=*) set -- "${option%%=*}" "${option#*=}" "${@:2}" && continue ;;
        --prefix | --config | --data | --port | --binary)
            [ $# -ge 2 ] && [ -n "$2" ] || usage_error "$option needs a value"
            named+=" $option"
            case $option in
                --port) port=$2 ;;
                *) printf -v "${option#--}" '%s' "$(realpath -m -- "$2")" ;;
            esac
            shift
            ;;
        --demo) demo=yes ;;
        --no-start) start='' ;;
        --dry-run) dry_run=yes ;;
        --uninstall) action=uninstall ;;
        --purge) purge=yes ;;
        -h | --help)
            sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "$0"
            exit 0
            ;;
        *) usage_error "unknown option $option" ;;
    esac
    shift
done

if [ -n "$port" ] && ! { [[ $port =~ ^[0-9]{1,5}$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; }; then
    usage_error "--port $port: expected a number from 1 to 65535"
fi
[ -z "$purge" ] || [ "$action" = uninstall ] || usage_error "--purge goes with --uninstall"
[ -z "$demo" ] || [ -n "$start" ] || usage_error "--demo needs the server running, and --no-start leaves it stopped"
for directory in "$prefix" "$config" "$data"; do
    case $directory in
        / | /etc | /var | /var/lib | /usr | /usr/local | /opt | /home | /root | /tmp)
            usage_error "$directory belongs to the system; name a directory of Gantry's own" ;;
        *[[:space:]]*) usage_error "'$directory': a path with blanks cannot stand in a service unit" ;;
    esac
done

# The one installation that owns the names of the system: its unit, and its link in /usr/local/bin. Another prefix is a
# second installation beside it, and touches neither.
is_standard=''
[ "$prefix" = /opt/gantry ] && is_standard=yes
has_systemd=''
[ -d /run/systemd/system ] && [ -n "$is_standard" ] && has_systemd=yes
unit=/etc/systemd/system/gantry.service
demo_unit=/etc/systemd/system/gantry-demo.service
link=/usr/local/bin/gantry
gantry=$prefix/current/gantry
runtime=/run/gantry
[ -n "$is_standard" ] || runtime=$data/run
pid_file=$runtime/gantry.pid
demo_pid_file=$runtime/demo.pid
log_file=/var/log/gantry.log
[ -n "$is_standard" ] || log_file=$data/gantry.log

if [ "$action" = uninstall ] && [ -n "$purge" ] && [ -z "$is_standard" ] &&
    [[ $named != *--config* || $named != *--data* ]]; then
    usage_error "--purge deletes the configuration and the data: with --prefix, name theirs with --config and --data"
fi

# The process of a pid file, if it is alive and is ours.
process_of() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$prefix/" && printf '%s' "$pid"
}

is_running() {
    if [ -n "$has_systemd" ] && systemctl is-active --quiet gantry.service; then return 0; fi
    process_of "$pid_file" >/dev/null
}

end_process_of() {
    local pid
    pid=$(process_of "$1") || return 0
    kill "$pid"
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || { rm -f "$1"; return 0; }
        sleep 0.1
    done
    fail "process $pid did not end within 30 seconds" "look at $log_file, then end it with: kill -9 $pid"
}

stop_gantry() {
    if [ -n "$has_systemd" ]; then
        systemctl stop gantry-demo.service gantry.service 2>/dev/null || true
    fi
    end_process_of "$demo_pid_file"
    end_process_of "$pid_file"
}

check_system() {
    [ "$(uname -s)" = Linux ] || fail "Gantry is installed on Linux, and this is $(uname -s)"
    case $(uname -m) in
        x86_64 | aarch64) ;;
        *) fail "no Swift toolchain exists for $(uname -m); Gantry needs x86_64 or aarch64" ;;
    esac
    local ID='' ID_LIKE='' VERSION_ID='' PRETTY_NAME='this system'
    # shellcheck disable=SC1091
    [ ! -r /etc/os-release ] || . /etc/os-release
    case " $ID $ID_LIKE " in
        *" debian "*) ;;
        *) fail "$PRETTY_NAME is not supported: this script installs Debian packages" \
            "On Debian 12 or a relative of it, it runs; elsewhere build with: swift build -c release --static-swift-stdlib" ;;
    esac
    if [ "$ID" = debian ] && [ -n "$VERSION_ID" ] && [ "${VERSION_ID%%.*}" -lt 12 ]; then
        fail "$PRETTY_NAME is too old: Gantry needs Debian 12 or newer"
    fi
    [ "$(id -u)" -eq 0 ] || fail "it has to make a system user and a service, and needs root for it" "try: sudo $0 $*"
}

# Whether somebody listens on a port of this host, read where the kernel keeps it: no tool needs to be installed.
port_is_taken() {
    local hex
    hex=$(printf '%04X' "$1")
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$hex" '$4 == "0A" && $2 ~ port "$" { found = 1 } END { exit !found }'
}

configured_port() {
    [ -r "$config/gantry.yml" ] || return 0
    awk '/^[a-z]/ { inside = /^listener:/ } inside && /^  port:/ { print $2; exit }' "$config/gantry.yml"
}

check_port() {
    local current
    current=$(configured_port)
    if [ -n "$current" ] && [ -n "$port" ] && [ "$port" != "$current" ]; then
        fail "$config/gantry.yml says port $current, and --port says $port" \
            "an upgrade keeps the configuration: change listener.port there, or leave --port out"
    fi
    port=${current:-${port:-8443}}
    [ -n "$start" ] || return 0
    if ! is_running && port_is_taken "$port"; then
        fail "port $port is in use by another program" "see which with: ss -ltnp 'sport = :$port'" \
            "or choose another one: $0 --port 9443"
    fi
}

packages() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    step "Debian packages: ${missing[*]}"
    run env DEBIAN_FRONTEND=noninteractive apt-get update -q ||
        fail "apt-get update failed" "it says why above; Gantry itself needs no network once it is installed"
    run env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" ||
        fail "these Debian packages could not be installed: ${missing[*]}"
}

# Under sudo the toolchain is the caller's, and so is the build folder: root must not leave files in it.
builder=$(id -un)
if [ -n "${SUDO_USER:-}" ] && [ "${SUDO_USER:-}" != root ]; then builder=$SUDO_USER; fi
as_builder() {
    if [ "$builder" = "$(id -un)" ]; then "$@"; else sudo -H -u "$builder" -- "$@"; fi
}

find_swift() {
    local candidate home
    home=$(getent passwd "$builder" | cut -d: -f6)
    for candidate in \
        "$(command -v swift || true)" \
        "$(as_builder bash -lc 'command -v swift' 2>/dev/null | tail -1 || true)" \
        "$(as_builder bash -ic 'command -v swift' 2>/dev/null </dev/null | tail -1 || true)" \
        "$home/.local/share/swiftly/bin/swift" /opt/swift/usr/bin/swift /usr/local/swift/usr/bin/swift; do
        if [ -n "$candidate" ] && as_builder test -x "$candidate"; then
            printf '%s' "$candidate"
            return 0
        fi
    done
    return 1
}

build() {
    local swift version
    swift=$(find_swift) || fail "no Swift toolchain found in the PATH of $builder" \
        "get Swift 6.3 for this system from https://www.swift.org/install/linux/ (an archive to unpack; offline is fine)" \
        "or install an executable that was built elsewhere: $0 --binary FILE"
    version=$(as_builder "$swift" --version 2>&1) || fail "$swift does not run on this system" "${version%%$'\n'*}"
    version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$version" | head -1)
    if [ -z "$version" ] || [ "$(printf '6.3\n%s\n' "$version" | sort -V | head -1)" != 6.3 ]; then
        fail "$swift is Swift ${version:-of unknown version}, and Gantry needs 6.3 or newer"
    fi
    if [ -d "$source_directory/.build" ] && ! as_builder test -w "$source_directory/.build"; then
        fail "$source_directory/.build cannot be written by $builder, who builds" \
            "try: chown -R $builder $source_directory/.build"
    fi
    as_builder test -w "$source_directory" ||
        fail "$source_directory cannot be written by $builder, who builds there" "copy the checkout to a folder of $builder's"
    step "building as $builder with Swift $version ($swift); the first time takes minutes"
    run as_builder env PATH="$(dirname "$swift"):$PATH" "$swift" build --package-path "$source_directory" \
        -c release --static-swift-stdlib --product gantry || fail "the build failed; what is wrong stands above"
    binary=$source_directory/.build/release/gantry
}

make_user() {
    getent group "$user" >/dev/null || run groupadd --system "$user"
    id "$user" >/dev/null 2>&1 || run useradd --system --gid "$user" --home-dir "$data" --no-create-home \
        --shell /usr/sbin/nologin --comment "Gantry" "$user"
}

install_program() {
    if [ -n "$dry_run" ]; then
        say "would install $binary, stripped, as $prefix/VERSION/gantry"
        return
    fi
    [ -x "$binary" ] || fail "$binary is not an executable"
    version=$("$binary" version | awk '{ print $2; exit }') || fail "$binary does not run on this system; it says why above"
    [[ $version =~ ^[0-9]+\.[0-9]+ ]] || fail "$binary is not Gantry: it calls its version '$version'"
    step "installing $version in $prefix/$version"
    install -d -m 0755 "$prefix" "$prefix/$version"
    # Beside what there is: the next start is still the old one's.
    program=$prefix/$version/gantry.new
    install -m 0755 "$binary" "$program"
    strip "$program"
    if [ -e "$config/gantry.yml" ]; then
        "$program" check --config "$config/gantry.yml" ||
            fail "$config/gantry.yml is not right for this version; what runs goes on" "correct it and run this again"
    fi
    local file
    install -d -m 0755 "$prefix/$version/docs"
    for file in "$source_directory"/{README.md,CHANGELOG.md,docs/*}; do
        [ ! -r "$file" ] || install -m 0644 "$file" "$prefix/$version/${file#"$source_directory"/}"
    done
    write_unit "$prefix/$version/gantry.service"
}

# From here on a start is one of the new version.
activate() {
    [ -z "$dry_run" ] || return 0
    # A running server keeps the file that it has open.
    mv -f "$program" "$prefix/$version/gantry"
    ln -sfn "$version" "$prefix/current.new"
    mv -fT "$prefix/current.new" "$prefix/current"
    if [ -n "$is_standard" ]; then ln -sfn "$gantry" "$link"; fi
}

# etc/gantry.service with this installation's paths, and with the right to a low port only where one is configured.
write_unit() {
    sed -e "s|^ExecStart=.*|ExecStart=$gantry serve --config $config/gantry.yml|" \
        -e "s|file:/opt/gantry/current|file:$prefix/current|" \
        "$source_directory/etc/gantry.service" >"$1"
    if [ "$data" != /var/lib/gantry ]; then
        sed -i -e "/^StateDirectory/d" -e "s|^UMask=.*|&\nReadWritePaths=$data|" "$1"
    fi
    if [ "$port" -lt 1024 ]; then
        sed -i -e 's/^\(AmbientCapabilities\|CapabilityBoundingSet\)=.*/\1=CAP_NET_BIND_SERVICE/' "$1"
    fi
}

# Configuration, keys, authority, certificate, first administrator: `gantry init` makes what is not there.
initialize() {
    if [ -n "$dry_run" ]; then
        say "would run: gantry init --config $config --data $data, and listen on port $port"
        return
    fi
    step "configuration in $config, data in $data"
    local is_new=''
    [ -e "$config/gantry.yml" ] || is_new=yes
    install -d -m 0755 -o root -g "$user" "$config"
    install -d -m 0700 -o "$user" -g "$user" "$data"
    local output
    output=$("$program" init --config "$config" --data "$data") || fail "gantry init failed; it says why above"
    printf '%s\n' "$output" | grep -viE '^(next|administrator)|password' || true
    password=$(printf '%s\n' "$output" | sed -nE 's/.*password[^:]*:? +([^ ]+)$/\1/Ip' | head -1)
    if [ -n "$is_new" ]; then
        sed -i -E "/^listener:/,/^[a-z]/s|^(  port: +)[0-9]+|\1$port|" "$config/gantry.yml"
        if [ -z "$is_standard" ]; then
            sed -i -E "/^listener:/,/^[a-z]/s|^(  unix_socket: +)[^ ]+|\1$runtime/gantry.sock|" "$config/gantry.yml"
        fi
    fi
    # What else is there is whose it was: keys and secrets of their own.
    chown root:"$user" "$config" "$config/gantry.yml"
    [ ! -e "$config/ca.pem" ] || chown root:"$user" "$config/ca.pem"
    chmod 0640 "$config/gantry.yml"
    chown -R "$user:$user" "$data"
    local file
    for file in "$program" "$config/gantry.yml" "$data"; do
        setpriv --reuid "$user" --regid "$user" --init-groups test -r "$file" ||
            fail "the system user $user cannot read $file" "a folder above it is closed to others: see  namei -l $file"
    done
    "$program" check --config "$config/gantry.yml" ||
        fail "$config/gantry.yml is not right for this version" "correct it and run this again"
}

# An upgrade that fails between stopping and starting: the version before goes on.
resume() {
    if is_running; then return 0; fi
    say "the version before is started again"
    if [ -n "$has_systemd" ]; then
        systemctl start gantry.service || true
    else
        launch "$pid_file" "$log_file" "$gantry" serve --config "$config/gantry.yml"
    fi
}

start_gantry() {
    if [ -n "$has_systemd" ]; then
        step "starting gantry.service"
        install -m 0644 "$prefix/$version/gantry.service" "$unit"
        systemctl daemon-reload
        systemctl enable --quiet gantry.service
        systemctl restart gantry.service || true
    else
        step "starting gantry as a process of its own ($([ -n "$is_standard" ] && echo "systemd is not running" || echo "the service belongs to /opt/gantry"))"
        install -d -m 0750 -o "$user" -g "$user" "$runtime"
        [ -e "$log_file" ] || install -m 0640 -o "$user" -g "$user" /dev/null "$log_file"
        launch "$pid_file" "$log_file" "$gantry" serve --config "$config/gantry.yml"
    fi
    wait_until_it_answers
}

# launch PID_FILE LOG COMMAND...: in the background, as the system user, with nothing of this terminal.
launch() {
    local pid_file=$1 log=$2 privileges=()
    shift 2
    [ "$port" -ge 1024 ] || privileges=(--inh-caps +net_bind_service --ambient-caps +net_bind_service)
    # The shell writes its own id and then becomes the command, so that the file is right from the first moment.
    setsid setpriv --reuid "$user" --regid "$user" --init-groups "${privileges[@]}" \
        bash -c 'echo $$ >"$1" && cd / && umask 077 && shift && exec "$@"' launch "$pid_file" "$@" \
        </dev/null >>"$log" 2>&1 &
    disown
}

wait_until_it_answers() {
    for _ in $(seq 120); do
        if "$gantry" status --config "$config/gantry.yml" >/dev/null 2>&1; then return 0; fi
        if [ -z "$has_systemd" ] && [ -s "$pid_file" ] && ! process_of "$pid_file" >/dev/null; then break; fi
        sleep 0.25
    done
    say "its last words:" >&2
    if [ -n "$has_systemd" ]; then
        journalctl --no-pager --unit gantry.service --lines 20 >&2 || true
    else
        tail -20 "$log_file" >&2 || true
    fi
    fail "gantry was started and does not answer" "gantry check --config $config/gantry.yml may know why"
}

# A project, an app, a device, a rule, and a virtual device that streams readings through all of them.
start_demo() {
    step "demo: project demo, app packaging, virtual device line-1"
    local options=(--config "$config/gantry.yml")
    local environment=$data/demo.env
    "$gantry" project add demo "${options[@]}" >/dev/null 2>&1 || true
    "$gantry" app add demo packaging --template "$source_directory/etc/demo/data-template.yml" "${options[@]}" >/dev/null 2>&1 || true
    "$gantry" device add demo line-1 --serial DEMO-LINE-1 "${options[@]}" >/dev/null 2>&1 || true
    "$gantry" app install demo packaging DEMO-LINE-1 --stage prod -o env "${options[@]}" >"$environment" ||
        fail "the demo could not be set up; the server itself is running"
    "$gantry" alarm rule add "$source_directory/etc/demo/alarm-rules.yml" --project demo --app packaging "${options[@]}" >/dev/null
    install -d -m 0755 "$prefix/$version/demo"
    install -m 0644 "$source_directory/etc/demo/data-template.yml" "$prefix/$version/demo/"
    chown "$user:$user" "$environment"
    chmod 0600 "$environment"
    local command=("$gantry" simulate --template "$prefix/current/demo/data-template.yml" --environment "$environment")
    if [ -n "$has_systemd" ]; then
        printf '%s\n' '[Unit]' 'Description=Gantry demo: a virtual device that streams readings' 'After=gantry.service' \
            'BindsTo=gantry.service' '' '[Service]' "ExecStart=${command[*]}" "User=$user" 'Restart=always' 'RestartSec=5' \
            'NoNewPrivileges=yes' 'ProtectSystem=strict' 'ProtectHome=yes' 'PrivateTmp=yes' '' \
            '[Install]' 'WantedBy=multi-user.target' >"$demo_unit"
        systemctl daemon-reload
        systemctl enable --quiet gantry-demo.service
        systemctl restart gantry-demo.service
    else
        launch "$demo_pid_file" "$log_file" "${command[@]}"
    fi
}

address() { hostname -I 2>/dev/null | awk '{ print $1 }' | grep . || hostname; }

report() {
    local host url=''
    host=$(address)
    [ -z "$start" ] || url=$("$gantry" status --config "$config/gantry.yml" -o env 2>/dev/null | sed -n 's/^URL=//p')
    step "Gantry $version is $([ -n "$start" ] && echo running || echo installed)"
    url=${url:-https://$host:$port}
    say "open        $url/"
    say "CA file     $config/ca.pem   (import it into browsers and devices, or download it: ${url/https:/http:}/ca)"
    if [ -n "$password" ]; then
        say "sign in     admin, with the password  $password"
        say "            shown this once; it must be changed at the first sign-in"
    else
        say "sign in     the accounts are as they were"
    fi
    if [ -z "$start" ]; then
        say "start       $gantry serve --config $config/gantry.yml   (as the user $user)"
    elif [ -z "$has_systemd" ]; then
        say "log         $log_file"
        say "at boot     this is no systemd service: have your init make $runtime (owner $user), then run"
        say "            setpriv --reuid $user --regid $user --init-groups $gantry serve --config $config/gantry.yml"
    else
        say "log         journalctl -u gantry"
    fi
    if [ -n "$demo" ]; then
        say "next        sign in: project demo is alive"
    else
        say "next        gantry project add my-plant   (README.md, \"A device that stores readings\", goes on from there)"
    fi
}

uninstall() {
    step "uninstalling from $prefix"
    run stop_gantry
    if [ -n "$has_systemd" ]; then
        run systemctl disable --quiet gantry-demo.service gantry.service 2>/dev/null || true
        run rm -f "$unit" "$demo_unit"
        run systemctl daemon-reload
    fi
    if [ -n "$is_standard" ] && [ "$(readlink "$link" 2>/dev/null || true)" = "$gantry" ]; then run rm -f "$link"; fi
    # Only what an installation consists of: a folder named by --prefix may hold something else.
    local folder
    for folder in "$prefix"/[0-9]*/; do
        [ -e "$folder/gantry" ] || [ -e "$folder/gantry.new" ] || continue
        run rm -rf "$folder"
    done
    run rm -f "$prefix/current"
    [ ! -d "$prefix" ] || run rmdir --ignore-fail-on-non-empty "$prefix"
    if [ -n "$purge" ]; then
        run rm -rf "$config" "$data"
        [ -z "$is_standard" ] || run rm -f "$log_file"
        if [ -n "$is_standard" ] && id "$user" >/dev/null 2>&1; then run userdel "$user"; fi
        say "Gantry is gone, with its configuration and its data."
    else
        say "Gantry is gone. Configuration ($config) and data ($data) are still there;"
        say "--uninstall --purge removes them, another installation finds and uses them."
    fi
}

check_system "$@"
if [ "$action" = uninstall ]; then
    uninstall
    exit 0
fi
check_port
if [ -z "$start$dry_run" ] && is_running; then
    fail "Gantry is running, and --no-start would leave it so" "stop it before, or leave --no-start out"
fi
if [ -z "$binary" ]; then
    # The second line is what a toolchain that was only unpacked needs to run.
    packages binutils ca-certificates git libargon2-dev libc6-dev libpq-dev libsqlite3-dev libssl-dev libstdc++-12-dev zlib1g-dev \
        libcurl4 libncurses6 libxml2 tzdata
    build
else
    packages binutils ca-certificates libsqlite3-0
fi
make_user
password='' version='' program=''
install_program
# Only a server that is stopped has its data brought to a new version.
if [ -z "$dry_run" ] && is_running; then
    trap resume EXIT
    stop_gantry
fi
initialize
activate
trap - EXIT
if [ -n "$dry_run" ]; then
    say "would start gantry and wait until it answers on port $port"
    exit 0
fi
if [ -n "$start" ]; then
    start_gantry
    [ -z "$demo" ] || start_demo
fi
report
