import assert from 'node:assert/strict';
import { duplex, echo, unary } from '../calls.js';
import { EVERY_BYTE, equalMetadata, fails, metadataOf } from '../check.js';
import { grpc } from '../rpc.js';

const ECHOED = [
  ['echo-text', 'a b;c,d'], ['echo-many', '1'], ['echo-many', '2'], ['echo-empty', ''], ['echo-bytes-bin', EVERY_BYTE],
  ['echo-one-bin', Buffer.from([0])], ['echo-many-bin', Buffer.from([255, 254])], ['echo-many-bin', Buffer.from([2])],
];
const TRAILED = [
  ['trail-text', 't'], ['trail-many', '1'], ['trail-many', '2'], ['trail-bytes-bin', EVERY_BYTE],
  ['trail-many-bin', Buffer.from([1])], ['trail-many-bin', Buffer.from([2, 3])],
];

export async function metadata_unary_bothWays() {
  const { headers, status } = await unary(echo, 'Unary', {}, { metadata: metadataOf([...ECHOED, ...TRAILED]) });
  equalMetadata(headers, ECHOED, 'headers');
  equalMetadata(status.metadata, TRAILED, 'trailers');
}

export async function metadata_duplex_bothWays() {
  const responses = duplex({ metadata: metadataOf([...ECHOED, ...TRAILED]) });
  responses.call.write({});
  responses.call.end();
  assert.equal((await responses.rest()).length, 1);
  equalMetadata(await responses.headers, ECHOED, 'headers');
  equalMetadata((await responses.ended).metadata, TRAILED, 'trailers');
}

export async function metadata_withError_trailersArrive() {
  const request = { failure: { code: 9, message: 'no', reason: 'R' } };
  const error = await fails(unary(echo, 'Unary', request, { metadata: metadataOf(TRAILED) }), grpc.status.FAILED_PRECONDITION);
  equalMetadata(error.metadata, TRAILED, 'trailers');
}

export async function metadata_6KiB() {
  const big = [['echo-big', 'v'.repeat(6000)]];
  const { headers } = await unary(echo, 'Unary', {}, { metadata: metadataOf(big) });
  equalMetadata(headers, big, 'headers');
}
