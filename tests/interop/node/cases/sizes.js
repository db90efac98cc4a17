import assert from 'node:assert/strict';
import { clientStream, duplex, echo, port, serverStream, unary, within } from '../calls.js';
import { fails } from '../check.js';
import { connect, grpc, Interop } from '../rpc.js';

const MIB = 1024 * 1024;
const LIMIT = 4 * MIB;

// A payload of n bytes with a length of four bytes, and response_bytes: n + 7. Only the request is large.
function sendMessageOf(bytes) {
  const request = { payload: Buffer.alloc(bytes - 7, 'x'), response_bytes: 1 };
  assert.equal(Interop.service.ClientStream.requestSerialize(request).length, bytes);
  return clientStream(echo, (call) => {
    call.write(request);
    call.end();
  });
}

export async function size_requestAtLimit() {
  assert.equal((await sendMessageOf(LIMIT)).response.request_bytes, LIMIT - 7);
}

export async function size_requestOverLimit() {
  await fails(sendMessageOf(LIMIT + 1), grpc.status.RESOURCE_EXHAUSTED);
}

export async function size_responseUnderLimit() {
  assert.equal((await unary(echo, 'Unary', { response_bytes: LIMIT - 100 })).response.payload.length, LIMIT - 100);
}

export async function size_responseOverLimit() {
  await fails(unary(echo, 'Unary', { response_bytes: LIMIT }), grpc.status.RESOURCE_EXHAUSTED);
}

export async function size_gzipRequestOverLimitUncompressed() {
  // 40 KB on the wire: the limit is on what comes out.
  const client = connect(Interop, port, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
  try {
    const call = clientStream(client, (stream) => {
      stream.write({ payload: Buffer.alloc(10 * LIMIT, 'x'), response_bytes: 1 });
      stream.end();
    });
    await fails(call, grpc.status.RESOURCE_EXHAUSTED);
  } finally {
    client.close();
  }
}

export async function size_64MiBInAStream() {
  const responses = serverStream({ response_bytes: MIB, count: 64 }, { options: within(30_000) });
  let total = 0;
  for (const response of await responses.rest()) total += response.payload.length;
  assert.equal(total, 64 * MIB);
}

export async function size_32MiBOfRequests() {
  const responses = duplex({ options: within(30_000) });
  for (let i = 0; i < 32; i++) responses.call.write({ payload: Buffer.alloc(MIB), response_bytes: 1 });
  responses.call.end();
  assert.equal((await responses.rest()).at(-1).request_bytes, 32 * MIB);
}
