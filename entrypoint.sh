#!/bin/sh
# Starts the edge: validates the settings, renders the template, has nginx check it and runs nginx. With a verb, works on
# the running edge instead (see edge-control.sh):
#
#   entrypoint.sh reload               render the template again and let nginx take it over, dropping nobody
#   entrypoint.sh switch blue|green    and the other verbs of edge-control.sh
set -eu

# ---- Settings --------------------------------------------------------------------------------------------------------

: "${ACTIVE_POOL:=blue}"
: "${BIND_ADDRESS:=0.0.0.0}"
: "${NGINX_PORT:=8080}"
: "${STATUS_PORT:=8084}"
: "${BLUE_ADDRESS:=172.31.240.11:3000}"
: "${GREEN_ADDRESS:=172.31.240.12:3000}"
: "${HEALTH_PATH:=/healthz}"
: "${PROXY_CONNECT_TIMEOUT:=300ms}"
: "${PROXY_SEND_TIMEOUT:=3s}"
: "${PROXY_READ_TIMEOUT:=3s}"
: "${PROXY_STREAM_TIMEOUT:=60s}"
: "${RETRY_NON_IDEMPOTENT:=off}"
: "${PREVIEW_TOKEN:=}"
: "${CLIENT_MAX_BODY_SIZE:=64m}"
: "${LOG_MAX_MB:=64}"
: "${LOG_KEEP:=5}"
: "${ACCESS_LOG:=/var/log/nginx/access.log}"
: "${CONTROL_DIR:=/var/lib/bluegreen/control}"
: "${RUN_DIR:=/var/cache/nginx}"
: "${PUBLIC_DIR:=/usr/share/bluegreen/public}"
: "${NGINX_TEMPLATE:=/usr/share/bluegreen/nginx.conf.template}"
: "${NGINX_CONF:=/etc/nginx/nginx.conf.processed}"

pool_wait_s=30
rotation_check_s=2

say() { printf 'entrypoint: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# ---- Validation ------------------------------------------------------------------------------------------------------

faults=''
fault() { # NAME EXPECTED VALUE
  faults="$faults
  $1: expected $2, got \"$3\""
}

check_number() { # NAME VALUE MIN MAX
  case $2 in
    # With a zero in front, a shell would take it for octal.
    '' | *[!0-9]* | 0?* | ??????????*) fault "$1" "a whole number from $3 to $4" "$2" ;;
    *) if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then fault "$1" "a whole number from $3 to $4" "$2"; fi ;;
  esac
}

check_word() { # NAME VALUE FIRST SECOND
  case $2 in
    "$3" | "$4") ;;
    *) fault "$1" "$3 or $4" "$2" ;;
  esac
}

matches() { # VALUE EXTENDED_REGEX; a value with a newline never matches
  [ "$(printf '%s' "$1" | wc -l)" -eq 0 ] && printf '%s\n' "$1" | grep -Eq "$2"
}

check_pattern() { # NAME VALUE EXTENDED_REGEX EXPECTED
  matches "$2" "$3" || fault "$1" "$4" "$2"
}

check_time() {
  check_pattern "$1" "$2" '^[1-9][0-9]{0,5}(ms|s|m)$' 'a time above 0 with its unit, such as 300ms, 3s or 1m'
}

check_path() {
  check_pattern "$1" "$2" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
}

check_address() {
  check_pattern "$1" "$2" '^[0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5}$' 'an IPv4 address and a port, such as 172.31.240.11:3000'
}

