"""Where Gantry deliberately does something else than the specification: case → reason.

A case keeps the specification's expectation; what is listed here is expected to fail, and fails the run if it does not.
docs/conformance.md shows the list.
"""

_GAPS = "lenient realms accept gaps in request ids: clients in the field have them, and so do other routers"

LENIENT = {
    "ids.test_a_gap_in_request_ids_is_a_violation": _GAPS,
    "ids.test_a_request_id_that_repeats_is_a_violation": _GAPS,
    "rpc_progressive_call_invocations.test_a_gap_above_the_watermark": _GAPS,
}

STRICT = {
    "protocol_errors.test_a_second_yield": "a late answer is dropped: the dealer remembers no invocation that is over",
}


def of(name):
    """The deviations of one of Gantry's modes; of another router there are none that we know."""
    return {"gantry-lenient": LENIENT | STRICT, "gantry-strict": STRICT}.get(name, {})
