"""Calls the service through the gateway and checks what comes back."""

import queue
import sys
import time

import grpc

GATEWAY, KEY = sys.argv[1], sys.argv[2]


def expect_error(code, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, (code, error.code(), error.details())
        return error
    raise AssertionError(f"{code} was expected")


def main():
    channel = grpc.insecure_channel(GATEWAY)
    auth = (("authorization", f"Bearer {KEY}"),)
    unary = channel.unary_unary("/test.Echo/Unary")
    server_stream = channel.unary_stream("/test.Echo/ServerStream")
    client_stream = channel.stream_unary("/test.Echo/ClientStream")
    bidi = channel.stream_stream("/test.Echo/Bidi")

    assert unary(b"hello", metadata=auth) == b"you said hello"
    assert unary(b"", metadata=auth) == b"you said "
    large = b"x" * 3_000_000
    assert unary(large, metadata=auth) == b"you said " + large

    names, call = unary.with_call(b"metadata", metadata=auth + (("x-mine", "1"), ("x-mine-bin", b"\x00\xff")))
    assert "x-mine" in names.decode() and "x-mine-bin" in names.decode(), names
    assert dict(call.trailing_metadata())["x-trailer"] == "told"

    error = expect_error(grpc.StatusCode.FAILED_PRECONDITION, lambda: unary(b"fail", metadata=auth))
    assert error.details() == "not so: 100% wrong", error.details()

    assert [int(part) for part in server_stream(b"1000", metadata=auth)] == list(range(1000))
    assert client_stream((b"x" * 1000 for _ in range(500)), metadata=auth) == b"500000"

    # One by one: the next message is not sent before the last one has come back.
    waiting = queue.Queue()
    answers = bidi(iter(waiting.get, None), metadata=auth)
    for number in range(50):
        waiting.put(str(number).encode())
        assert next(answers) == f"echo {number}".encode()
    waiting.put(None)
    assert list(answers) == []
    assert answers.code() == grpc.StatusCode.OK

    left = float(unary(b"remaining", metadata=auth, timeout=10))
    assert 5 < left < 10.5, left  # the library rounds what it sends up
    began = time.monotonic()
    expect_error(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: unary(b"sleep", metadata=auth, timeout=0.3))
    assert time.monotonic() - began < 3

    # A call that is given up ends behind the gateway too.
    waiting = queue.Queue()
    answers = bidi(iter(waiting.get, None), metadata=auth)
    waiting.put(b"first")
    assert next(answers) == b"echo first"
    answers.cancel()
    assert unary(b"was cancelled", metadata=auth) == b"True"
    waiting.put(None)

    expect_error(grpc.StatusCode.UNAUTHENTICATED, lambda: unary(b"hello"))
    missing = channel.unary_unary("/test.Echo/Missing")
    expect_error(grpc.StatusCode.UNIMPLEMENTED, lambda: missing(b"hello", metadata=auth))
    limited = channel.unary_unary("/test.Echo/Limited")
    error = None
    for _ in range(3):
        try:
            limited(b"hello", metadata=auth)
        except grpc.RpcError as refused:
            error = refused
    assert error is not None and error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
    assert "retry-after" in dict(error.initial_metadata() or ()) or "retry-after" in dict(error.trailing_metadata() or ()), (
        error.initial_metadata(), error.trailing_metadata())
    down = channel.unary_unary("/test.Down/Unary")
    expect_error(grpc.StatusCode.UNAVAILABLE, lambda: down(b"hello", metadata=auth))
    print("all calls went as they should", flush=True)


if __name__ == "__main__":
    main()
