"""The standard health service."""
import rpc
from calls import TIMEOUT_S, channel, echo, name_call
from check import case, equal, fails
from rpc import grpc, health, interop

health_service = rpc.stub(channel, rpc.HEALTH)
SERVING, NOT_SERVING = health.HealthCheckResponse.SERVING, health.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health.HealthCheckResponse.SERVICE_UNKNOWN


def check(service):
    return health_service.Check(health.HealthCheckRequest(service=service), timeout=TIMEOUT_S).status


def set_health(service, status):
    echo.SetHealth(interop.SetHealthRequest(service=service, status=status), timeout=TIMEOUT_S)


@case
def health_check():
    equal(check(""), SERVING, "the server")
    equal(check(rpc.INTEROP), SERVING, "the service")


@case
def health_check_unknown():
    fails(lambda: check("no.such.Service"), grpc.StatusCode.NOT_FOUND)


@case
def health_list():
    statuses = health_service.List(health.HealthListRequest(), timeout=TIMEOUT_S).statuses
    equal((statuses[""].status, statuses[rpc.INTEROP].status), (SERVING, SERVING))


@case
def health_watch_changes():
    name = name_call()
    watch = health_service.Watch(health.HealthCheckRequest(service=name), timeout=TIMEOUT_S)
    equal(next(watch).status, SERVICE_UNKNOWN)
    for status in (SERVING, NOT_SERVING, SERVING):
        set_health(name, status)
        equal(next(watch).status, status)
    equal(check(name), SERVING)
    watch.cancel()
    fails(lambda: next(watch), grpc.StatusCode.CANCELLED)
