"""Ed25519 signatures by RFC 8032, as plainly as it describes them: for the cases of wamp-cryptosign only.

Slow and without any protection against timing: good enough to sign a challenge on loopback with a key that is public.
"""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
_Y = 4 * pow(5, P - 2, P) % P


def _recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return P - x if x & 1 else x


_X = _recover_x(_Y)
BASE = (_X, _Y, 1, _X * _Y % P)


def _add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


def _encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _expand(secret):
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & ((1 << 254) - 8) | 1 << 254, digest[32:]


def _number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def public_key(secret):
    return _encode(_multiply(_expand(secret)[0], BASE))


def sign(secret, message):
    scalar, prefix = _expand(secret)
    public = _encode(_multiply(scalar, BASE))
    nonce = _number(prefix, message)
    point = _encode(_multiply(nonce, BASE))
    return point + ((nonce + _number(point, public, message) * scalar) % ORDER).to_bytes(32, "little")


def _decode(octets):
    y = int.from_bytes(octets, "little")
    sign_bit, y = y >> 255, y & (1 << 255) - 1
    x = _recover_x(y)
    if x & 1 != sign_bit:
        x = P - x
    return x, y, 1, x * y % P


def verify(public, message, signature):
    scalar = int.from_bytes(signature[32:], "little")
    left = _multiply(scalar, BASE)
    right = _add(_decode(signature[:32]), _multiply(_number(signature[:32], public, message), _decode(public)))
    return scalar < ORDER and _encode(left) == _encode(right)
