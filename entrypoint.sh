#!/bin/sh
# Starts the edge: validates the settings (see edge-settings.sh), renders the template, has nginx check it and runs nginx.
# With a verb, it acts on the running edge instead:
#
#   entrypoint.sh reload               render the template again and have nginx load it without dropping a connection
#   entrypoint.sh configure            the same if settings have changed, possibly by NAME=VALUE lines from standard input
#   entrypoint.sh serving              succeed if this nginx serves
#   entrypoint.sh switch blue|green    or any other verb of edge-control.sh
#   entrypoint.sh gate                 hold the network namespace that nginx runs in; see edge-gate.sh
set -eu

pool_wait_s=30
certificate_wait_s=10
# Two ticks without a new beat end the guard of a prober: passive checks begin at most 2.4 s after the last beat.
tick_s=0.8
allowed_beats=2
ticks_a_rotation=3
# After a reload, connections that are kept open still avoid a pool that failed a request in the last five seconds, and new ones
# do not. So passive checks end only after ten seconds with beats.
trusted_beats=13

passive_checks=off

say() { printf 'entrypoint: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# ---- Settings --------------------------------------------------------------------------------------------------------

# shellcheck source=edge-settings.sh
. "$(dirname "$0")/edge-settings.sh"

faults=''
fault() { # NAME EXPECTED VALUE
  faults="$faults
  $1: expected $2, got $3"
}

check_number() { # NAME VALUE MIN MAX
  case $2 in
    # A shell would take a number with a leading zero for octal.
    '' | *[!0-9]* | 0?* | ??????????*) fault "$1" "a whole number from $3 to $4" "\"$2\"" ;;
    *) if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then fault "$1" "a whole number from $3 to $4" "\"$2\""; fi ;;
  esac
}

matches() { # VALUE EXTENDED_REGEX; a value with a newline never matches
  [ "$(printf '%s' "$1" | wc -l)" -eq 0 ] && printf '%s\n' "$1" | grep -Eq "$2"
}

check_pattern() { # NAME VALUE EXTENDED_REGEX EXPECTED
  matches "$2" "$3" || fault "$1" "$4" "\"$2\""
}

secret_source=''
check_secret() { # NAME VALUE EXTENDED_REGEX EXPECTED
  matches "$2" "$3" || fault "${secret_source:-$1}" "$4" 'something else (not shown: it is a secret)'
}

# A newline at the end of the file is no part of the token.
read_preview_token() {
  [ -n "$PREVIEW_TOKEN_FILE" ] || return 0
  if [ -n "$PREVIEW_TOKEN" ]; then
    fault 'PREVIEW_TOKEN, PREVIEW_TOKEN_FILE' 'only one of them' both
  elif [ ! -f "$PREVIEW_TOKEN_FILE" ] || [ ! -r "$PREVIEW_TOKEN_FILE" ]; then
    fault PREVIEW_TOKEN_FILE 'a readable file' "$PREVIEW_TOKEN_FILE"
  elif [ -z "$(tr -d '[:space:]' <"$PREVIEW_TOKEN_FILE")" ]; then
    fault PREVIEW_TOKEN_FILE "$PREVIEW_TOKEN_FILE to contain PREVIEW_TOKEN" 'an empty file'
  else
    PREVIEW_TOKEN=$(cat "$PREVIEW_TOKEN_FILE")
    secret_source="PREVIEW_TOKEN_FILE, in $PREVIEW_TOKEN_FILE"
  fi
}

# ---- Settings in force -----------------------------------------------------------------------------------------------

# `configure` changes settings of a running container, whose environment cannot change. They are kept in a file, which holds until the
# environment changes too, and which the gate reads as well.
in_force=${SETTINGS_IN_FORCE:-$RUN_DIR/settings}

# Without RUN_DIR, which each nginx has for itself.
setting_names() { sed -n '/RUN_DIR/d; s/^: "[$]{\([A-Z_]*\):=.*/\1/p' "$(dirname "$0")/edge-settings.sh"; }

listed_settings() {
  for name in $(setting_names); do
    value=''
    eval "value=\$$name"
    printf "%s='%s'\n" "$name" "$(printf '%s' "$value" | sed "s/'/'\\\\''/g")"
  done
}