validate() {
  check_word ACTIVE_POOL "$ACTIVE_POOL" blue green
  check_pattern BIND_ADDRESS "$BIND_ADDRESS" '^[0-9]{1,3}(\.[0-9]{1,3}){3}$' 'an IPv4 address such as 127.0.0.1'
  check_number NGINX_PORT "$NGINX_PORT" 1 65535
  check_number STATUS_PORT "$STATUS_PORT" 1 65535
  check_address BLUE_ADDRESS "$BLUE_ADDRESS"
  check_address GREEN_ADDRESS "$GREEN_ADDRESS"
  check_pattern HEALTH_PATH "$HEALTH_PATH" '^/[A-Za-z0-9._~/-]{0,200}$' 'a path that begins with / and holds letters, digits and . _ ~ - / only'
  check_time PROXY_CONNECT_TIMEOUT "$PROXY_CONNECT_TIMEOUT"
  check_time PROXY_SEND_TIMEOUT "$PROXY_SEND_TIMEOUT"
  check_time PROXY_READ_TIMEOUT "$PROXY_READ_TIMEOUT"
  check_time PROXY_STREAM_TIMEOUT "$PROXY_STREAM_TIMEOUT"
  check_word RETRY_NON_IDEMPOTENT "$RETRY_NON_IDEMPOTENT" on off
  check_pattern CLIENT_MAX_BODY_SIZE "$CLIENT_MAX_BODY_SIZE" '^(0|[1-9][0-9]{0,6}[km]?)$' 'a size such as 512k or 64m, or 0 for no limit'
  [ -z "$PREVIEW_TOKEN" ] || matches "$PREVIEW_TOKEN" '^[A-Za-z0-9_-]{16,128}$' ||
    fault PREVIEW_TOKEN '16 to 128 letters, digits, _ and -' 'something else (not shown: it is a secret)'
  check_number LOG_MAX_MB "$LOG_MAX_MB" 1 100000
  check_number LOG_KEEP "$LOG_KEEP" 1 100
  check_path ACCESS_LOG "$ACCESS_LOG"
  check_path CONTROL_DIR "$CONTROL_DIR"
  check_path RUN_DIR "$RUN_DIR"
  check_path PUBLIC_DIR "$PUBLIC_DIR"
  check_path NGINX_TEMPLATE "$NGINX_TEMPLATE"
  check_path NGINX_CONF "$NGINX_CONF"
  [ -z "$faults" ] || fail "these settings cannot be used; correct them in .env and start again:$faults"
}

# ---- Rendering -------------------------------------------------------------------------------------------------------

milliseconds() { # TIME as nginx writes it
  case $1 in
    *ms) echo "${1%ms}" ;;
    *s) echo "$((${1%s} * 1000))" ;;
    *m) echo "$((${1%m} * 60000))" ;;
  esac
}

nginx_version() { nginx -v 2>&1 | sed -n 's#^.*/\([0-9][0-9.]*\).*#\1#p'; }

version_at_least() { # VERSION WANTED
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]
}

