/// etc/gantry.yml, compiled in so that `gantry init` needs no file beside the executable. A test holds the two equal.
enum DefaultConfiguration {
    static let text = #"""
        # Gantry: every setting, at its default.
        #
        # Check a change before you restart:  gantry check --config /etc/gantry/gantry.yml
        #
        # A key that is left out, or has nothing behind its colon, has the default that stands here. An unknown key is an error.
        # Durations carry a unit (500ms, 10s, 5m, 2h, 1d), and so do sizes (512B, 16KiB, 64MiB, 1GiB).
        # A key that is no list and no mapping can be overridden by an environment variable: listener.port by
        # GANTRY_LISTENER_PORT, listener.tls.certificate by GANTRY_LISTENER_TLS_CERTIFICATE. A flag goes before both.

        # What runs. A module that is off has no thread, no file and no procedure. Router and listener are always there.
        modules:
          credentials:
            enabled: true                 # who may sign in: devices, apps, people
          provisioner:
            enabled: true                 # projects, apps, devices, installs; needs credentials
          fleetdb:
            enabled: true                 # the apps' tables: append, history, live feed; needs provisioner
          alarms:
            enabled: true                 # rules on the tables' columns; rows come from fleetdb
          webui:
            enabled: true                 # the pages in the browser; needs credentials

        data:
          directory: /var/lib/gantry      # one folder for each module, and keys/; belongs to one running gantry

        # The one port: WAMP over WebSocket and RawSocket, and HTTP; TLS and plain are told apart by their first byte.
        listener:
          address: 0.0.0.0                # an address of this host; "::" for IPv6 (and IPv4, where the system maps it)
          port: 8443                      # 1…65535; 443 needs the capability CAP_NET_BIND_SERVICE
          plain: loopback                 # who may speak WAMP without TLS: loopback (this host only), lan (anybody), never
          unix_socket: /run/gantry/gantry.sock   # the command line's way in; see credentials.group
          origins: []                     # other hosts' pages that may open WebSockets: ["https://board:3000"], or ["*"]
          compression: off                # on: WebSockets may be compressed (permessage-deflate); costs the server time
          proxy_protocol: []              # load balancers, ["10.0.0.7", "10.1.0.0/24"]: they must say for whom they speak
          long_poll: /lp                  # WAMP over HTTP requests is below this path; off: nowhere
          server_sent_events: /sse        # the same with a stream of events towards the client; off: nowhere
          event_loops:                    # threads that serve connections, 1…64; not set: one for each core. Sixteen
                                          # connections go to one thread before the next has its turn
          tls:
            certificate:                  # a PEM file with its chain; not set: issued by Gantry's own authority
            private_key:                  # the PEM file of its key; required with certificate
            names: []                     # more host names and addresses for the issued certificate, beside this host's own;
                                          # `gantry app install` sends devices to the first one, else to this host's address
            client_ca:                    # a PEM file of authorities whose certificates clients may show; not set: nobody's
            client_certificates: optional # required: nobody comes in without one, browsers neither

        # What one peer may ask for. The same for every transport, and counted before anybody has said who he is.
        limits:
          message_before_welcome: 16KiB   # nothing that comes before WELCOME is larger
          message: 16MiB                  # RawSocket cannot announce more than 16 MiB
          uri: 255B                       # realms, topics, procedures
          subscriptions_and_registrations: 2000  # of one session
          pending_calls: 256              # of one session; more are refused, not queued
          outbox: 16MiB                   # waiting for one slow reader, and one message more; then its events are dropped
          resume_within: 0s               # how long a session outlives its connection, if it asks for that; 0s: not at all
          resume_buffer: 1MiB             # waiting for one such session; with more than that it ends
          outbox_stall: 10s               # a reader that takes nothing for so long is disconnected
          retained_topics: 10000          # of one realm, that keep their last event for who comes later; 0: none do
          retained: 16MiB                 # all of those of one realm
          event_history: 64MiB            # all of one realm's; beyond it the oldest events go
          connections: 4096               # all together; each costs a file descriptor
          connections_per_address: 64     # loopback is exempt
          connections_unauthenticated: 256   # all together
          tls_handshake_timeout: 5s
          http_head: 16KiB                # request line and headers
          http_head_timeout: 10s
          http_body: 1MiB                 # of a request to a page or /api, and of a WAMP message over HTTP
          http_body_timeout: 30s
          http_idle_timeout: 60s          # until a connection's next request
          long_poll_wait: 30s             # how long a long-poll request waits for a message; below a proxy's patience
          welcome_timeout: 10s            # from HELLO to WELCOME; a person's password is checked before, over HTTP
          ping_interval: 20s              # below the idle time of the NAT boxes that factories have
          pings_missed: 2                 # then the connection is gone