# Must be called before any setting is changed.
read_settings_in_force() {
  base=$(listed_settings | cksum)
  [ -f "$in_force" ] || return 0
  written_for=''
  { read -r _ && read -r _ written_for; } <"$in_force" || :
  [ "$written_for" = "$base" ] || return 0
  token_file=$PREVIEW_TOKEN_FILE
  # shellcheck source=/dev/null
  . "$in_force"
  # The file may have changed since.
  [ -z "$token_file" ] || PREVIEW_TOKEN='' PREVIEW_TOKEN_FILE=$token_file
}

# With the token itself in place of its file, which the gate does not have.
kept_settings() {
  listed_settings | sed "s/^PREVIEW_TOKEN_FILE=.*/PREVIEW_TOKEN_FILE=''/"
}

keep_settings() {
  (
    umask 077
    { printf ': %s\n' "$CONFIG_ID" "$base" && kept_settings; } >"$in_force.new" && mv "$in_force.new" "$in_force"
  ) || say "cannot write $in_force: if nginx_proxy stops, the gate serves with older settings"
}

configure() {
  while IFS= read -r line; do
    name=${line%%=*}
    case " $(setting_names | tr '\n' ' ') " in
      *" $name "*) export "$name=${line#*=}" ;;
      *) fail "configure: expected NAME=VALUE lines of known settings, got \"$name\"" ;;
    esac
  done
  # shellcheck source=edge-settings.sh
  . "$(dirname "$0")/edge-settings.sh"
  validate
  if [ "$(kept_settings)" != "$(tail -n +3 "$in_force")" ] || [ -n "$(find "$NGINX_TEMPLATE" -newer "$NGINX_CONF")" ]; then reload; fi
}

validate() {
  read_preview_token
  check_settings
  case $DOMAINS in '*'*) fault DOMAINS 'the main domain first, which is no wildcard' "\"$DOMAINS\"" ;; esac
  [ -z "$faults" ] || fail "invalid settings; correct them in .env and start again:$faults"
}

# ---- Rendering -------------------------------------------------------------------------------------------------------

milliseconds() { # TIME in nginx's notation
  case $1 in
    *ms) echo "${1%ms}" ;;
    *s) echo "$((${1%s} * 1000))" ;;
    *m) echo "$((${1%m} * 60000))" ;;
  esac
}

# Longer than the longest legitimate request, which may use up the patience of both attempts.
shutdown_timeout() {
  first_attempt_ms=$(($(milliseconds "$PROXY_CONNECT_TIMEOUT") + $(milliseconds "$PROXY_READ_TIMEOUT")))
  last_attempt_ms=$(($(milliseconds "$PROXY_CONNECT_TIMEOUT") + $(milliseconds "$PROXY_LAST_TIMEOUT")))
  echo "$((first_attempt_ms + last_attempt_ms + 10000))ms"
}

nginx_version() { nginx -v 2>&1 | sed -n 's#^.*/\([0-9][0-9.]*\).*#\1#p'; }

openssl_version() { nginx -V 2>&1 | sed -n 's/^built with OpenSSL \([0-9][0-9.]*\).*/\1/p'; }

version_at_least() { # VERSION WANTED
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]
}