render() {
  for file in "$NGINX_TEMPLATE" "$PUBLIC_DIR/50x.html" "$PUBLIC_DIR/maintenance.html"; do
    [ -r "$file" ] || fail "cannot read $file"
  done
  one_try_ms=$(($(milliseconds "$PROXY_CONNECT_TIMEOUT") + $(milliseconds "$PROXY_SEND_TIMEOUT") + $(milliseconds "$PROXY_READ_TIMEOUT")))
  # A second try may begin until the first one has used up all of its timeouts.
  NEXT_UPSTREAM_TIMEOUT=$((one_try_ms + 1000))ms
  WORKER_SHUTDOWN_TIMEOUT=$((one_try_ms * 2 + 10000))ms
  BLUE_PATTERN=$(printf '%s' "$BLUE_ADDRESS" | sed 's/\./\\./g')
  GREEN_PATTERN=$(printf '%s' "$GREEN_ADDRESS" | sed 's/\./\\./g')
  CONFIG_ID=$(date +%s)-$$
  BUCKETS=$(buckets)

  NON_IDEMPOTENT=''
  [ "$RETRY_NON_IDEMPOTENT" = off ] || NON_IDEMPOTENT=' non_idempotent'
  # With it, a reload closes no idle connection under a client that is about to use it.
  KEEPALIVE_MIN_TIMEOUT_DIRECTIVE=''
  if version_at_least "$(nginx_version)" 1.27.4; then KEEPALIVE_MIN_TIMEOUT_DIRECTIVE='keepalive_min_timeout 65s;'; fi
  # A root master would drop its workers to an account that may not be able to enter the control directory.
  USER_DIRECTIVE=''
  [ "$(id -u)" -ne 0 ] || USER_DIRECTIVE="user $(owner_of "$CONTROL_DIR");"

  export ACCESS_LOG BIND_ADDRESS BLUE_ADDRESS BLUE_PATTERN BUCKETS CLIENT_MAX_BODY_SIZE CONFIG_ID CONTROL_DIR \
    GREEN_ADDRESS GREEN_PATTERN HEALTH_PATH KEEPALIVE_MIN_TIMEOUT_DIRECTIVE NEXT_UPSTREAM_TIMEOUT NGINX_PORT \
    NON_IDEMPOTENT PROXY_CONNECT_TIMEOUT PROXY_READ_TIMEOUT PROXY_SEND_TIMEOUT PROXY_STREAM_TIMEOUT PUBLIC_DIR \
    RUN_DIR STATUS_PORT USER_DIRECTIVE WORKER_SHUTDOWN_TIMEOUT
  # The list is explicit, so that nginx's own variables stay as they are.
  # shellcheck disable=SC2016
  envsubst '${ACCESS_LOG} ${BIND_ADDRESS} ${BLUE_ADDRESS} ${BLUE_PATTERN} ${BUCKETS} ${CLIENT_MAX_BODY_SIZE}
    ${CONFIG_ID} ${CONTROL_DIR} ${GREEN_ADDRESS} ${GREEN_PATTERN} ${HEALTH_PATH} ${KEEPALIVE_MIN_TIMEOUT_DIRECTIVE}
    ${NEXT_UPSTREAM_TIMEOUT} ${NGINX_PORT} ${NON_IDEMPOTENT} ${PROXY_CONNECT_TIMEOUT} ${PROXY_READ_TIMEOUT}
    ${PROXY_SEND_TIMEOUT} ${PROXY_STREAM_TIMEOUT} ${PUBLIC_DIR} ${RUN_DIR} ${STATUS_PORT} ${USER_DIRECTIVE}
    ${WORKER_SHUTDOWN_TIMEOUT}' <"$NGINX_TEMPLATE" >"$NGINX_CONF.new"
  nginx -e stderr -t -q -c "$NGINX_CONF.new" || fail "nginx does not accept the rendered configuration; it is kept in $NGINX_CONF.new"
  mv "$NGINX_CONF.new" "$NGINX_CONF"
}

# For split_clients: 00 to 99, one percent each.
buckets() {
  index=0
  while [ "$index" -lt 99 ]; do
    printf '        1%% %02d;\n' "$index"
    index=$((index + 1))
  done
  printf '        *  99;'
}

owner_of() {
  # shellcheck disable=SC2012 # stat has other options on every system; ls prints the owner third everywhere
  ls -ld "$1" | awk '{ print $3 }'
}

# ---- Files -----------------------------------------------------------------------------------------------------------

# Files are made with touch: where "> file" fails after ":", a POSIX shell ends.

prepare_log() {
  # The official image links the log to stdout, and a new volume inherits the link: nobody could follow it.
  if [ -L "$ACCESS_LOG" ]; then rm -f "$ACCESS_LOG"; fi
  # A log that cannot be written is no reason not to serve.
  [ -e "$ACCESS_LOG" ] || (umask 022 && touch "$ACCESS_LOG") || say "cannot create $ACCESS_LOG: requests are served, but not logged"
}

seed_active_pool() {
  [ ! -e "$CONTROL_DIR/seeded" ] || return 0
  if [ "$ACTIVE_POOL" = green ]; then touch "$CONTROL_DIR/active.green" || say "cannot write to $CONTROL_DIR: blue is the active colour"; fi
  touch "$CONTROL_DIR/seeded" || say "cannot write to $CONTROL_DIR: switching will not work"
}

