#!/bin/sh
# The verbs of an operator on the running edge, sourced by entrypoint.sh. A verb returns once its effect is confirmed.
#
#   switch blue|green         make a pool the active one
#   maintenance on|off        start or stop answering visitors with the maintenance page
#   canary PERCENT|off        send this share of visitors to the standby
#   mute SECONDS [ACTOR]      send no alerts for a time
#   unmute                    end the mute
#   preview add|remove TOKEN  add or remove a token that shows the standby; only one token can start with "smoke-"
#   record JSON               append a record to the journal
#   status                    print the active pool, the flags and the nginx version as JSON, answered by nginx
#   inspect                   print the same with the canary's share and the mute, then the last lines of the journal
#   journal                   print the whole journal
#   inflight blue|green       print how many connections nginx has open to a pool; idle ones stay open for 4 s
#
# The last argument of switch, maintenance, canary, mute and unmute is a journal record, one JSON object on one line (see
# journal/record.ts). Without it, they write a record of their own.

confirm_deadline_s=10
journal_limit_bytes=524288
journal_keep_lines=500
inspected_lines=100
journal=$CONTROL_DIR/journal.jsonl
muted=$CONTROL_DIR/muted.json

status() { fetch "http://127.0.0.1:$STATUS_PORT/status" localhost http; }

confirm() { # JSON_FRAGMENT WHAT
  deadline=$(($(date +%s) + confirm_deadline_s))
  while [ "$(date +%s)" -lt "$deadline" ]; do
    case $(status) in
      *"$1"*) return 0 ;;
    esac
    sleep 0.05
  done
  fail "$2, but the edge on port $NGINX_PORT does not report it after $confirm_deadline_s s; is nginx running? See its log"
}

# The effect must survive a crash of the machine right after the command.
make_durable() { sync "$CONTROL_DIR" 2>/dev/null || sync; }

is_one_object() { matches "$1" '^\{.*\}$'; }

# ---- The journal -----------------------------------------------------------------------------------------------------

# Records are written before the effect, so that whoever sees the effect finds its reason. A journal that cannot be written
# does not prevent a switch.
record() { # RECORD, or its fields from "kind" on
  case $1 in
    '{'*) line=$1 ;;
    *) line="{\"id\":\"$(date +%s)-$$\",\"atMs\":$(date +%s)000,\"actor\":\"entrypoint.sh\",$1}" ;;
  esac
  is_one_object "$line" || fail 'record: expected one JSON object on one line'
  printf '%s\n' "$line" >>"$journal" || say "cannot write to $journal: this operation is not recorded"
  trim_journal || say "cannot trim $journal"
}

trim_journal() {
  [ -f "$journal" ] || return 0
  [ "$(size_of "$journal")" -gt "$journal_limit_bytes" ] || return 0
  tail -n "$journal_keep_lines" "$journal" >"$journal.new" && mv -f "$journal.new" "$journal"
}

# ---- Verbs -----------------------------------------------------------------------------------------------------------

active_pool() { if [ -e "$CONTROL_DIR/active.green" ]; then echo green; else echo blue; fi; }

other_pool() { if [ "$1" = green ]; then echo blue; else echo green; fi; }

# plain.POOL: this pool is active, without maintenance and canary. Without it, nginx looks at every flag. It is removed before a
# flag changes, so that it never hides one, even after a crash.
unmark_plain() { rm -f "$CONTROL_DIR/plain.blue" "$CONTROL_DIR/plain.green"; }

# Looks at the flags again after it has created the file: of two verbs at the same time, the later one corrects it.
mark_plain() {
  unmark_plain || return 0
  [ -w "$CONTROL_DIR" ] && is_plain || return 0
  marked=$(active_pool)
  touch "$CONTROL_DIR/plain.$marked" 2>/dev/null || return 0
  if ! is_plain || [ "$(active_pool)" != "$marked" ]; then unmark_plain; fi
}

is_plain() { [ ! -e "$CONTROL_DIR/maintenance" ] && [ ! -e "$CONTROL_DIR/canary.$(active_pool)" ]; }

