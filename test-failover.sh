#!/bin/sh
# Proves that no request fails when the active pool breaks: error, timeout, crash, stop, freeze and restart (a crash after
# which the engine starts the pool again), each under a steady load. Exits non-zero if a single request fails.
#
#   ./test-failover.sh [--engine compose|host] [--json] [--seconds N] [--rate N] [--connections N] [FAULT…]
#
# On Compose it needs only Docker: the load runs in a container next to the stack. ACTIVE_POOL=green makes green active during
# the proof. If the stack is not running, it is started, and keeps running.
set -eu

cd -- "$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)"

say() { printf '==> %s\n' "$*" >&2; }
fail() {
  printf 'test-failover: %s\n' "$*" >&2
  exit 1
}

case ${ACTIVE_POOL:-blue} in
  blue | green) ;;
  *) fail "ACTIVE_POOL: expected blue or green, got \"$ACTIVE_POOL\"" ;;
esac

engine='' env_file=''
while [ $# -gt 0 ]; do
  case $1 in
    --engine) engine=${2:-} && shift 2 ;;
    --env-file) env_file=${2:-} && shift 2 ;;
    *) break ;;
  esac
done

host_stack_runs() { [ -e .bluegreen/report.json ] && ./bluegreen --engine host status >/dev/null 2>&1; }

if [ -z "$engine" ]; then
  engine=host
  if ! host_stack_runs && docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then engine=compose; fi
fi

compose() { docker compose ${env_file:+--env-file "$env_file"} "$@"; }
bluegreen() { ./bluegreen --engine host ${env_file:+--env-file "$env_file"} "$@"; }

# ---- Functions for each engine ----------------------------------------------------------------------------------------

compose_start() {
  compose build --quiet >&2
  compose --progress quiet up --detach >&2
}
compose_edge() { compose exec -T nginx_proxy entrypoint.sh "$@"; }
compose_proof() {
  port=$(compose exec -T app_blue printenv PORT)
  domains=$(compose exec -T nginx_proxy printenv DOMAINS || :)
  edge=http://nginx_proxy:8080
  [ -z "$domains" ] || edge=https://${domains%%,*}:8443
  compose build --quiet proof >&2
  compose --progress quiet run --rm -T --no-deps proof node proof/main.ts \
    --edge "$edge" --address nginx_proxy --blue "http://app_blue:$port" --green "http://app_green:$port" "$@"
}
compose_hand() { # ACTION SERVICE
  case $1 in
    shutdown) compose stop "$2" ;;
    kill) compose kill "$2" ;;
    freeze) compose pause "$2" ;;
    repair) case $(compose ps --all --format '{{.State}}' "$2") in
      paused) compose unpause "$2" ;;
      *) compose start "$2" ;;
    esac ;;
  esac </dev/null >/dev/null 2>&1
}

# Repairs the process, and ends the chaos mode of the demo app. Other apps do not know that request, so its failure is ignored.
compose_repair() { # POOL
  compose_hand repair "app_$1" || return 1
  port=$(compose exec -T "app_$1" printenv PORT)
  # shellcheck disable=SC2016 # for the shell in the container
  compose exec -T nginx_proxy sh -c 'wget -q -T 2 -O /dev/null --post-data "" "$0" || curl -sS -m 2 -X POST "$0"' \
    "http://app_$1:$port/chaos/stop" >/dev/null 2>&1 || :
}

host_start() { bluegreen up >&2; }
host_edge() {
  case $1 in
    status)
      report=$(bluegreen status --json) || return 1
      # Only the "edge" part: the watcher reports an active pool too, but learns of a switch later.
      printf '%s\n' "$report" | node_modules/.bin/node -p 'JSON.stringify(JSON.parse(fs.readFileSync(0, "utf8")).edge)'
      ;;
    *) bluegreen "$@" ;;
  esac
}
host_proof() {
  urls=$(bluegreen status --json | sed -n -E 's/^ *"(url|address)": "(.*)",*$/\2/p')
  # shellcheck disable=SC2086 # the edge's URL and address and the URLs of blue and green, in the order of the report
  set -- $urls "$@"
  edge=$1 address=$2 blue=$3 green=$4
  shift 4
  node_modules/.bin/node proof/main.ts --edge "$edge" --address "$address" --blue "$blue" --green "$green" "$@"
}
host_hand() { # ACTION SERVICE
  action=$1
  if [ "$action" = repair ]; then action=stop; fi
  bluegreen chaos "${2#app_}" "$action" </dev/null >/dev/null 2>&1
}
host_repair() { bluegreen chaos "$1" stop >/dev/null; } # POOL

# ---- The proof -------------------------------------------------------------------------------------------------------

case $engine in
  compose | host) ;;
  *) fail "--engine: expected compose or host, got \"$engine\"" ;;
esac

active_pool() {
  tries=0
  while [ "$tries" -lt 60 ]; do
    case $("${engine}_edge" status 2>/dev/null) in
      *'"active":"green"'*) echo green && return ;;
      *'"active":"blue"'*) echo blue && return ;;
    esac
    tries=$((tries + 1))
    sleep 1
  done
  fail 'the edge does not report which pool is active'
}

# Applies to the proof only: a stack that is started here starts with its own active pool.
asked_for=${ACTIVE_POOL:-}
unset ACTIVE_POOL

if ! "${engine}_edge" status >/dev/null 2>&1; then
  say "starting the stack on the $engine engine"
  "${engine}_start"
fi
before=$(active_pool)
active=${asked_for:-$before}

work=$(mktemp -d)
# Repairs the pool, whatever ends the proof. Nothing interrupts this.
finish() {
  trap '' INT TERM HUP
  rm -rf "$work"
  "${engine}_repair" "$active" || say "could not repair $active: ./bluegreen chaos $active stop"
  if [ "$active" != "$before" ]; then "${engine}_edge" switch "$before" >/dev/null; fi
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
if [ "$active" != "$before" ]; then "${engine}_edge" switch "$active" >/dev/null; fi

# Carries out the process actions that the proof requests: see proof/hands.ts.
serve_hands() {
  verdict=''
  while IFS= read -r line; do
    case $line in
      '@hands '*)
        request=${line#@hands }
        if "${engine}_hand" "${request% *}" "app_${request#* }"; then echo 'done'; else echo "could not $request"; fi >&3
        ;;
      '@result proved') verdict=0 ;;
      '@result '*) verdict=1 ;;
      *) printf '%s\n' "$line" ;;
    esac
  done
  [ -n "$verdict" ] || fail 'the proof ended without a result: was it killed, or out of memory?'
  return "$verdict"
}

say "proving the failover on the $engine engine"
mkfifo "$work/answers"
# shellcheck disable=SC2094 # a named pipe, which one side writes and the other reads
"${engine}_proof" --active "$active" "$@" <"$work/answers" | serve_hands 3>"$work/answers"
