"""How the suite's own routers are configured: the same realm and the same principals for each, in its own words."""

import base64
import hashlib
import hmac

import ed25519
import facilities

ROLES = ("anonymous", facilities.ROLE)


def _derived_key():
    """WAMP-CRA's key of a salted password: what a router keeps instead of the password."""
    _, password, salt, iterations, length = facilities.WAMPCRA_SALTED
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), iterations, length)
    return base64.b64encode(key).decode()


def _scram_keys():
    """(salt, stored key, server key) of WAMP-SCRAM, in hexadecimal digits."""
    _, password, salt, iterations = facilities.SCRAM
    octets = base64.b64decode(salt)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), octets, iterations)
    client, server = (hmac.digest(salted, name, "sha256") for name in (b"Client Key", b"Server Key"))
    return octets.hex(), hashlib.sha256(client).hexdigest(), server.hex()


def _authentication(salted_secret, scram_keys):
    """Every method with its principals; the arguments are what the two routers keep differently."""
    role = {"role": facilities.ROLE}
    salted, scram = facilities.WAMPCRA_SALTED, facilities.SCRAM
    return {
        "ticket": {"type": "static", "principals": {facilities.TICKET[0]: {"ticket": facilities.TICKET[1], **role}}},
        "wampcra": {
            "type": "static",
            "users": {
                facilities.WAMPCRA[0]: {"secret": facilities.WAMPCRA[1], **role},
                salted[0]: {
                    **{"secret": salted_secret, "salt": salted[2], "iterations": salted[3], "keylen": salted[4]},
                    **role,
                },
            },
        },
        "scram": {
            "type": "static",
            "principals": {
                scram[0]: {"kdf": "pbkdf2", "iterations": scram[3], **scram_keys, **role},
            },
        },
        "cryptosign": {
            "type": "static",
            "principals": {
                facilities.CRYPTOSIGN[0]: {
                    "authorized_keys": [ed25519.public_key(bytes.fromhex(facilities.CRYPTOSIGN[1])).hex()],
                    **role,
                }
            },
        },
    }


def _restricted_rules():
    """(prefix, actions) of what anonymous clients may do in the restricted realm; the longest prefix decides."""
    realm = facilities.REALM_RESTRICTED
    return [
        (f"{realm}.open", ["publish", "subscribe", "call"]),
        (f"{realm}.open.mine", ["publish", "subscribe", "call", "register"]),
        (f"{realm}.read", ["subscribe"]),
    ]


AUTHENTICATION_FACILITIES = ["ticket", "wampcra", "wampcra_salted", "scram", "cryptosign"]
CROSSBAR_FACILITIES = ["restricted", *AUTHENTICATION_FACILITIES]
GANTRY_FACILITIES = ["history", "no_disclosure", "restricted", "trust_levels", *AUTHENTICATION_FACILITIES]


def gantry(strict):
    """The sections of gantry.yml that are not the defaults."""
    everything = {"uri": "", "match": "prefix", "allow": ["publish", "subscribe", "call", "register"]}
    restricted = [{"uri": uri, "match": "prefix", "allow": actions} for uri, actions in _restricted_rules()]
    disclosures = {
        "realm1": "on_request",
        facilities.REALM_DISCLOSING_NEVER: "never",
        facilities.REALM_RESTRICTED: "on_request",
    }
    salt, stored, server = _scram_keys()
    realms = {
        name: {
            "strict": strict,
            "disclosure": disclosure,
            "anonymous": {"role": "anonymous", "from": "loopback"},
            "event_history": [{"uri": facilities.HISTORY_PREFIX, "match": "prefix", "limit": 1000}],
            "auth": _authentication(
                _derived_key(), {"salt": salt, "stored_key": stored, "server_key": server}
            ),
            "roles": {role: {"trustlevel": level, "permissions": [everything]} for level, role in enumerate(ROLES)},
        }
        for name, disclosure in disclosures.items()
    }
    realms[facilities.REALM_RESTRICTED]["roles"]["anonymous"]["permissions"] = restricted
    # Resumption is off by default; the long cases have ten thousand sessions.
    return {"limits": {"resume_within": "30s", "connections": 11_000}, "realms": realms}


def crossbar(port):
    """A node's configuration. What `disclose` grants is disclosed always: there is no way to grant it on request."""
    everything = {
        "uri": "",
        "match": "prefix",
        "allow": {"call": True, "register": True, "publish": True, "subscribe": True},
        "disclose": {"caller": False, "publisher": False},
    }
    actions = everything["allow"]
    restricted = [
        {"uri": uri, "match": "prefix", "allow": {action: action in allowed for action in actions}}
        for uri, allowed in _restricted_rules()
    ]
    members = {"name": facilities.ROLE, "permissions": [everything]}
    realms = [
        {"name": name, "roles": [{"name": "anonymous", "permissions": permissions}, members]}
        for name, permissions in (("realm1", [everything]), (facilities.REALM_RESTRICTED, restricted))
    ]
    serializers = ["json", "msgpack", "cbor"]
    salt, stored, server = _scram_keys()
    scram_keys = {"salt": salt, "stored-key": stored, "server-key": server, "memory": 512}
    password = facilities.WAMPCRA_SALTED[1]  # Crossbar derives the key from it.
    authentication = {"anonymous": {"type": "static", "role": "anonymous"}, **_authentication(password, scram_keys)}
    transport = {
        "type": "universal",
        "endpoint": {"type": "tcp", "port": port, "interface": "127.0.0.1"},
        "rawsocket": {"serializers": serializers, "auth": authentication},
        "websocket": {"ws": {"type": "websocket", "serializers": serializers, "auth": authentication}},
        "web": {"paths": {"/": {"type": "static", "directory": "."}, "lp": {"type": "longpoll"}}},
    }
    worker = {"type": "router", "realms": realms, "transports": [transport]}
    return {"version": 2, "controller": {}, "workers": [worker]}
