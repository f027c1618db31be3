#!/bin/sh
# What the edge does beside nginx, sourced by entrypoint.sh: it rotates the log, watches over the prober, and follows changed settings.

# shellcheck disable=SC2154 # entrypoint.sh sets the others

# Two ticks without a new beat end the guard of a prober: passive checks begin at most 2.4 s after the last beat.
tick_s=0.8
allowed_beats=2
ticks_a_rotation=3
# After a reload, connections that are kept open still avoid a pool that failed a request in the last five seconds, and new ones
# do not. So passive checks end only after ten seconds with beats.
trusted_beats=13

passive_checks=off

# ---- The log ---------------------------------------------------------------------------------------------------------

# While one nginx takes over from another, both write to the log, and only its own master can have each reopen it. So nobody rotates
# the log until the other one has finished.
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
