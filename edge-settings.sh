#!/bin/sh
# The variables of the edge: defaults and validation, for entrypoint.sh.
# Generated from settings/variables.ts by "node settings/generate.ts"; do not edit.

: "${ACTIVE_POOL:=blue}"
: "${NGINX_PORT:=8080}"
: "${DOMAINS:=}"
: "${HTTPS_PORT:=443}"
: "${HSTS_MAX_AGE:=0}"
: "${HEALTH_PATH:=/healthz}"
: "${HEALTH_STATUS:=2xx}"
: "${HEALTH_HOST:=}"
: "${HEALTH_PROTO:=http}"
: "${HEALTH_CHECK:=http}"
: "${PROXY_CONNECT_TIMEOUT:=300ms}"
: "${PROXY_SEND_TIMEOUT:=3s}"
: "${PROXY_READ_TIMEOUT:=3s}"
: "${PROXY_LAST_TIMEOUT:=60s}"
: "${PROXY_STREAM_TIMEOUT:=60s}"
: "${STREAM_PATHS:=}"
: "${ASSET_PATHS:=}"
: "${TRUSTED_PROXIES:=}"
: "${CLIENT_MAX_CONNECTIONS:=2048}"
: "${CLIENT_MAX_UPLOADS:=32}"
: "${RETRY_NON_IDEMPOTENT:=off}"
: "${CLIENT_MAX_BODY_SIZE:=64m}"
: "${LOG_MAX_MB:=64}"
: "${LOG_KEEP:=5}"
: "${PREVIEW_TOKEN:=}"
: "${PREVIEW_TOKEN_FILE:=}"
: "${ACCESS_LOG:=/var/log/nginx/access.log}"
: "${CONTROL_DIR:=/var/lib/bluegreen/control}"
: "${TLS_DIR:=/var/lib/bluegreen/certificates}"
: "${ACME_DIR:=/var/lib/bluegreen/acme}"
: "${HTTPS_LISTEN_PORT:=8443}"
: "${RUN_DIR:=/var/cache/nginx}"
: "${PUBLIC_DIR:=/usr/share/bluegreen/public}"
: "${NGINX_TEMPLATE:=/usr/share/bluegreen/nginx.conf.template}"
: "${NGINX_CONF:=/etc/nginx/nginx.conf.processed}"
: "${BIND_ADDRESS:=0.0.0.0}"
: "${BLUE_ADDRESS:=172.31.240.11:3000}"
: "${GREEN_ADDRESS:=172.31.240.75:3000}"
: "${STATUS_PORT:=8084}"

