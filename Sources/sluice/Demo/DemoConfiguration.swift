/// The sample configuration that `sluice demo` runs. It is `Examples/demo/sluice.yaml` to the byte, which a test holds; it
/// stands here as text so that an installed binary needs no file beside it.
package let demoConfiguration = #"""
  # Sluice in front of a small web app, an API, a line feed and a simulated PLC.
  #
  # `sluice demo` runs exactly this file. ${NAME:-default} takes an environment variable or the default, so the file also
  # runs by itself: start the peers with `sluice demo --only web --port 9001` and so on (see README.md), then
  # `sluice run -c Examples/demo/sluice.yaml`. `sluice check -c FILE` tells what is wrong in a file without running it.

  # The admin API: health, metrics, recent exchanges, reload. A Unix socket needs no token: the file's mode guards it.
  admin:
    address: unix:${SLUICE_DEMO_DIRECTORY:-.}/admin.sock

  runtime:
    loops: auto             # one event loop per CPU this process may use
    industrialLoops: 1      # loops that only the plant uses: a web flood does not delay it
    drainTimeout: 5s        # how long SIGTERM waits for exchanges in flight

  logs:
    access:
      path: ${SLUICE_DEMO_DIRECTORY:-.}/logs/access.jsonl          # one JSON line per exchange and per operation
    decisions:
      directory: ${SLUICE_DEMO_DIRECTORY:-.}/logs/decisions        # what `sluice explain` reads, also after a restart
      keep: 7d
      maximumSize: 64MiB
      record: all           # the default, notable, keeps what was not simply allowed and every plant write

  # Where clients come in.
  listeners:
    - name: web
      address: 127.0.0.1:${SLUICE_DEMO_WEB_PORT:-8080}
      protocol: http
      limits:               # what one client may cost; these are stricter than the defaults
        requestHead: 16KiB
        requestBody: 8MiB
        headerTimeout: 5s
        minimumBodyRate: 500B/s
      filters:              # every exchange of the listener passes these before the filters of its route
        - headers:
            replySet: { X-Content-Type-Options: nosniff, Referrer-Policy: no-referrer }
            replyRemove: [Server]

    - name: feed            # plain TCP: bytes are passed on as they are
      address: 127.0.0.1:${SLUICE_DEMO_FEED_PORT:-8081}
      protocol: tcp
      pool: feed
      limits: { connections: 100, idleTimeout: 60s }

    - name: tank            # Modbus/TCP: every request is parsed, decided and written anew
      address: 127.0.0.1:${SLUICE_DEMO_MODBUS_PORT:-1502}
      protocol: modbus
      asset: tank
      filters:
        - operations:       # what no line allows is answered with exception 01 and never reaches the device
            allow:
              - { units: [1], classes: [read] }
              - { units: [1], functions: [6, 16], addresses: [100-119], values: 0-8500 }

  # Who answers. Endpoints of a pool are balanced; those that fail their health checks leave the rotation.
  pools:
    - name: web
      endpoints: ["127.0.0.1:${SLUICE_DEMO_WEB_PEER:-9001}"]
      health: { path: /healthz, interval: 2s, timeout: 1s, unhealthyAfter: 3, healthyAfter: 1 }
    - name: web-next        # the next edition of the web app
      endpoints: ["127.0.0.1:${SLUICE_DEMO_NEXT_PEER:-9002}"]
      health: { path: /healthz, interval: 2s, timeout: 1s, unhealthyAfter: 3, healthyAfter: 1 }
    - name: api
      endpoints: ["127.0.0.1:${SLUICE_DEMO_API_PEER:-9003}"]
      balancer: least-request
      health: { path: /healthz, interval: 2s, timeout: 1s, unhealthyAfter: 3, healthyAfter: 1 }
    - name: feed
      endpoints: ["127.0.0.1:${SLUICE_DEMO_FEED_PEER:-9004}"]

  # Which exchange goes where. The order does not matter, the most specific match wins (Gateway API): exact path before
  # prefix, longer prefix before shorter, then method, then headers.
  routes:
    - name: page            # everything else: nine of ten to the current edition, one to the next
      listeners: [web]
      matches: [{ path: { prefix: / } }]
      pools: [{ pool: web, weight: 9 }, { pool: web-next, weight: 1 }]
      timeouts: { request: 10s, idle: 60s }

    - name: page-next       # curl -H 'X-Edition: next' asks for the next edition by name
      listeners: [web]
      matches: [{ path: { prefix: / }, headers: { X-Edition: next } }]
      pool: web-next

    - name: api-read        # also as http://api.localhost, a host of its own
      listeners: [web]
      matches:
        - { path: { prefix: /api/ }, method: GET }
        - { host: api.localhost, path: { prefix: / }, method: GET }
      filters:
        - headers: { set: { X-Plant: tank }, replySet: { Cache-Control: no-store } }
        - bodyLimits: { reply: 1MiB }
        - concurrency: { maximum: 50, queue: 100, queueTimeout: 2s }
      timeouts: { request: 5s, idle: 15s }
      pool: api

    - name: api-write       # a setpoint is only taken from this machine, small and with a digest that fits (RFC 9530)
      listeners: [web]
      matches: [{ path: { exact: /api/setpoints }, method: POST }]
      filters:
        - addresses: { allow: [127.0.0.0/8, "::1"] }
        - bodyLimits: { request: 4KiB }
        - contentDigest: { required: true, maximumBody: 4KiB }
      timeouts: { request: 5s, idle: 15s }
      pool: api

    - name: maintenance     # closed to all but one network, so that you can see a 403
      listeners: [web]
      matches: [{ path: { prefix: /maintenance } }]
      filters:
        - addresses: { allow: [192.0.2.0/24] }
      pool: web

    - name: values          # another name for a resource; the upstream sees /api/values
      listeners: [web]
      matches: [{ path: { exact: /values } }]
      rewrite: { path: /api/values }
      pool: api

    - name: old
      listeners: [web]
      matches: [{ path: { exact: /old } }]
      redirect: { path: /, status: 308 }

    - name: about           # answered by the gate itself
      listeners: [web]
      matches: [{ path: { exact: /about } }]
      respond: { status: 200, contentType: text/plain; charset=utf-8, body: "Sluice demo: one gate for web and plant.\n" }

  # The devices of the plant, and the zones they stand in.
  assets:
    - name: tank
      protocol: modbus
      address: 127.0.0.1:${SLUICE_DEMO_PLC_PEER:-9005}
      zone: process
  zones:
    - { name: process, purdue: 1 }

  """#
