ARG NODE_IMAGE=node:24-alpine
ARG NGINX_IMAGE=nginx:1.30-alpine
ARG LEGO_IMAGE=goacme/lego:v4.35.2

# ---- The Node programs: the demo app (the default command), the prober and the watcher ----
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /srv/bluegreen
COPY package.json package-lock.json ./
# No package used in production has an install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE} AS node
WORKDIR /srv/bluegreen
RUN mkdir -p /var/lib/bluegreen/watcher /var/cache/bluegreen \
    && chown node:node /var/lib/bluegreen/watcher /var/cache/bluegreen
COPY --from=dependencies /srv/bluegreen/node_modules node_modules
COPY --chmod=755 package.json ./
COPY --chmod=755 settings settings
COPY --chmod=755 system system
COPY --chmod=755 health health
COPY --chmod=755 journal journal
COPY --chmod=755 metrics metrics
COPY --chmod=755 report report
# The shape of the report that the watcher reads.
COPY --chmod=755 certificates/report.ts certificates/
COPY --chmod=755 public public
COPY --chmod=755 app app
COPY --chmod=755 prober prober
COPY --chmod=755 watcher watcher
COPY --chmod=755 dashboard dashboard
COPY --chmod=755 certificates certificates
ENV NODE_ENV=production NODE_COMPILE_CACHE=/var/cache/bluegreen
USER node
# Compiles each program once instead of at every start, which also saves 30 MB of memory. An invalid setting makes the
# program exit with 2 as soon as it is loaded. V8 ignores code compiled under other options, so the watcher is compiled under
# the options it runs with.
RUN run() { "$@" 2>/dev/null || [ $? -eq 2 ]; } \
    && run env PORT=none node app/main.ts \
    && run env PROBER_PORT=none node prober/main.ts \
    && run env WATCHER_PORT=none NODE_OPTIONS=--max-semi-space-size=2 node watcher/main.ts
CMD ["node", "app/main.ts"]
# For "docker compose up --wait" and "docker ps": only the prober decides whether a pool is down. Docker starts a process for each
# check, so there are many at the start and few afterwards. Your own image may have another health check or none.
HEALTHCHECK --interval=60s --timeout=3s --start-period=60s --start-interval=500ms \
    CMD wget -q -Y off -T 2 -O /dev/null "http://127.0.0.1:${PORT:-3000}${HEALTH_PATH:-/healthz}"

# ---- The load generator of the failover proof, built on demand ----
FROM ${NODE_IMAGE} AS proof
WORKDIR /srv/bluegreen
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY --chmod=755 settings settings
COPY --chmod=755 system system
COPY --chmod=755 health health
COPY --chmod=755 proof proof
USER node
CMD ["node", "proof/main.ts"]

# ---- The edge ----
FROM ${NGINX_IMAGE} AS edge
# 101 is the nginx account of the image; the edge runs as it.
RUN mkdir -p /var/lib/bluegreen/control /var/cache/nginx /var/log/nginx \
    && chown 101:101 /var/lib/bluegreen/control /var/cache/nginx /var/log/nginx \
    && chmod 775 /var/lib/bluegreen/control
COPY --chmod=755 entrypoint.sh edge-control.sh edge-gate.sh edge-render.sh edge-settings.sh edge-tend.sh /usr/local/bin/
COPY --chmod=755 nginx.conf.template /usr/share/bluegreen/
COPY --chmod=755 public /usr/share/bluegreen/public
USER 101:101
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/local/bin/entrypoint.sh"]
CMD []
HEALTHCHECK --interval=60s --timeout=3s --start-period=60s --start-interval=500ms CMD ["entrypoint.sh", "serving"]

# ---- Gets and renews certificates; built only if DOMAINS is set ----
FROM ${LEGO_IMAGE} AS lego

FROM node AS certificates
USER root
RUN mkdir -p /var/lib/bluegreen/certificates /var/lib/bluegreen/acme \
    && chown 1000:101 /var/lib/bluegreen/certificates /var/lib/bluegreen/acme \
    && chmod 750 /var/lib/bluegreen/certificates
COPY --from=lego /lego /usr/bin/lego
USER 1000:101
# As above; the second is loaded only at the first start, when the edge waits for it.
RUN { DOMAINS= node certificates/main.ts 2>/dev/null || [ $? -eq 2 ]; } && node certificates/placeholder.ts
CMD ["node", "certificates/main.ts"]
