"""What cases say of what they found."""
from rpc import error_details, grpc, rpc_status

EVERY_BYTE = bytes(range(256))
CASES = []


def case(function):
    CASES.append(function)
    return function


def equal(actual, expected, what="value"):
    if actual != expected:
        raise AssertionError(f"{what}: got {short(actual)}, wanted {short(expected)}")


def short(value):
    text = repr(value)
    return text if len(text) < 200 else text[:200] + "…"


def in_range(value, low, high, what):
    if not low <= value <= high:
        raise AssertionError(f"{what}: {value} is not in {low}..{high}")


def fails(call, *codes):
    """Runs the call, which must end with this status, or one of these; returns the error."""
    try:
        result = call()
    except grpc.RpcError as error:
        if error.code() not in codes:
            raise AssertionError(f"status {error.code()} ({error.details()}), wanted {short(codes)}") from error
        return error
    raise AssertionError(f"no error but {short(result)}, wanted {short(codes)}")


def equal_metadata(actual, wanted, what):
    """Of the keys that are wanted every value, in its order."""
    for key in {key for key, _ in wanted}:
        equal(values(actual, key), values(wanted, key), f"{what} {key}")


def values(metadata, key):
    found = [value for k, value in metadata if k == key]
    # The protocol lets anyone on the way join several texts of a key with commas. Bytes stay apart.
    return found if key.endswith("-bin") else ",".join(found)


def equal_details(error, code, message, reason):
    encoded = [value for key, value in error.trailing_metadata() if key == "grpc-status-details-bin"]
    equal(len(encoded), 1, "grpc-status-details-bin entries")
    status = rpc_status.Status.FromString(encoded[0])
    equal((status.code, status.message), (code, message))
    info = error_details.ErrorInfo()
    if not status.details[0].Unpack(info):
        raise AssertionError(f"not an ErrorInfo: {status.details[0].type_url}")
    equal((info.reason, info.domain, dict(info.metadata)), (reason, "interop", {"limit": "7"}))
