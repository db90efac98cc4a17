"""The methods of the interop protos by name: stubs for a client, handlers for a server, both made of grpc's generic API.

The messages are generated: their directory is in the environment as INTEROP_PYTHON.
"""
import os
import sys
from types import SimpleNamespace

import grpc

sys.path.insert(0, os.environ["INTEROP_PYTHON"])
# The generated grpc/health and grpc/reflection lie beside the grpc package, not in it.
grpc.__path__.append(os.path.join(os.environ["INTEROP_PYTHON"], "grpc"))

import interop_pb2 as interop
from google.rpc import error_details_pb2 as error_details
from google.rpc import status_pb2 as rpc_status
from grpc.health.v1 import health_pb2 as health
from grpc.reflection.v1 import reflection_pb2 as reflection_v1
from grpc.reflection.v1alpha import reflection_pb2 as reflection_v1alpha

INTEROP = "retentionscore.interop.v1.InteropService"
HEALTH = "grpc.health.v1.Health"
REFLECTION_V1 = "grpc.reflection.v1.ServerReflection"
REFLECTION_V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"


def services():
    """Every service: name, then its methods as (name, kind, request, response)."""
    echo = (interop.EchoRequest, interop.EchoResponse)
    yield INTEROP, [
        ("Unary", "unary_unary", *echo),
        ("ServerStream", "unary_stream", *echo),
        ("ClientStream", "stream_unary", *echo),
        ("Duplex", "stream_stream", *echo),
        ("Seen", "unary_unary", interop.SeenRequest, interop.SeenResponse),
        ("SetHealth", "unary_unary", interop.SetHealthRequest, interop.SetHealthResponse),
        ("Missing", "unary_unary", *echo),
    ]
    check = (health.HealthCheckRequest, health.HealthCheckResponse)
    yield HEALTH, [
        ("Check", "unary_unary", *check),
        ("List", "unary_unary", health.HealthListRequest, health.HealthListResponse),
        ("Watch", "unary_stream", *check),
    ]
    for name, messages in ((REFLECTION_V1, reflection_v1), (REFLECTION_V1ALPHA, reflection_v1alpha)):
        yield name, [
            ("ServerReflectionInfo", "stream_stream", messages.ServerReflectionRequest, messages.ServerReflectionResponse)
        ]


def stub(channel, service):
    """A client of one service: an attribute for each method."""
    methods = dict(services())[service]
    return SimpleNamespace(**{
        name: getattr(channel, kind)(
            f"/{service}/{name}", request_serializer=request.SerializeToString, response_deserializer=response.FromString)
        for name, kind, request, response in methods
    })


def handlers(service, implementation):
    """Binds the methods that the implementation has."""
    return grpc.method_handlers_generic_handler(service, {
        name: getattr(grpc, f"{kind}_rpc_method_handler")(
            getattr(implementation, name), request_deserializer=request.FromString,
            response_serializer=response.SerializeToString)
        for name, kind, request, response in dict(services())[service]
        if hasattr(implementation, name)
    })