# shellcheck disable=SC2034 # the template uses these variables
render() {
  for file in "$NGINX_TEMPLATE" "$PUBLIC_DIR/50x.html" "$PUBLIC_DIR/maintenance.html"; do
    [ -r "$file" ] || fail "cannot read $file"
  done
  WORKER_SHUTDOWN_TIMEOUT=$(shutdown_timeout)
  BLUE_PATTERN=$(pattern_of "$BLUE_ADDRESS")
  GREEN_PATTERN=$(pattern_of "$GREEN_ADDRESS")
  CONFIG_ID=$(date +%s)-$$
  BUCKETS=$(buckets)
  # Without these files, nginx relies on passive checks.
  GUARD_DIR=$CONTROL_DIR
  HEALTH_HOST_HEADER=${HEALTH_HOST:-\$proxy_host}
  [ "$passive_checks" = off ] || GUARD_DIR=/nonexistent
  REAL_IP_NETWORKS=$(for_each "$TRUSTED_PROXIES" '    set_real_ip_from %s;\n')
  TRUSTED_NETWORKS=$(for_each "$TRUSTED_PROXIES" '        %s yes;\n')
  STREAM_PATH_ENTRIES=$(for_each "$(pattern_of "$STREAM_PATHS")" '        "~^%s" yes;\n')
  ASSET_PATH_ENTRIES=$(for_each "$(pattern_of "$ASSET_PATHS")" '        "~^%s" asset;\n')

  MAIN_DOMAIN=${DOMAINS%%,*}
  CERTIFICATE_ENTRIES=$(domain_entries)
  DOMAIN_ENTRIES=$(domain_entries host)
  PORT_IN_URL=''
  [ "$HTTPS_PORT" = 443 ] || PORT_IN_URL=:$HTTPS_PORT
  HSTS=''
  [ "$HSTS_MAX_AGE" = 0 ] || HSTS="max-age=$HSTS_MAX_AGE"

  NON_IDEMPOTENT=''
  [ "$RETRY_NON_IDEMPOTENT" = off ] || NON_IDEMPOTENT=' non_idempotent'
  # Keeps a reload from closing an idle connection that a client is about to use.
  KEEPALIVE_MIN_TIMEOUT_DIRECTIVE=''
  if version_at_least "$(nginx_version)" 1.27.4; then KEEPALIVE_MIN_TIMEOUT_DIRECTIVE='keepalive_min_timeout 65s;'; fi
  HTTP2_PARAMETER=' http2' HTTP2_DIRECTIVE=''
  if version_at_least "$(nginx_version)" 1.25.1; then HTTP2_PARAMETER='' HTTP2_DIRECTIVE='http2 on;'; fi
  # A new certificate is shown after this second at the latest.
  CERTIFICATE_CACHE_DIRECTIVE=''
  if version_at_least "$(nginx_version)" 1.27.4; then CERTIFICATE_CACHE_DIRECTIVE='ssl_certificate_cache max=1000 valid=1s;'; fi
  KEY_EXCHANGE=X25519:prime256v1:secp384r1
  if version_at_least "$(openssl_version)" 3.5; then KEY_EXCHANGE=X25519MLKEM768:$KEY_EXCHANGE; fi
  # A master that runs as root would start its workers as an account that may have no access to the control directory.
  USER_DIRECTIVE=''
  [ "$(id -u)" -ne 0 ] || USER_DIRECTIVE="user $(owner_of "$CONTROL_DIR");"

  # envsubst gets an explicit list, so that nginx's own variables stay as they are: every ${UPPER_CASE} name is ours.
  list='' unset_names=''
  for name in $(template_variables); do
    eval "[ -n \"\${$name+set}\" ]" || unset_names="$unset_names $name"
    export "${name?}"
    list="$list \${$name}"
  done
  [ -z "$unset_names" ] || fail "$NGINX_TEMPLATE: nothing sets$unset_names"
  conditional_lines <"$NGINX_TEMPLATE" | envsubst "$list" >"$NGINX_CONF.new"
  nginx -e stderr -t -q -c "$NGINX_CONF.new" || fail "nginx rejected the rendered configuration, kept in $NGINX_CONF.new"
  mv "$NGINX_CONF.new" "$NGINX_CONF"
}

# Resolves the template's "#if NAME", "#else" and "#endif", which are not nested.
conditional_lines() {
  export TRUSTED_PROXIES DOMAINS
  awk '
    $1 == "#if" { skips = ENVIRON[$2] == ""; next }
    $1 == "#else" { skips = !skips; next }
    $1 == "#endif" { skips = 0; next }
    !skips
  '
}

template_variables() {
  awk '{
    while (match($0, /[$][{][A-Z][A-Z0-9_]*[}]/)) {
      print substr($0, RSTART + 2, RLENGTH - 3)
      $0 = substr($0, RSTART + RLENGTH)
    }
  }' "$NGINX_TEMPLATE" | sort -u
}

# Of what the settings allow in addresses and paths, only the dot is special in a regular expression.
pattern_of() { printf '%s' "$1" | sed 's/\./\\./g'; }

# Prints each entry of a comma-separated list.
for_each() { # LIST FORMAT
  printf '%s\n' "$1" | tr ',' '\n' | while read -r entry; do
    # shellcheck disable=SC2059 # the format is a constant of ours
    [ -z "$entry" ] || printf "$2" "$entry"
  done
}

