#!/bin/sh
# Renders nginx.conf.template, sourced by entrypoint.sh.

# shellcheck disable=SC2154 # entrypoint.sh sets the others

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
