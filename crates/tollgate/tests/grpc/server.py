"""A gRPC service of all four kinds, without generated code: messages are bytes as they are."""

import sys
import threading
from concurrent import futures

import grpc

CANCELLED = threading.Event()


def unary(request, context):
    if request == b"metadata":
        sent = dict(context.invocation_metadata())
        context.set_trailing_metadata((("x-trailer", "told"),))
        return ",".join(sorted(name for name in sent)).encode()
    if request == b"fail":
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not so: 100% wrong")
    if request == b"remaining":
        return str(context.time_remaining()).encode()
    if request == b"sleep":
        threading.Event().wait(5)
    if request == b"was cancelled":
        return str(CANCELLED.wait(1)).encode()
    return b"you said " + request


def server_stream(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def client_stream(requests, context):
    return str(sum(len(request) for request in requests)).encode()


def bidi(requests, context):
    context.add_callback(lambda: None if context.is_active() else CANCELLED.set())
    for request in requests:
        yield b"echo " + request


def main():
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
        "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
        "Bidi": grpc.stream_stream_rpc_method_handler(bidi),
    }
    server = grpc.server(futures.ThreadPoolExecutor(16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    target = sys.argv[1]
    port = server.add_insecure_port(target)
    server.start()
    print(f"listens on {port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