# Prints an entry of a map for each of DOMAINS, with the value, or else with the name of its certificate. As in a certificate,
# a wildcard stands for one label.
domain_entries() { # [VALUE]
  printf '%s\n' "$DOMAINS" | tr ',' '\n' | awk -v value="${1:-}" '
    $0 != "" {
      name = file = $0
      if (sub(/^[*]/, "_", file)) {
        gsub(/[.]/, "[.]", name)
        name = "~*^[a-z0-9_-]+" substr(name, 2) "$"
      }
      printf "        \"%s\" \"%s\";\n", name, value == "" ? file : value
    }'
}

# The body of split_clients: buckets 00 to 99 with one percent each.
buckets() {
  index=0
  while [ "$index" -lt 99 ]; do
    printf '        1%% %02d;\n' "$index"
    index=$((index + 1))
  done
  printf '        *  99;'
}

owner_of() {
  # shellcheck disable=SC2012 # the options of stat differ between systems; ls prints the owner third on all of them
  ls -ld "$1" | awk '{ print $3 }'
}

# ---- Files -----------------------------------------------------------------------------------------------------------

# Files are created with touch: a POSIX shell exits if the redirection of ": > file" fails.

prepare_log() {
  # The official image links the log to stdout, and a new volume inherits the link. Such a log cannot be followed.
  if [ -L "$ACCESS_LOG" ]; then rm -f "$ACCESS_LOG"; fi
  # The edge serves even if it cannot write its log.
  [ -e "$ACCESS_LOG" ] || (umask 022 && touch "$ACCESS_LOG") || say "cannot create $ACCESS_LOG: requests are served but not logged"
}

seed_active_pool() {
  [ ! -e "$CONTROL_DIR/seeded" ] || return 0
  if [ "$ACTIVE_POOL" = green ]; then touch "$CONTROL_DIR/active.green" || say "cannot write to $CONTROL_DIR: blue is the active pool"; fi
  touch "$CONTROL_DIR/seeded" || say "cannot write to $CONTROL_DIR: switching will not work"
}

# Tokens of an earlier run are no longer valid.
allow_preview() {
  rm -f "$CONTROL_DIR"/preview.* || :
  [ -z "$PREVIEW_TOKEN" ] || touch "$CONTROL_DIR/preview.$PREVIEW_TOKEN" || say "cannot write to $CONTROL_DIR: preview is not available"
}

# After a start, another nginx may still be finishing its requests, and only its own master can have it reopen the log.
claim_log() { touch "$ACCESS_LOG.started" 2>/dev/null || :; }

is_log_shared() {
  minutes=$((($(milliseconds "$(shutdown_timeout)") + 10000) / 60000 + 1))
  [ -n "$(find "$ACCESS_LOG.started" -mmin "-$minutes" 2>/dev/null)" ]
}

rotate_log() { # MASTER_PID
  index=$LOG_KEEP
  while [ "$index" -gt 1 ]; do
    older=$((index - 1))
    if [ -e "$ACCESS_LOG.$older" ]; then mv -f "$ACCESS_LOG.$older" "$ACCESS_LOG.$index"; fi
    index=$older
  done
  mv -f "$ACCESS_LOG" "$ACCESS_LOG.1"
  kill -USR1 "$1"
}

# Not wc, which reads the whole file on some systems.
size_of() {
  # shellcheck disable=SC2012 # see owner_of
  ls -ln "$1" | awk '{ print $5 }'
}

# The edge rotates the log because only the edge can tell nginx to reopen it.
rotate_by_size() { # MASTER_PID
  [ -f "$ACCESS_LOG" ] || return 0
  size_bytes=$(size_of "$ACCESS_LOG") || return 0
  [ "$size_bytes" -ge "$((LOG_MAX_MB * 1024 * 1024))" ] || return 0
  ! is_log_shared || return 0
  rotate_log "$1" || say "cannot rotate $ACCESS_LOG; retrying"
}