# After a flag was changed by hand or a verb was killed. Runs all the time, so it starts no process if there is nothing to do.
correct_plain() {
  wanted=blue
  if [ -e "$CONTROL_DIR/active.green" ]; then wanted=green; fi
  if [ -e "$CONTROL_DIR/maintenance" ] || [ -e "$CONTROL_DIR/canary.$wanted" ]; then wanted=''; fi
  marked=''
  for pool in blue green; do
    if [ -e "$CONTROL_DIR/plain.$pool" ]; then marked=$marked$pool; fi
  done
  [ "$marked" = "$wanted" ] || mark_plain
}

switch_to() { # POOL [RECORD]
  case ${1:-} in
    blue | green) ;;
    *) fail "switch: expected blue or green, got \"${1:-}\"" ;;
  esac
  before=$(active_pool)
  if [ "$before" != "$1" ]; then
    # An interrupted switch may have left a canary behind that would take effect with this switch.
    clear_canary "$1"
    record "${2:-"\"kind\":\"switch\",\"from\":\"$before\",\"to\":\"$1\",\"reason\":\"switch\""}"
  fi
  unmark_plain
  if [ "$1" = green ]; then touch "$CONTROL_DIR/active.green"; else rm -f "$CONTROL_DIR/active.green"; fi
  mark_plain
  make_durable
  confirm "\"active\":\"$1\"" "switched to $1"
  # A canary belongs to the pool that was active, so it no longer has an effect.
  [ "$before" = "$1" ] || clear_canary "$before"
}

maintenance() { # on|off [RECORD]
  case ${1:-} in
    on) flag=true ;;
    off) flag=false ;;
    *) fail "maintenance: expected on or off, got \"${1:-}\"" ;;
  esac
  is_on=false
  [ ! -e "$CONTROL_DIR/maintenance" ] || is_on=true
  [ "$is_on" = "$flag" ] || record "${2:-"\"kind\":\"maintenance\",\"on\":$flag"}"
  unmark_plain
  if [ "$1" = on ]; then touch "$CONTROL_DIR/maintenance"; else rm -f "$CONTROL_DIR/maintenance"; fi
  mark_plain
  make_durable
  confirm "\"maintenance\":$flag" "maintenance was turned $1"
}

# The file of a bucket is named after the active pool, so that a switch ends the canary in the same instant.
canary() { # PERCENT|off [RECORD]
  case ${1:-} in
    off) percent=0 ;;
    [1-9] | [1-9][0-9]) percent=$1 ;;
    *) fail "canary: expected a whole percentage from 1 to 99, or off, got \"${1:-}\"" ;;
  esac
  active=$(active_pool)
  record "${2:-"\"kind\":\"canary\",\"percent\":$percent,\"pool\":\"$(other_pool "$active")\""}"
  if [ "$percent" -eq 0 ]; then
    clear_canary "$active"
    mark_plain
    make_durable
    confirm '"canary":false' 'the canary was turned off'
    return
  fi
  index=0
  while [ "$index" -le 99 ]; do
    bucket=$CONTROL_DIR/canary.$active.$(printf %02d "$index")
    if [ "$index" -lt "$percent" ]; then touch "$bucket"; else rm -f "$bucket"; fi
    index=$((index + 1))
  done
  unmark_plain
  touch "$CONTROL_DIR/canary.$active"
  make_durable
  confirm '"canary":true' "the canary was set to $percent%"
}

clear_canary() { # ACTIVE_POOL
  rm -f "$CONTROL_DIR/canary.$1" "$CONTROL_DIR/canary.$1".[0-9][0-9]
}

canary_percent() {
  active=$(active_pool)
  [ -e "$CONTROL_DIR/canary.$active" ] || {
    echo 0
    return
  }
  set -- "$CONTROL_DIR/canary.$active".[0-9][0-9]
  if [ -e "$1" ]; then echo $#; else echo 0; fi
}

mute() { # SECONDS [ACTOR] [RECORD]
  check_number 'mute: seconds' "${1:-}" 1 604800
  [ -z "$faults" ] || fail "mute: expected seconds from 1 to 604800, got \"${1:-}\""
  actor=${2:-entrypoint.sh}
  if ! matches "$actor" '^[^"\\[:cntrl:]]{1,200}$'; then fail 'mute: expected an actor without quotes and backslashes'; fi
  since=$(date +%s)
  until=$((since + $1))
  record "${3:-"\"kind\":\"mute\",\"untilMs\":${until}000"}"
  printf '{"sinceMs":%s000,"untilMs":%s000,"actor":"%s"}\n' "$since" "$until" "$actor" >"$muted.new"
  mv -f "$muted.new" "$muted"
  make_durable
}

