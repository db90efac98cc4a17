import assert from 'node:assert/strict';
import { echo, nameCall, port, serverStream, unary } from '../calls.js';
import { fails } from '../check.js';
import { connect, grpc, Health, INTEROP } from '../rpc.js';

const STATUS = { SERVING: 1, NOT_SERVING: 2 };
const health = connect(Health, port);
const check = async (service) => (await unary(health, 'Check', { service })).response.status;

export async function health_check() {
  assert.equal(await check(''), 'SERVING');
  assert.equal(await check(INTEROP), 'SERVING');
}

export async function health_check_unknown() {
  await fails(check('no.such.Service'), grpc.status.NOT_FOUND);
}

export async function health_list() {
  const { statuses } = (await unary(health, 'List', {})).response;
  assert.deepEqual([statuses[''], statuses[INTEROP]], [{ status: 'SERVING' }, { status: 'SERVING' }]);
}

export async function health_watch_changes() {
  const service = nameCall();
  const watch = serverStream({ service }, { client: health, method: 'Watch' });
  assert.equal((await watch.next()).status, 'SERVICE_UNKNOWN');
  for (const status of ['SERVING', 'NOT_SERVING', 'SERVING']) {
    await unary(echo, 'SetHealth', { service, status: STATUS[status] });
    assert.equal((await watch.next()).status, status);
  }
  assert.equal(await check(service), 'SERVING');
  watch.call.cancel();
  assert.equal((await watch.ended).code, grpc.status.CANCELLED);
}