# nginx's messages about a request end with its query and its referrer, which may contain secrets; only the address of the
# pool is kept. https://nginx.org/en/docs/ngx_core_module.html#error_log has no format to set.
hide_requests() {
  export LC_ALL=C
  # Only an unbuffered filter shows a message when it is written. BusyBox has no unbuffered sed, but an awk that is.
  if sed -u '' </dev/null 2>/dev/null; then
    exec sed -u -E 's/, request: ".*, upstream: "([a-z]+:\/\/[^/"]*).*/, upstream: "\1"/; s/, (request|host|referrer): ".*//'
  fi
  exec awk '{
    upstream = ""
    if (match($0, /, upstream: "[a-z]+:\/\/[^\/"]*/)) upstream = substr($0, RSTART, RLENGTH) "\""
    sub(/, (request|host|referrer): ".*/, "")
    print $0 upstream
    fflush()
  }'
}

# ---- Beside nginx ----------------------------------------------------------------------------------------------------

# A prober that was killed or hangs leaves its files behind, and nginx cannot see how old they are. Each beat writes something
# else into prober.alive. When the beats stop, the files are removed, and nginx relies on passive checks.
check_prober() { # MASTER_PID
  beat=''
  [ ! -f "$alive" ] || read -r beat <"$alive" || :
  if [ -n "$beat" ] && [ "$beat" != "$last_beat" ]; then
    last_beat=$beat missed_beats=0 kept_beats=$((kept_beats + 1))
    [ "$passive_checks" = off ] || [ "$kept_beats" -lt "$trusted_beats" ] || set_passive_checks off "$1"
    return 0
  fi
  missed_beats=$((missed_beats + 1)) kept_beats=0
  [ "$missed_beats" -eq "$allowed_beats" ] || return 0
  [ -e "$alive" ] || [ -e "$CONTROL_DIR/both.up" ] || return 0
  say 'the prober does not respond: relying on passive checks, which avoid a pool for 5 s after a failed request'
  # In this order: while both.up exists, nginx looks no further. Where the files cannot be removed, nginx must not look.
  rm -f "$CONTROL_DIR/both.up" "$alive" 2>/dev/null || set_passive_checks on "$1"
}

# By a reload.
set_passive_checks() { # on|off MASTER_PID
  passive_checks=$1
  if ! (render) || ! kill -HUP "$2"; then say 'cannot change the configuration'; fi
}

# Whether this network namespace has an interface other than loopback.
has_network() {
  for interface in /sys/class/net/*; do
    [ "${interface##*/}" = lo ] || return 0
  done
  return 1
}

# After `configure`, by another process.
follow_settings() {
  read -r line <"$in_force" 2>/dev/null || return 0
  [ "$line" != "$followed" ] || return 0
  followed=$line
  # shellcheck source=/dev/null
  . "$in_force"
}

# What the edge does beside nginx. Ends with it.
tend() { # MASTER_PID
  alive=$CONTROL_DIR/prober.alive last_beat='' missed_beats=0 kept_beats=0 ticks=0 followed='' had_network=''
  ! has_network || had_network=yes
  while sleep "$tick_s" && kill -0 "$1" 2>/dev/null; do
    if [ -n "$had_network" ] && ! has_network; then
      say 'the network of the edge is gone: its gate was restarted; starting again in the new one'
      kill -TERM "$1"
    fi
    follow_settings
    check_prober "$1"
    correct_plain 2>/dev/null || :
    ticks=$((ticks + 1))
    [ $((ticks % ticks_a_rotation)) -ne 0 ] || rotate_by_size "$1"
  done
}

# ---- The running edge ------------------------------------------------------------------------------------------------

fetch() { # URL HOST PROTO
  if command -v curl >/dev/null 2>&1; then
    curl -fsS --noproxy '*' --max-time 1 -H "Host: $2" -H "X-Forwarded-Proto: $3" "$1" 2>/dev/null
  elif command -v wget >/dev/null 2>&1; then
    wget -q -Y off -T 1 --header "Host: $2" --header "X-Forwarded-Proto: $3" -O - "$1" 2>/dev/null
  else
    fail 'curl or wget is required'
  fi
}

is_healthy() { # ADDRESS
  fetch "http://$1$HEALTH_PATH" "${HEALTH_HOST:-$1}" "$HEALTH_PROTO" >/dev/null
}

