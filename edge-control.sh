#!/bin/sh
# How an operator works on the running edge; entrypoint.sh reads this file. A verb returns when its effect has been seen.
#
#   switch blue|green         make a colour the active one
#   maintenance on|off        answer visitors with the maintenance page, or stop doing so
#   canary PERCENT|off        send that share of visitors to the colour that is not active
#   mute SECONDS [ACTOR]      hold alerts back; unmute: no longer
#   preview add|remove TOKEN  let a token show the idle colour, or no longer; of those that begin with "smoke-", one at a time
#   record JSON               write a line into the journal
#   status                    active colour, flags and nginx version, as JSON (nginx answers it)
#   inspect                   the same and what nginx does not know, then the journal's last lines
#   journal                   all of the journal
#   inflight blue|green       connections on which nginx talks to a pool: those of requests, and idle ones for 4 s
#
# switch, maintenance, canary, mute and unmute take a journal record as their last argument, one JSON object in one line
# (see journal/record.ts), and write one themselves where none is given.

confirm_deadline_s=10
# Longer than fail_timeout in the template.
avoided_deadline_s=7
journal_limit_bytes=524288
journal_keep_lines=500
inspected_lines=100
journal=$CONTROL_DIR/journal.jsonl
muted=$CONTROL_DIR/muted.json

status() { fetch "http://127.0.0.1:$STATUS_PORT/status"; }

confirm() { # JSON_FRAGMENT WHAT
  deadline=$(($(date +%s) + confirm_deadline_s))
  while [ "$(date +%s)" -lt "$deadline" ]; do
    case $(status) in
      *"$1"*) return 0 ;;
    esac
    sleep 0.05
  done
  fail "$2, but the edge on port $NGINX_PORT does not show it after $confirm_deadline_s s; is nginx running? See its log"
}

# A crash of the machine right after the command must not undo it.
make_durable() { sync "$CONTROL_DIR" 2>/dev/null || sync; }

is_one_object() { matches "$1" '^\{.*\}$'; }

# ---- The journal -----------------------------------------------------------------------------------------------------

# Written before the effect, so that whoever sees the effect finds its reason. One that cannot be written keeps nobody from
# switching.
record() { # RECORD, or the rest of one
  case $1 in
    '{'*) line=$1 ;;
    *) line="{\"id\":\"$(date +%s)-$$\",\"atMs\":$(date +%s)000,\"actor\":\"entrypoint.sh\",$1}" ;;
  esac
  is_one_object "$line" || fail 'record: expected one JSON object in one line'
  printf '%s\n' "$line" >>"$journal" || say "cannot write to $journal: nobody will be told"
  trim_journal || say "cannot shorten $journal"
}

trim_journal() {
  [ -f "$journal" ] || return 0
  [ "$(size_of "$journal")" -gt "$journal_limit_bytes" ] || return 0
  tail -n "$journal_keep_lines" "$journal" >"$journal.new" && mv -f "$journal.new" "$journal"
}

# ---- Verbs -----------------------------------------------------------------------------------------------------------

active_colour() { if [ -e "$CONTROL_DIR/active.green" ]; then echo green; else echo blue; fi; }

other_colour() { if [ "$1" = green ]; then echo blue; else echo green; fi; }

# After one failed request the edge keeps away from a pool until fail_timeout is over, though it may be well again, or another
# release by then: what is switched to it meanwhile would go to the other one.
await_edge_takes() { # COLOUR
  other=$(other_colour "$1")
  [ "$(who_answers_first "$1")" = "$other" ] || return 0
  since=$(date +%s)
  while [ "$(who_answers_first "$1")" = "$other" ]; do
    if [ $(($(date +%s) - since)) -ge "$avoided_deadline_s" ]; then
      say "the edge keeps away from $1, where a request failed; going on all the same"
      return 0
    fi
    sleep 0.1
  done
  echo "the edge kept away from $1 for $(($(date +%s) - since)) s, after a failed request"
}

