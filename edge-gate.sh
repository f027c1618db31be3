#!/bin/sh
# The gate, sourced by entrypoint.sh: the container edge_gate has the address and the published ports of the edge, and nginx_proxy
# joins its network namespace. So nginx_proxy can be replaced while the ports stay. Whenever no other nginx listens in the namespace,
# the gate stands in with an nginx of its own, with the settings that nginx_proxy had last: while nginx_proxy is replaced, after it
# was killed, and if Docker could not start it after a reboot (https://github.com/moby/moby/issues/50326). All of them listen with
# reuseport, and net.ipv4.tcp_migrate_req=1 hands connections that a closed socket has not accepted to the others.
#
#   gate        hold the namespace and stand in when needed
#   stand-in    have the running gate stand in, and wait until it does; it steps back when another nginx has begun to listen

# shellcheck disable=SC2154 # entrypoint.sh sets the others

gate_tick_s=0.5
# At its start, the gate gives nginx_proxy this long. An nginx without its pools would answer 502.
gate_patience_s=10
# After which a stand-in that was asked for ends, if nginx_proxy was not replaced after all.
longest_request_s=300

at=''

# Sets `listening` to the sockets that listen on the public port, by inode, or only to the first one. The kernel lists those that
# listen first. It runs all the time, so it starts no process.
find_listeners() { # [first]
  listening=''
  [ -n "$at" ] || at=$(printf ':%04X' "$NGINX_PORT")
  while read -r _ local _ state _ _ _ _ _ inode _; do
    case $state in
      st) continue ;;
      0A) ;;
      *) break ;;
    esac
    case $local in
      *"$at")
        listening="$listening $inode"
        [ -z "${1:-}" ] || break
        ;;
    esac
  done </proc/net/tcp
}

# Sets `others` to those that do not belong to a process of this container.
find_others() {
  others=''
  if [ -z "$standing_in$is_asked" ]; then
    find_listeners first
    others=$listening
    return 0
  fi
  find_listeners
  own=''
  [ -z "$standing_in" ] || own=$(ls -l /proc/[0-9]*/fd 2>/dev/null || :)
  for inode in $listening; do
    case $own in
      *"socket:[$inode]"*) ;;
      *) others="$others $inode" ;;
    esac
  done
}

# Whether a list of words has none of another list.
shares_nothing() { # WORDS OTHER_WORDS
  for word in $1; do
    case " $2 " in
      *" $word "*) return 1 ;;
    esac
  done
}

begin_stand_in() { # WHY
  if [ ! -f "$in_force" ]; then
    [ -n "$is_waiting" ] || say 'waiting for nginx_proxy, which has not run yet'
    is_waiting=yes
    return 0
  fi
  stand_ins=$((stand_ins + 1))
  say "standing in: $1"
  RUN_DIR=$gate_dir/$stand_ins SETTINGS_IN_FORCE=$in_force "$0" serve &
  standing_in=$!
}

end_stand_in() {
  say 'stepping back: nginx_proxy serves'
  kill -QUIT "$standing_in" 2>/dev/null || :
  standing_in='' asked_at=0 seen=''
}

# One look at who listens.
attend() {
  find_others
  if [ -n "$standing_in" ] && ! kill -0 "$standing_in" 2>/dev/null; then
    say 'the stand-in has ended'
    standing_in=''
  fi
  if [ -n "$is_asked" ]; then
    is_asked='' asked_at=$(date +%s) seen=$others
    [ -n "$standing_in" ] || begin_stand_in 'nginx_proxy is about to be replaced'
  elif [ -z "$standing_in" ]; then
    if [ -n "$others" ]; then
      began_at=0
    elif [ $(($(date +%s) - began_at)) -ge "$gate_patience_s" ]; then
      begin_stand_in 'nginx_proxy does not listen'
    fi
  elif [ -n "$others" ]; then
    if shares_nothing "$others" "$seen" || [ $(($(date +%s) - asked_at)) -ge "$longest_request_s" ]; then end_stand_in; fi
  fi
}

gate() {
  gate_dir=$RUN_DIR/gate
  # Drafts of stand-ins that were killed.
  rm -rf "$gate_dir"
  mkdir -p "$gate_dir"
  standing_in='' stand_ins=0 is_asked='' asked_at=0 seen='' is_waiting='' began_at=$(date +%s)
  # As process 1, it gets no signal without a handler.
  trap 'exit 0' TERM QUIT INT
  trap 'is_asked=yes' USR1
  while :; do
    attend
    sleep "$gate_tick_s" &
    wait $! || :
  done
}

# Runs in the gate's container, beside the gate.
stand_in() {
  kill -USR1 1 || fail 'stand-in: expected to run in the container of the gate'
  deadline=$(($(date +%s) + confirm_deadline_s))
  while [ "$(date +%s)" -lt "$deadline" ]; do
    for pid in "$RUN_DIR"/gate/*/nginx.pid; do
      [ -f "$pid" ] || continue
      for worker in $(workers_of "$(cat "$pid")"); do
        if accepts_connections "$worker"; then return 0; fi
      done
    done
    sleep 0.05
  done
  fail "the gate does not stand in after $confirm_deadline_s s; see its log"
}
