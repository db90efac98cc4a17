"""What happens on the connection beside the calls."""
import time

import rpc
from calls import PORT, TIMEOUT_S, Requests, open_channel
from check import case, equal


@case
def keepalive_everyTenthOfASecond_streamStays():
    options = [("grpc.keepalive_time_ms", 100), ("grpc.keepalive_timeout_ms", 1000), ("grpc.http2.max_pings_without_data", 0),
               ("grpc.use_local_subchannel_pool", 1)]
    with open_channel(PORT, options=options) as pinging:
        requests = Requests()
        call = rpc.stub(pinging, rpc.INTEROP).Duplex(requests, timeout=TIMEOUT_S)
        for payload in (b"a", b"b"):
            requests.send(payload=payload)
            equal(next(call).payload, payload)
            time.sleep(1.5)
        requests.end()
        equal(list(call), [])