who_answers_first() { # COLOUR
  fetch_headers "http://127.0.0.1:$STATUS_PORT/first/$1" | sed -n 's/^ *X-Bluegreen-Pool: *\([a-z-]*\).*/\1/p'
}

switch_to() { # COLOUR [RECORD]
  case ${1:-} in
    blue | green) ;;
    *) fail "switch: expected blue or green, got \"${1:-}\"" ;;
  esac
  before=$(active_colour)
  if [ "$before" != "$1" ]; then
    await_edge_takes "$1"
    # Left over from a switch that was cut off; it would come into force with this one.
    clear_canary "$1"
    record "${2:-"\"kind\":\"switch\",\"from\":\"$before\",\"to\":\"$1\",\"reason\":\"switch\""}"
  fi
  if [ "$1" = green ]; then touch "$CONTROL_DIR/active.green"; else rm -f "$CONTROL_DIR/active.green"; fi
  make_durable
  confirm "\"active\":\"$1\"" "$1 was made active"
  # It was for the colour that was active, so it has no effect any more.
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
  if [ "$1" = on ]; then touch "$CONTROL_DIR/maintenance"; else rm -f "$CONTROL_DIR/maintenance"; fi
  make_durable
  confirm "\"maintenance\":$flag" "maintenance was turned $1"
}

# A bucket's file is named after the colour that is active: a switch ends the canary in the same instant.
canary() { # PERCENT|off [RECORD]
  case ${1:-} in
    off) percent=0 ;;
    [1-9] | [1-9][0-9]) percent=$1 ;;
    *) fail "canary: expected a whole percentage from 1 to 99, or off, got \"${1:-}\"" ;;
  esac
  active=$(active_colour)
  record "${2:-"\"kind\":\"canary\",\"percent\":$percent,\"pool\":\"$(other_colour "$active")\""}"
  if [ "$percent" -eq 0 ]; then
    clear_canary "$active"
    make_durable
    confirm '"canary":false' 'the canary was ended'
    return
  fi
  await_edge_takes "$(other_colour "$active")"
  index=0
  while [ "$index" -le 99 ]; do
    bucket=$CONTROL_DIR/canary.$active.$(printf %02d "$index")
    if [ "$index" -lt "$percent" ]; then touch "$bucket"; else rm -f "$bucket"; fi
    index=$((index + 1))
  done
  touch "$CONTROL_DIR/canary.$active"
  make_durable
  confirm '"canary":true' "the canary was set to $percent%"
}

clear_canary() { # ACTIVE_COLOUR
  rm -f "$CONTROL_DIR/canary.$1" "$CONTROL_DIR/canary.$1".[0-9][0-9]
}

canary_percent() {
  active=$(active_colour)
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
      case $2 in smoke-*) forget_smoke_tokens ;; esac
      touch "$CONTROL_DIR/preview.$2"
      ;;
    # The one of the settings stays until they change.
    remove) [ "$2" = "$PREVIEW_TOKEN" ] || rm -f "$CONTROL_DIR/preview.$2" ;;
    *) fail "preview: expected add or remove, got \"${1:-}\"" ;;
  esac
}

# One deploy goes on at a time: what is there of another one was left behind when that was killed.
forget_smoke_tokens() {
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

# The sockets of nginx's workers, joined with the system's table of connections (proc(5): the remote address in hexadecimal,
# its bytes reversed; state 01 is ESTABLISHED; the inode in column 10).
inflight() { # COLOUR
  case ${1:-} in
    blue) address=$BLUE_ADDRESS ;;
    green) address=$GREEN_ADDRESS ;;
    *) fail "inflight: expected blue or green, got \"${1:-}\"" ;;
  esac
  [ -r /proc/net/tcp ] || fail 'inflight: this system does not show its connections in /proc/net/tcp'
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
    # A name in parentheses can hold anything; the parent is the second field after it.
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
