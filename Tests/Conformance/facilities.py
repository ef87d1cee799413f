"""What a router has to be configured with for the cases that need it; `--with NAME` says that it has been.

Tests/Conformance/run configures its own routers so. The values are no secrets: the routers listen on loopback.
"""

HISTORY_PREFIX = "org.conformance.history"  # history: the events of topics that begin with this are kept
REALM_DISCLOSING_NEVER = "org.conformance.undisclosed"  # no_disclosure: a realm that refuses disclose_me
# restricted: a realm whose anonymous clients may publish and subscribe below .open, call below .open, register below
# .open.mine, and nothing else but subscribe below .read; the authenticated may do everything
REALM_RESTRICTED = "org.conformance.restricted"
# trust_levels: every session has one

ROLE = "member"  # of whoever has authenticated
TICKET = ("conformance-ticket", "ticket-of-conformance")  # ticket
WAMPCRA = ("conformance-cra", "secret-of-conformance")  # wampcra
WAMPCRA_SALTED = ("conformance-salted", "password-of-conformance", "salt-of-conformance", 1000, 32)  # wampcra_salted
SCRAM = ("conformance-scram", "pencil", "c2FsdC1vZi1jb25mb3JtYW5jZQ==", 4096)  # scram: pbkdf2, salt, iterations
# cryptosign: the private key of the specification's first vector
CRYPTOSIGN = ("conformance-cryptosign", "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510")
