#!/bin/sh
# Starts the edge: validates the settings (see edge-settings.sh), renders the template, has nginx check it and runs nginx (see
# edge-render.sh). edge-tend.sh runs beside it.
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

# Without RUN_DIR, which each nginx has for itself, and the preview token, which must be in no file.
setting_names() { sed -n '/RUN_DIR/d; /PREVIEW_TOKEN/d; s/^: "[$]{\([A-Z_]*\):=.*/\1/p' "$(dirname "$0")/edge-settings.sh"; }

# Starts no process for a usual value, because every verb comes through here.
listed_settings() {
  for name in $(setting_names); do
    value=''
    eval "value=\$$name"
    case $value in
      *"'"*) value=$(printf '%s' "$value" | sed "s/'/'\\\\''/g") ;;
    esac
    printf "%s='%s'\n" "$name" "$value"
  done
}

# Must be called before any setting is changed.
read_settings_in_force() {
  base=$(listed_settings | cksum)
  [ -f "$in_force" ] || return 0
  written_for=''
  { read -r _ && read -r _ written_for; } <"$in_force" || :
  [ "$written_for" = "$base" ] || return 0
  # shellcheck source=/dev/null
  . "$in_force"
}

keep_settings() {
  (
    umask 077
    { printf ': %s\n' "$CONFIG_ID" "$base" && listed_settings; } >"$in_force.new" && mv "$in_force.new" "$in_force"
  ) || say "cannot write $in_force: if nginx_proxy stops, the gate serves with older settings"
}

configure() {
  names=$(setting_names | tr '\n' ' ')
  while IFS= read -r line; do
    name=${line%%=*}
    case " $names " in
      *" $name "*) export "$name=${line#*=}" ;;
      *) fail "configure: expected NAME=VALUE lines of known settings, got \"$name\"" ;;
    esac
  done
  # shellcheck source=edge-settings.sh
  . "$(dirname "$0")/edge-settings.sh"
  validate
  wait_until_serving
  allow_preview
  if [ "$(listed_settings)" != "$(tail -n +3 "$in_force")" ] || [ -n "$(find "$NGINX_TEMPLATE" -newer "$NGINX_CONF")" ]; then reload; fi
}

# An nginx that is only starting would miss the change.
wait_until_serving() {
  deadline=$(($(date +%s) + pool_wait_s + certificate_wait_s))
  until (is_serving) 2>/dev/null; do
    [ "$(date +%s)" -lt "$deadline" ] || fail 'configure: nginx does not serve'
    sleep 0.1
  done
}

validate() {
  read_preview_token
  check_settings
  case $DOMAINS in '*'*) fault DOMAINS 'the main domain first, which is no wildcard' "\"$DOMAINS\"" ;; esac
  [ -z "$faults" ] || fail "invalid settings; correct them in .env and start again:$faults"
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
  # Another nginx serves, and will finish its requests when this one has taken over.
  find_listeners first
  [ -z "$listening" ] || claim_log
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

# shellcheck source=edge-render.sh
. "$(dirname "$0")/edge-render.sh"
# shellcheck source=edge-tend.sh
. "$(dirname "$0")/edge-tend.sh"
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