# Tokens of an earlier run open nothing any more.
allow_preview() {
  rm -f "$CONTROL_DIR"/preview.* || :
  [ -z "$PREVIEW_TOKEN" ] || touch "$CONTROL_DIR/preview.$PREVIEW_TOKEN" || say "cannot write to $CONTROL_DIR: there is no preview"
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

# Not wc, which reads all of it in some systems.
size_of() {
  # shellcheck disable=SC2012 # as above
  ls -ln "$1" | awk '{ print $5 }'
}

# Only the edge can tell nginx to reopen its log, so the edge rotates it. Runs beside nginx and ends with it.
rotate_by_size() { # MASTER_PID
  limit_bytes=$((LOG_MAX_MB * 1024 * 1024))
  while sleep "$rotation_check_s" && kill -0 "$1" 2>/dev/null; do
    [ -f "$ACCESS_LOG" ] || continue
    size_bytes=$(size_of "$ACCESS_LOG") || continue
    if [ "$size_bytes" -ge "$limit_bytes" ]; then rotate_log "$1" || say 'the log could not be rotated; trying again'; fi
  done
}

# ---- The running edge ------------------------------------------------------------------------------------------------

fetch() { # URL
  if command -v curl >/dev/null 2>&1; then
    curl -fsS --noproxy '*' --max-time 1 "$1" 2>/dev/null
  elif command -v wget >/dev/null 2>&1; then
    wget -q -Y off -T 1 -O - "$1" 2>/dev/null
  else
    fail 'needs curl or wget'
  fi
}

# Of any answer, whatever its status.
fetch_headers() { # URL
  if command -v curl >/dev/null 2>&1; then
    curl -sS --noproxy '*' --max-time 1 -o /dev/null -D - "$1" 2>/dev/null || :
  else
    wget -q -Y off -S -T 1 -O /dev/null "$1" 2>&1 || :
  fi
}

# An edge that starts before its apps would mark them as failed and answer 502 until fail_timeout is over.
wait_for_a_pool() {
  active=$BLUE_ADDRESS other=$GREEN_ADDRESS
  if [ -e "$CONTROL_DIR/active.green" ]; then active=$GREEN_ADDRESS other=$BLUE_ADDRESS; fi
  started=$(date +%s)
  while [ $(($(date +%s) - started)) -lt "$pool_wait_s" ]; do
    if fetch "http://$active$HEALTH_PATH" >/dev/null; then return 0; fi
    if [ $(($(date +%s) - started)) -ge 3 ] && fetch "http://$other$HEALTH_PATH" >/dev/null; then
      say "the active pool ($active) does not answer yet; $other does"
      return 0
    fi
    sleep 0.2
  done
  say "no pool answers $HEALTH_PATH after $pool_wait_s s; starting all the same"
}

# ---- Starting --------------------------------------------------------------------------------------------------------

run() {
  prepare_log
  seed_active_pool
  allow_preview
  render
  wait_for_a_pool
  rotate_by_size $$ &
  exec nginx -e stderr -c "$NGINX_CONF" -g 'daemon off;'
}

# A worker that takes connections, by its title.
is_at_work() { # PID
  title=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 1
  case $title in
    *'worker process is shutting down'*) return 1 ;;
    *'worker process'*) return 0 ;;
    *) return 1 ;;
  esac
}

reload() {
  pid=$(cat "$RUN_DIR/nginx.pid" 2>/dev/null) || fail 'nginx is not running'
  render
  before=$(workers_of "$pid")
  kill -HUP "$pid" || fail "cannot signal nginx (pid $pid)"
  confirm "\"config\":\"$CONFIG_ID\"" 'the configuration was rendered'
  # For a tenth of a second more, those with the old configuration take connections too.
  deadline=$(($(date +%s) + confirm_deadline_s))
  for worker in $before; do
    while is_at_work "$worker" && [ "$(date +%s)" -lt "$deadline" ]; do sleep 0.02; done
  done
}

# shellcheck source=edge-control.sh
. "$(dirname "$0")/edge-control.sh"

case ${1:-run} in
  run | reload)
    validate
    "${1:-run}"
    ;;
  *) control "$@" ;;
esac