check_settings() {
  check_pattern ACTIVE_POOL "$ACTIVE_POOL" '^(blue|green)$' 'blue or green'
  check_number NGINX_PORT "$NGINX_PORT" 1 65535
  [ -z "$DOMAINS" ] || check_pattern DOMAINS "$DOMAINS" '^([*][.])?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+(,([*][.])?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?([.][a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)*$' 'domain names in lower case, separated by commas, such as shop.example,www.shop.example'
  check_number HTTPS_PORT "$HTTPS_PORT" 1 65535
  check_number HSTS_MAX_AGE "$HSTS_MAX_AGE" 0 99999999
  check_pattern HEALTH_PATH "$HEALTH_PATH" '^/[A-Za-z0-9._~/-]{0,200}([?][A-Za-z0-9._~/%=&+,:@-]{0,200})?$' 'a path of letters, digits and . _ ~ - / that starts with /, and possibly a query such as ?full=1'
  check_pattern HEALTH_STATUS "$HEALTH_STATUS" '^[2-5]([0-9][0-9]|xx)(,[2-5]([0-9][0-9]|xx))*$' 'statuses from 200 to 599 or classes of them, separated by commas, such as 2xx or 200,204,401'
  [ -z "$HEALTH_HOST" ] || check_pattern HEALTH_HOST "$HEALTH_HOST" '^([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$' 'a host name or address, possibly with a port, such as shop.example'
  check_pattern HEALTH_PROTO "$HEALTH_PROTO" '^(http|https)$' 'http or https'
  check_pattern HEALTH_CHECK "$HEALTH_CHECK" '^(http|tcp)$' 'http or tcp'
  check_pattern PROXY_CONNECT_TIMEOUT "$PROXY_CONNECT_TIMEOUT" '^[1-9][0-9]{0,5}(ms|s|m)$' 'a time above 0 with its unit, such as 300ms, 3s or 1m'
  check_pattern PROXY_SEND_TIMEOUT "$PROXY_SEND_TIMEOUT" '^[1-9][0-9]{0,5}(ms|s|m)$' 'a time above 0 with its unit, such as 300ms, 3s or 1m'
  check_pattern PROXY_READ_TIMEOUT "$PROXY_READ_TIMEOUT" '^[1-9][0-9]{0,5}(ms|s|m)$' 'a time above 0 with its unit, such as 300ms, 3s or 1m'
  check_pattern PROXY_LAST_TIMEOUT "$PROXY_LAST_TIMEOUT" '^[1-9][0-9]{0,5}(ms|s|m)$' 'a time above 0 with its unit, such as 300ms, 3s or 1m'
  check_pattern PROXY_STREAM_TIMEOUT "$PROXY_STREAM_TIMEOUT" '^[1-9][0-9]{0,5}(ms|s|m)$' 'a time above 0 with its unit, such as 300ms, 3s or 1m'
  [ -z "$STREAM_PATHS" ] || check_pattern STREAM_PATHS "$STREAM_PATHS" '^/[A-Za-z0-9._~/-]{0,200}(,/[A-Za-z0-9._~/-]{0,200})*$' 'paths such as /assets/,/_next/static/, separated by commas, of letters, digits and . _ ~ - /'
  [ -z "$ASSET_PATHS" ] || check_pattern ASSET_PATHS "$ASSET_PATHS" '^/[A-Za-z0-9._~/-]{0,200}(,/[A-Za-z0-9._~/-]{0,200})*$' 'paths such as /assets/,/_next/static/, separated by commas, of letters, digits and . _ ~ - /'
  [ -z "$TRUSTED_PROXIES" ] || check_pattern TRUSTED_PROXIES "$TRUSTED_PROXIES" '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}(/([12]?[0-9]|3[0-2]))?|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{1,38}(/([0-9]{1,2}|1[01][0-9]|12[0-8]))?)(,((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}(/([12]?[0-9]|3[0-2]))?|[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{1,38}(/([0-9]{1,2}|1[01][0-9]|12[0-8]))?))*$' 'addresses and networks such as 10.0.0.7,192.168.0.0/16,fd00::/8, separated by commas'
  check_number CLIENT_MAX_CONNECTIONS "$CLIENT_MAX_CONNECTIONS" 1 65535
  check_number CLIENT_MAX_UPLOADS "$CLIENT_MAX_UPLOADS" 1 65535
  check_pattern RETRY_NON_IDEMPOTENT "$RETRY_NON_IDEMPOTENT" '^(on|off)$' 'on or off'
  check_pattern CLIENT_MAX_BODY_SIZE "$CLIENT_MAX_BODY_SIZE" '^(0|[1-9][0-9]{0,6}[km]?)$' 'a size such as 512k or 64m, or 0 for no limit'
  check_number LOG_MAX_MB "$LOG_MAX_MB" 1 100000
  check_number LOG_KEEP "$LOG_KEEP" 1 100
  [ -z "$PREVIEW_TOKEN" ] || check_secret PREVIEW_TOKEN "$PREVIEW_TOKEN" '^[A-Za-z0-9_-]{16,128}$' '16 to 128 letters, digits, _ and -'
  [ -z "$PREVIEW_TOKEN_FILE" ] || check_pattern PREVIEW_TOKEN_FILE "$PREVIEW_TOKEN_FILE" '^[A-Za-z0-9 ._@/+~=,-]+$' 'the path of a file, of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern ACCESS_LOG "$ACCESS_LOG" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern CONTROL_DIR "$CONTROL_DIR" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern TLS_DIR "$TLS_DIR" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern ACME_DIR "$ACME_DIR" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_number HTTPS_LISTEN_PORT "$HTTPS_LISTEN_PORT" 1 65535
  check_pattern RUN_DIR "$RUN_DIR" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern PUBLIC_DIR "$PUBLIC_DIR" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern NGINX_TEMPLATE "$NGINX_TEMPLATE" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern NGINX_CONF "$NGINX_CONF" '^/[A-Za-z0-9 ._@/+~=,-]*$' 'an absolute path of letters, digits, spaces and . _ @ / + ~ = , -'
  check_pattern BIND_ADDRESS "$BIND_ADDRESS" '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|\[[0-9A-Fa-f:]{2,39}\])$' 'an IP address such as 127.0.0.1 or [::1]'
  check_pattern BLUE_ADDRESS "$BLUE_ADDRESS" '^(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$' 'an IPv4 address and a port, such as 172.31.240.11:3000'
  check_pattern GREEN_ADDRESS "$GREEN_ADDRESS" '^(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$' 'an IPv4 address and a port, such as 172.31.240.11:3000'
  check_number STATUS_PORT "$STATUS_PORT" 1 65535
}
