#!/bin/sh
# Starts the edge: validates the settings (see edge-settings.sh), renders the template, has nginx check it and runs nginx.
# With a verb, it acts on the running edge instead:
#
#   entrypoint.sh reload               render the template again and have nginx load it without dropping a connection
#   entrypoint.sh switch blue|green    or any other verb of edge-control.sh
set -eu

pool_wait_s=30
rotation_check_s=2

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

validate() {
  read_preview_token
  check_settings
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

nginx_version() { nginx -v 2>&1 | sed -n 's#^.*/\([0-9][0-9.]*\).*#\1#p'; }

version_at_least() { # VERSION WANTED
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)" = "$2" ]
}

# shellcheck disable=SC2034 # the template uses these variables
render() {
  for file in "$NGINX_TEMPLATE" "$PUBLIC_DIR/50x.html" "$PUBLIC_DIR/maintenance.html"; do
    [ -r "$file" ] || fail "cannot read $file"
  done
  one_attempt_ms=$(($(milliseconds "$PROXY_CONNECT_TIMEOUT") + $(milliseconds "$PROXY_SEND_TIMEOUT") + $(milliseconds "$PROXY_READ_TIMEOUT")))
  # The second attempt may start until the first has used up all of its timeouts.
  NEXT_UPSTREAM_TIMEOUT=$((one_attempt_ms + 1000))ms
  WORKER_SHUTDOWN_TIMEOUT=$((one_attempt_ms * 2 + 10000))ms
  BLUE_PATTERN=$(printf '%s' "$BLUE_ADDRESS" | sed 's/\./\\./g')
  GREEN_PATTERN=$(printf '%s' "$GREEN_ADDRESS" | sed 's/\./\\./g')
  CONFIG_ID=$(date +%s)-$$
  BUCKETS=$(buckets)

  NON_IDEMPOTENT=''
  [ "$RETRY_NON_IDEMPOTENT" = off ] || NON_IDEMPOTENT=' non_idempotent'
  # Keeps a reload from closing an idle connection that a client is about to use.
  KEEPALIVE_MIN_TIMEOUT_DIRECTIVE=''
  if version_at_least "$(nginx_version)" 1.27.4; then KEEPALIVE_MIN_TIMEOUT_DIRECTIVE='keepalive_min_timeout 65s;'; fi
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
  envsubst "$list" <"$NGINX_TEMPLATE" >"$NGINX_CONF.new"
  nginx -e stderr -t -q -c "$NGINX_CONF.new" || fail "nginx rejected the rendered configuration, kept in $NGINX_CONF.new"
  mv "$NGINX_CONF.new" "$NGINX_CONF"
}

template_variables() {
  awk '{
    while (match($0, /[$][{][A-Z][A-Z0-9_]*[}]/)) {
      print substr($0, RSTART + 2, RLENGTH - 3)
      $0 = substr($0, RSTART + RLENGTH)
    }
  }' "$NGINX_TEMPLATE" | sort -u
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

# The edge rotates the log because only the edge can tell nginx to reopen it. Runs beside nginx and ends with it.
rotate_by_size() { # MASTER_PID
  limit_bytes=$((LOG_MAX_MB * 1024 * 1024))
  while sleep "$rotation_check_s" && kill -0 "$1" 2>/dev/null; do
    [ -f "$ACCESS_LOG" ] || continue
    size_bytes=$(size_of "$ACCESS_LOG") || continue
    if [ "$size_bytes" -ge "$limit_bytes" ]; then rotate_log "$1" || say "cannot rotate $ACCESS_LOG; retrying"; fi
  done
}

# ---- The running edge ------------------------------------------------------------------------------------------------

fetch() { # URL
  if command -v curl >/dev/null 2>&1; then
    curl -fsS --noproxy '*' --max-time 1 "$1" 2>/dev/null
  elif command -v wget >/dev/null 2>&1; then
    wget -q -Y off -T 1 -O - "$1" 2>/dev/null
  else
    fail 'curl or wget is required'
  fi
}

# Prints the headers of any response, whatever its status.
fetch_headers() { # URL
  if command -v curl >/dev/null 2>&1; then
    curl -sS --noproxy '*' --max-time 1 -o /dev/null -D - "$1" 2>/dev/null || :
  else
    wget -q -Y off -S -T 1 -O /dev/null "$1" 2>&1 || :
  fi
}

# An edge that starts before its apps would mark them as failed and answer 502 until fail_timeout has passed.
wait_for_a_pool() {
  active=$BLUE_ADDRESS standby=$GREEN_ADDRESS
  if [ -e "$CONTROL_DIR/active.green" ]; then active=$GREEN_ADDRESS standby=$BLUE_ADDRESS; fi
  started=$(date +%s)
  while [ $(($(date +%s) - started)) -lt "$pool_wait_s" ]; do
    if fetch "http://$active$HEALTH_PATH" >/dev/null; then return 0; fi
    if [ $(($(date +%s) - started)) -ge 3 ] && fetch "http://$standby$HEALTH_PATH" >/dev/null; then
      say "the active pool ($active) does not answer yet, the standby ($standby) does"
      return 0
    fi
    sleep 0.2
  done
  say "no pool answered $HEALTH_PATH within $pool_wait_s s; starting anyway"
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

# Judges by the process title whether a worker accepts connections.
accepts_connections() { # PID
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
  # Workers with the old configuration accept connections for another tenth of a second.
  deadline=$(($(date +%s) + confirm_deadline_s))
  for worker in $before; do
    while accepts_connections "$worker" && [ "$(date +%s)" -lt "$deadline" ]; do sleep 0.02; done
  done
}

# shellcheck source=edge-control.sh
. "$(dirname "$0")/edge-control.sh"

case ${1:-run} in
  run | reload)
    validate
    "${1:-run}"
    ;;
  preview)
    # Knows the token of the settings, which it keeps.
    read_preview_token
    control "$@"
    ;;
  *) control "$@" ;;
esac