unmute() { # [RECORD]
  [ ! -e "$muted" ] || record "${1:-"\"kind\":\"unmute\""}"
  rm -f "$muted"
  make_durable
}

preview() { # add|remove TOKEN
  if ! matches "${2:-}" '^[A-Za-z0-9_-]{16,128}$'; then fail 'preview: expected a token of 16 to 128 letters, digits, _ and -'; fi
  case ${1:-} in
    add)
      case $2 in smoke-*) remove_smoke_tokens ;; esac
      touch "$CONTROL_DIR/preview.$2"
      ;;
    # The token from the settings stays until the settings change.
    remove) [ "$2" = "$PREVIEW_TOKEN" ] || rm -f "$CONTROL_DIR/preview.$2" ;;
    *) fail "preview: expected add or remove, got \"${1:-}\"" ;;
  esac
}

# Only one deploy runs at a time: other smoke tokens were left behind by a deploy that was killed.
remove_smoke_tokens() {
  for token in "$CONTROL_DIR"/preview.smoke-*; do
    [ "$token" = "$CONTROL_DIR/preview.$PREVIEW_TOKEN" ] || rm -f "$token"
  done
}

inspect() {
  edge=$(status) || fail "the edge does not answer on its status port $STATUS_PORT"
  mute_state=null
  if [ -f "$muted" ]; then mute_state=$(cat "$muted"); fi
  is_one_object "$mute_state" || mute_state=null
  printf '{"edge":%s,"canaryPercent":%s,"muted":%s}\n' "$edge" "$(canary_percent)" "$mute_state"
  [ ! -f "$journal" ] || tail -n "$inspected_lines" "$journal"
}

# Joins the sockets of nginx's workers with the system's table of connections. In proc(5), the remote address is in
# hexadecimal with its bytes reversed, state 01 is ESTABLISHED and column 10 is the inode.
inflight() { # POOL
  case ${1:-} in
    blue) address=$BLUE_ADDRESS ;;
    green) address=$GREEN_ADDRESS ;;
    *) fail "inflight: expected blue or green, got \"${1:-}\"" ;;
  esac
  [ -r /proc/net/tcp ] || fail 'inflight: cannot read /proc/net/tcp, where Linux lists its connections'
  master=$(cat "$RUN_DIR/nginx.pid" 2>/dev/null) || fail 'nginx is not running'
  for worker in $(workers_of "$master"); do ls -l "/proc/$worker/fd" 2>/dev/null || :; done |
    sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p' |
    awk -v address="$address" '
      BEGIN {
        split(address, part, /[.:]/)
        remote = sprintf("%02X%02X%02X%02X:%04X", part[4], part[3], part[2], part[1], part[5])
      }
      FILENAME == "-" { owned[$1] = 1; next }
      $3 == remote && $4 == "01" && ($10 in owned) { count++ }
      END { print count + 0 }
    ' - /proc/net/tcp
}

workers_of() { # MASTER_PID
  for stat in /proc/[0-9]*/stat; do
    # The process name in parentheses can contain anything; the parent's pid is the second field after it.
    sed -n "s#^\([0-9]*\) .*) [A-Z] $1 .*#\1#p" "$stat" 2>/dev/null || :
  done
}

control() { # VERB [ARGUMENT...]
  verb=${1:-}
  [ $# -eq 0 ] || shift
  case $verb in
    switch) switch_to "$@" ;;
    maintenance | canary | mute | unmute | preview | record | inspect | inflight) "$verb" "$@" ;;
    journal) [ ! -f "$journal" ] || cat "$journal" ;;
    status) status || fail "the edge does not answer on its status port $STATUS_PORT" ;;
    *) fail "expected run, reload, switch, maintenance, canary, mute, unmute, preview, record, status, inspect, journal or inflight, got \"$verb\"" ;;
  esac
}
