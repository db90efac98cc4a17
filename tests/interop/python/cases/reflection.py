"""Server reflection in both versions: lists services, fetches descriptors."""
import rpc
from calls import TIMEOUT_S, channel
from check import case, equal
from rpc import grpc
from google.protobuf import descriptor_pb2


def reflect(service, messages, **question):
    call = rpc.stub(channel, service).ServerReflectionInfo
    return next(call(iter([messages.ServerReflectionRequest(host="h", **question)]), timeout=TIMEOUT_S))


def files(response):
    return [descriptor_pb2.FileDescriptorProto.FromString(f) for f in response.file_descriptor_response.file_descriptor_proto]


def reflection(service, messages):
    names = [s.name for s in reflect(service, messages, list_services="*").list_services_response.service]
    for wanted in (rpc.INTEROP, rpc.HEALTH, rpc.REFLECTION_V1, rpc.REFLECTION_V1ALPHA):
        if wanted not in names:
            raise AssertionError(f"{wanted} is not in {names}")

    response = reflect(service, messages, file_containing_symbol=rpc.INTEROP)
    equal(response.valid_host, "h")
    equal(response.original_request.file_containing_symbol, rpc.INTEROP)
    file = files(response)[0]
    equal(file.package, "retentionscore.interop.v1")
    methods = {m.name: (m.client_streaming, m.server_streaming) for m in file.service[0].method}
    equal(methods["Duplex"], (True, True))
    equal(methods["ServerStream"], (False, True))

    equal([f.name for f in files(reflect(service, messages, file_by_filename=file.name))][0], file.name)
    for symbol in ("grpc.health.v1.Health.Watch", "grpc.health.v1.HealthCheckResponse.ServingStatus"):
        equal(files(reflect(service, messages, file_containing_symbol=symbol))[0].package, "grpc.health.v1")
    for question in ({"file_containing_symbol": "no.such.Symbol"}, {"file_by_filename": "none.proto"}):
        equal(reflect(service, messages, **question).error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0], str(question))


@case
def reflection_v1():
    reflection(rpc.REFLECTION_V1, rpc.reflection_v1)


@case
def reflection_v1alpha():
    reflection(rpc.REFLECTION_V1ALPHA, rpc.reflection_v1alpha)
