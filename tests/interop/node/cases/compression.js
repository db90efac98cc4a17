import assert from 'node:assert/strict';
import { duplex, gzipPort, port, unary } from '../calls.js';
import { fails, inRange } from '../check.js';
import { counted } from '../counting-proxy.js';
import { connect, grpc, Interop } from '../rpc.js';

const MIB = 1024 * 1024;
const GZIP = { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip };

export async function gzip_request() {
  const payload = Buffer.alloc(MIB, 'x');
  const { result, sent, received } = await counted(port, (client) => unary(client, 'Unary', { payload }), GZIP);
  assert.ok(result.response.payload.equals(payload));
  inRange(sent, 1000, 50_000, 'bytes sent');
  inRange(received, MIB, MIB * 1.1, 'bytes received from a server that answers uncompressed');
}

export async function gzip_response() {
  const { result, received } = await counted(gzipPort, (client) => unary(client, 'Unary', { response_bytes: MIB }));
  assert.ok(result.response.payload.equals(Buffer.alloc(MIB, 'x')));
  inRange(received, 1000, 50_000, 'bytes received');
}

export async function gzip_duplex_bothWays() {
  const payloads = Array.from({ length: 50 }, (_, i) => Buffer.alloc(20_000, `${i + 10}`));
  const run = (client) => {
    const responses = duplex({ client });
    for (const payload of payloads) responses.call.write({ payload });
    responses.call.end();
    return responses.rest();
  };
  const { result, sent, received } = await counted(gzipPort, run, GZIP);
  assert.deepEqual(result.map((r) => r.payload), payloads);
  inRange(sent, 1000, 60_000, 'bytes sent');
  inRange(received, 1000, 60_000, 'bytes received');
}

export async function encoding_unknown_unimplementedWithThoseThatAreKnown() {
  const client = connect(Interop, port, { 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.deflate });
  try {
    const error = await fails(unary(client, 'Unary', { payload: Buffer.from('a') }), grpc.status.UNIMPLEMENTED);
    assert.deepEqual(error.metadata.get('grpc-accept-encoding').join().split(/, ?/).sort(), ['gzip', 'identity']);
  } finally {
    client.close();
  }
}
