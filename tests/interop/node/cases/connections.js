// What happens on the connection beside the calls.
import assert from 'node:assert/strict';
import { duplex, port, sleep } from '../calls.js';
import { connect, Interop } from '../rpc.js';

export async function keepalive_everyTenthOfASecond_streamStays() {
  const client = connect(Interop, port, { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 1000, 'grpc.use_local_subchannel_pool': 1 });
  const responses = duplex({ client });
  for (const payload of ['a', 'b']) {
    responses.call.write({ payload: Buffer.from(payload) });
    assert.equal(`${(await responses.next()).payload}`, payload);
    await sleep(1500);
  }
  responses.call.end();
  assert.deepEqual(await responses.rest(), []);
  client.close();
}