# An edge that starts before its apps would answer 502.
wait_for_a_pool() {
  # The prober alone knows what else is healthy.
  if [ "$HEALTH_CHECK" != http ] || [ "$HEALTH_STATUS" != 2xx ]; then return 0; fi
  active=$BLUE_ADDRESS standby=$GREEN_ADDRESS
  if [ -e "$CONTROL_DIR/active.green" ]; then active=$GREEN_ADDRESS standby=$BLUE_ADDRESS; fi
  started=$(date +%s)
  while [ $(($(date +%s) - started)) -lt "$pool_wait_s" ]; do
    if is_healthy "$active"; then return 0; fi
    if [ $(($(date +%s) - started)) -ge 3 ] && is_healthy "$standby"; then
      say "the active pool ($active) does not answer yet, the standby ($standby) does"
      return 0
    fi
    sleep 0.2
  done
  say "no pool answered $HEALTH_PATH within $pool_wait_s s; starting anyway"
}

# The certificates program starts at the same time, and needs the edge for its challenges.
wait_for_a_certificate() {
  certificate=$TLS_DIR/live/$MAIN_DOMAIN.pem
  started=$(date +%s)
  while [ ! -r "$certificate" ]; do
    if [ $(($(date +%s) - started)) -ge "$certificate_wait_s" ]; then
      say "no readable $certificate after $certificate_wait_s s; starting anyway: HTTPS fails until there is one"
      return 0
    fi
    sleep 0.1
  done
}

# ---- Starting --------------------------------------------------------------------------------------------------------

run() {
  mkdir -p "$RUN_DIR"
  prepare_log
  claim_log
  seed_active_pool
  allow_preview
  render
  keep_settings
  mark_plain
  wait_for_a_pool
  [ -z "$DOMAINS" ] || wait_for_a_certificate
  start_nginx
}

# In the gate: an nginx with the settings that nginx_proxy had last.
serve() {
  # shellcheck source=/dev/null
  . "$in_force"
  mkdir -p "$RUN_DIR"
  claim_log
  render
  pool_wait_s=2
  wait_for_a_pool
  start_nginx
}

start_nginx() {
  errors=$RUN_DIR/errors
  rm -f "$errors"
  mkfifo -m 600 "$errors" || fail "cannot create $errors"
  hide_requests <"$errors" >&2 &
  tend $$ &
  exec nginx -e stderr -c "$NGINX_CONF" -g 'daemon off;' 2>"$errors"
}

# Judges by the process title whether a worker accepts connections.
accepts_connections() { # PID
  title=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 1
  case $title in
    *'worker process is shutting down'*) return 1 ;;
    *'worker process'*) return 0 ;;
    *) return 1 ;;
  esac
}

is_serving() {
  pid=$(cat "$RUN_DIR/nginx.pid" 2>/dev/null) || fail 'nginx is not running'
  for worker in $(workers_of "$pid"); do
    if accepts_connections "$worker"; then
      status >/dev/null || fail "nginx does not answer on its status port $STATUS_PORT"
      return 0
    fi
  done
  fail 'nginx does not accept connections'
}

reload() {
  pid=$(cat "$RUN_DIR/nginx.pid" 2>/dev/null) || fail 'nginx is not running'
  render
  keep_settings
  before=$(workers_of "$pid")
  kill -HUP "$pid" || fail "cannot signal nginx (pid $pid)"
  confirm "\"config\":\"$CONFIG_ID\"" 'the configuration was rendered'
  # Workers with the old configuration accept connections for another tenth of a second.
  deadline=$(($(date +%s) + confirm_deadline_s))
  for worker in $before; do
    while accepts_connections "$worker" && [ "$(date +%s)" -lt "$deadline" ]; do sleep 0.02; done
  done
}

# shellcheck source=edge-control.sh
. "$(dirname "$0")/edge-control.sh"
# shellcheck source=edge-gate.sh
. "$(dirname "$0")/edge-gate.sh"

read_settings_in_force
case ${1:-run} in
  run | reload)
    validate
    "${1:-run}"
    ;;
  configure | gate | serve) "$1" ;;
  serving) is_serving ;;
  stand-in) stand_in ;;
  preview)
    # Knows the token of the settings, which it keeps.
    read_preview_token
    control "$@"
    ;;
  *) control "$@" ;;
esac
