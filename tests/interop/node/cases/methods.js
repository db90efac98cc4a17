import assert from 'node:assert/strict';
import { clientStream, duplex, echo, port, serverStream, unary, within } from '../calls.js';
import { EVERY_BYTE, fails, metadataOf } from '../check.js';
import { connect, grpc, Interop } from '../rpc.js';

const indexes = (count) => Array.from({ length: count }, (_, i) => i);

export async function unary_echoes() {
  const { response } = await unary(echo, 'Unary', { payload: EVERY_BYTE });
  assert.deepEqual(response.payload, EVERY_BYTE);
  assert.equal(response.requests, 1);
}

export async function unary_emptyMessages() {
  assert.deepEqual((await unary(echo, 'Seen', {})).response, { end: 'END_UNSPECIFIED' });
}

export async function serverStream_inOrder() {
  const responses = await serverStream({ payload: Buffer.from('a'), count: 500 }).rest();
  assert.deepEqual(responses.map((r) => r.index), indexes(500));
}

export async function serverStream_none() {
  assert.deepEqual(await serverStream({}).rest(), []);
}

export async function clientStream_countsAll() {
  const { response } = await clientStream(echo, (call) => {
    for (const i of indexes(200)) call.write({ payload: Buffer.alloc(i) });
    call.end();
  });
  assert.deepEqual([response.requests, response.request_bytes], [200, (199 * 200) / 2]);
}

export async function clientStream_none() {
  assert.equal((await clientStream(echo, (call) => call.end())).response.requests, 0);
}

export async function duplex_pingPong_1000() {
  const responses = duplex({ options: within(30_000) });
  for (const i of indexes(1000)) {
    responses.call.write({ payload: Buffer.from(`${i}`) });
    const response = await responses.next();
    assert.deepEqual([`${response.payload}`, response.index], [`${i}`, i]);
  }
  responses.call.end();
  assert.deepEqual(await responses.rest(), []);
  assert.equal((await responses.ended).code, grpc.status.OK);
}

export async function duplex_allAtOnce() {
  const responses = duplex({ options: within(30_000) });
  for (const i of indexes(1000)) responses.call.write({ payload: Buffer.from(`${i}`) });
  responses.call.end();
  assert.deepEqual((await responses.rest()).map((r) => `${r.payload}`), indexes(1000).map(String));
}

export async function duplex_headersBeforeFirstMessage() {
  const responses = duplex({ metadata: metadataOf([['echo-early', 'yes']]) });
  assert.deepEqual((await responses.headers).get('echo-early'), ['yes']);
  responses.call.end();
  assert.deepEqual(await responses.rest(), []);
}

export async function unary_300AtOnce_oneConnection() {
  const calls = indexes(300).map((i) => unary(echo, 'Unary', { payload: Buffer.from(`${i}`), delay_ms: 20 }, { options: within(30_000) }));
  assert.deepEqual((await Promise.all(calls)).map((r) => `${r.response.payload}`), indexes(300).map(String));
}

export async function duplex_150OpenTogether() {
  const opened = indexes(150).map((i) => {
    const responses = duplex({ options: within(30_000) });
    responses.call.write({ payload: Buffer.from(`${i}`) });
    return responses;
  });
  // Every one is answered while all are open.
  for (const i of indexes(150)) assert.equal(`${(await opened[i].next()).payload}`, `${i}`);
  for (const responses of opened) {
    responses.call.end();
    assert.deepEqual(await responses.rest(), []);
  }
}

export async function unimplemented_method() {
  await fails(unary(echo, 'Missing', {}), grpc.status.UNIMPLEMENTED);
}

export async function unimplemented_service() {
  const methods = { Method: { ...Interop.service.Duplex, path: '/no.such.Service/Method' } };
  const client = connect(grpc.makeGenericClientConstructor(methods, 'no.such.Service'), port);
  try {
    const responses = duplex({ client, method: 'Method' });
    responses.call.write({});
    await fails(responses.rest(), grpc.status.UNIMPLEMENTED);
  } finally {
    client.close();
  }
}
