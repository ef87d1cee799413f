"""Batches of WAMP messages, by hand. Spec: "Message Batching"."""

import struct


def parts(codec, messages, separator=b"\x1e"):
    """Messages as they stand in a batch."""
    encoded = [codec.dumps([int(message[0]), *message[1:]]) for message in messages]
    if codec.text:
        return b"".join(message + separator for message in encoded)
    return b"".join(struct.pack(">I", len(message)) + message for message in encoded)


def cut(codec, batch, separator=b"\x1e"):
    """The messages of a batch."""
    if codec.text:
        *messages, rest = batch.split(separator)
        assert rest == b"", "the last message has its separator as well"
    else:
        messages = []
        while batch:
            (length,) = struct.unpack(">I", batch[:4])
            messages.append(batch[4 : 4 + length])
            assert len(messages[-1]) == length
            batch = batch[4 + length :]
    return [codec.loads(message) for message in messages]
