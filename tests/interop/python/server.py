"""The interop, health and reflection services on C-core: the server that is not ours.

Prints three ports, of a server that answers uncompressed, of one that answers in gzip and of one that asks its clients to leave (GOAWAY) when
their connection is 0.3 s old, and serves until its input ends.
"""
import os
import sys
import threading
from collections import defaultdict
from concurrent import futures

import rpc
from rpc import error_details, grpc, health, interop, rpc_status
from google.protobuf import descriptor_pb2, descriptor_pool


class Interop:
    def __init__(self, statuses):
        self.statuses = statuses
        self.calls = defaultdict(Call)

    def Unary(self, request, context):
        call = self.begin(context)
        call.read(request)
        left = context.time_remaining()
        response = call.answer(request)
        # Without a deadline C-core says a very long time.
        if left is not None and left < 1e6:
            response.deadline_left_ms = int(left * 1000)
        return call.finish(response)

    def ServerStream(self, request, context):
        call = self.begin(context)
        call.read(request)
        call.wait(request)
        for _ in range(request.count):
            yield call.response(request)
        call.fail(request)
        call.finish()

    def ClientStream(self, requests, context):
        call = self.begin(context)
        last = interop.EchoRequest()
        for last in requests:
            call.read(last)
            call.fail(last)
        return call.finish(call.answer(last))

    def Duplex(self, requests, context):
        call = self.begin(context)
        for request in requests:
            call.read(request)
            yield call.answer(request)
        call.finish()

    def Seen(self, request, context):
        call = self.calls[request.call]
        call.ended.wait(request.wait_ms / 1000)
        return interop.SeenResponse(end=call.end)

    def SetHealth(self, request, context):
        self.statuses.set(request.service, request.status)
        return interop.SetHealthResponse()

    def begin(self, context):
        return Running(context, self.calls)


class Call:
    """How a call ended, for Seen."""

    def __init__(self):
        self.ended = threading.Event()
        self.end = interop.SeenResponse.END_UNSPECIFIED


class Running:
    """A call of one of the four echo methods."""

    def __init__(self, context, calls):
        self.context = context
        self.calls = calls
        self.name = ""
        self.gone = threading.Event()
        self.finished = False
        self.requests = 0
        self.request_bytes = 0
        self.index = 0
        context.add_callback(self.on_ended)
        sent = [(key, value) for key, value in context.invocation_metadata()]
        context.send_initial_metadata([entry for entry in sent if entry[0].startswith("echo-")])
        context.set_trailing_metadata([entry for entry in sent if entry[0].startswith("trail-")])

    def on_ended(self):
        self.gone.set()
        self.report(interop.SeenResponse.END_FINISHED if self.finished else interop.SeenResponse.END_CANCELLED)

    def report(self, end):
        if self.name:
            call = self.calls[self.name]
            call.end = end
            call.ended.set()

    def read(self, request):
        self.name = request.call or self.name
        self.requests += 1
        self.request_bytes += len(request.payload)

    def wait(self, request):
        if request.delay_ms:
            self.gone.wait(request.delay_ms / 1000)

    def response(self, request):
        response = interop.EchoResponse(
            payload=b"x" * request.response_bytes or request.payload, index=self.index, requests=self.requests,
            request_bytes=self.request_bytes)
        self.index += 1
        return response

    def answer(self, request):
        self.wait(request)
        self.fail(request)
        return self.response(request)

    def fail(self, request):
        if not request.HasField("failure"):
            return
        failure = request.failure
        if failure.reason:
            status = rpc_status.Status(code=failure.code, message=failure.message)
            info = error_details.ErrorInfo(reason=failure.reason, domain="interop", metadata={"limit": "7"})
            status.details.add().Pack(info)
            trailers = [entry for entry in self.context.invocation_metadata() if entry[0].startswith("trail-")]
            self.context.set_trailing_metadata([*trailers, ("grpc-status-details-bin", status.SerializeToString())])
        self.finished = True
        self.context.abort(next(code for code in grpc.StatusCode if code.value[0] == failure.code), failure.message)

    def finish(self, response=None):
        # A handler that was waiting while its client left has not finished. C-core says that the requests are at an end a moment before it
        # says that the client left.
        self.finished = not self.gone.wait(0.2 if self.name else 0)
        return response


class Statuses:
    def __init__(self):
        self.by_service = {"": health.HealthCheckResponse.SERVING, rpc.INTEROP: health.HealthCheckResponse.SERVING}
        self.changed = threading.Condition()

    def set(self, service, status):
        with self.changed:
            self.by_service[service] = status
            self.changed.notify_all()


class Health:
    def __init__(self, statuses):
        self.statuses = statuses

    def Check(self, request, context):
        if request.service not in self.statuses.by_service:
            context.abort(grpc.StatusCode.NOT_FOUND, f"unknown service '{request.service}'")
        return health.HealthCheckResponse(status=self.statuses.by_service[request.service])

    def List(self, request, context):
        return health.HealthListResponse(statuses={
            name: health.HealthCheckResponse(status=status) for name, status in self.statuses.by_service.items()})

    def Watch(self, request, context):
        said = None
        while context.is_active():
            with self.statuses.changed:
                status = self.statuses.by_service.get(request.service, health.HealthCheckResponse.SERVICE_UNKNOWN)
                if status == said:
                    self.statuses.changed.wait(0.2)
                    continue
            said = status
            yield health.HealthCheckResponse(status=status)


class Reflection:
    """As much of it as the tests ask for."""

    def __init__(self, messages):
        self.messages = messages
        self.pool = descriptor_pool.Default()

    def ServerReflectionInfo(self, requests, context):
        for request in requests:
            response = self.messages.ServerReflectionResponse(valid_host=request.host, original_request=request)
            kind = request.WhichOneof("message_request")
            try:
                if kind == "list_services":
                    for name, _ in rpc.services():
                        response.list_services_response.service.add(name=name)
                elif kind == "file_by_filename":
                    self.add(response, self.pool.FindFileByName(request.file_by_filename), set())
                elif kind == "file_containing_symbol":
                    self.add(response, self.pool.FindFileContainingSymbol(request.file_containing_symbol), set())
                else:
                    response.error_response.error_code = grpc.StatusCode.UNIMPLEMENTED.value[0]
            except KeyError as error:
                response.error_response.error_code = grpc.StatusCode.NOT_FOUND.value[0]
                response.error_response.error_message = str(error)
            yield response

    def add(self, response, file, seen):
        if file.name in seen:
            return
        seen.add(file.name)
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        response.file_descriptor_response.file_descriptor_proto.append(proto.SerializeToString())
        for dependency in file.dependencies:
            self.add(response, dependency, seen)


def main():
    statuses = Statuses()
    implementations = {
        rpc.INTEROP: Interop(statuses),
        rpc.HEALTH: Health(statuses),
        rpc.REFLECTION_V1: Reflection(rpc.reflection_v1),
        rpc.REFLECTION_V1ALPHA: Reflection(rpc.reflection_v1alpha),
    }
    ports = []
    servers = []
    aging = [("grpc.max_connection_age_ms", 300)]
    for compression, options in ((None, ()), (grpc.Compression.Gzip, ()), (None, aging)):
        # A call holds a thread of the pool for its whole life.
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=250), compression=compression, options=options)
        server.add_generic_rpc_handlers([rpc.handlers(name, it) for name, it in implementations.items()])
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        server.start()
        servers.append(server)
    print(*ports, flush=True)
    sys.stdin.read()
    for server in servers:
        server.stop(0)
    # Threads that still wait for something would keep the process.
    os._exit(0)


if __name__ == "__main__":
    main()