        # Realms that are declared here, beside those that Gantry makes for its apps (realm-<project>-<app>-<stage>).
        # The shape is Crossbar's: roles, and permissions with uri, match (exact, prefix, wildcard) and allow; who has which
        # role, auth says, by method: docs/realms.md has every key. Example:
        #
        #   realms:
        #     plant:                              # the realm's URI
        #       strict: false                     # refuse gaps in request ids, which clients in the field have
        #       disclosure: on_request            # forced, on_request (a message's disclose_me), never
        #       anonymous:                        # anonymous clients have this role; left out: there are none
        #         role: guest
        #         from: loopback                  # loopback, lan
        #       auth:                             # ticket, wampcra, scram, cryptosign, tls, cookie; static, or type: dynamic
        #         ticket:
        #           principals:
        #             joe: {ticket_file: /etc/gantry/joe.secret, role: guest}   # or ticket: s3cret
        #         scram:
        #           type: dynamic                 # a procedure knows the principals
        #           authenticator: com.example.authenticate
        #       roles:
        #         guest:
        #           trustlevel: 0                 # told to receivers; left out: is not told
        #           disclose: {caller: false, publisher: false}   # whatever its messages ask for; also in a rule
        #           permissions:
        #             - uri: com.example.         # or, without match, com.example.*
        #               match: prefix
        #               allow: [publish, subscribe, call]      # and register
        #         backend:
        #           permissions:
        #             - {uri: com.example.authenticate, allow: [register]}
        #             - {uri: com.example.authorize, allow: [register]}
        #         visitor:
        #           authorizer: com.example.authorize   # a procedure decides instead, which another role may register
        #       event_history:                  # whose last events can be asked for later; left out: nobody's
        #         - uri: com.example.alarm.
        #           match: prefix
        #           limit: 1000                 # events of this entry, 1…100000
        realms: {}

        credentials:
          legacy_device_credentials: false   # a device's serial number is its secret, as old SDKs have it; it is on the label
          anonymous_role: none            # in apps' realms, for sessions that do not say who they are: none, viewer, operator
          token_lifetime: 12h             # how long a person stays signed in; a shift
          attempts_max: 5                 # failures per minute, of one address with one name; then it is refused for
          attempt_block: 15m
          refusal_delay: 500ms            # every refusal takes so long, so that it tells nothing
          group: gantry                   # the members of this group of the system, and root, administer over the unix socket
          admin_password_file:            # for `gantry init` in scripts: the first administrator's password; not set: made up

        fleetdb:
          queue: 64MiB                    # rows waiting for a commit; when it is full, publishers are not read
          partition: 1d                   # span of one file; retention removes whole files
          disk_refuse_below: 3GiB         # free space below which rows are refused, before the disk is full for everybody
          disk_resume_at: 4GiB            # free space at which they are taken again

        alarms:
          journal_retention: 400d         # who acknowledged what, and when; a year and some
          shelving_max: 7d                # a shelved alarm comes back by itself, at the latest then

        log:
          level: info                     # trace, debug, info, notice, warning, error, critical

        """#
}
