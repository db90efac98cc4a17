import assert from 'node:assert/strict';
import { ErrorInfo, Status, grpc } from './rpc.js';

export const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

// Awaits a call that must end with this status; returns the error.
export async function fails(promise, code) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    assert.equal(grpc.status[error.code] ?? error, grpc.status[code], error.message);
    return error;
  }
  assert.fail(`no error but ${JSON.stringify(result).slice(0, 200)}, wanted ${grpc.status[code]}`);
}

export function inRange(value, low, high, what) {
  assert.ok(low <= value && value <= high, `${what}: ${value} is not in ${low}..${high}`);
}

export function metadataOf(entries) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of entries) metadata.add(key, value);
  return metadata;
}

// Of the keys that are wanted every value, in its order. The protocol lets anyone on the way join several texts of a key with commas; bytes
// stay apart.
export function equalMetadata(actual, entries, what) {
  const wanted = metadataOf(entries);
  for (const [key] of entries) {
    const values = (metadata) => (key.endsWith('-bin') ? metadata.get(key) : metadata.get(key).join(',').replaceAll(', ', ','));
    assert.deepEqual(values(actual), values(wanted), `${what} ${key}`);
  }
}

export function equalDetails(error, code, message, reason) {
  const encoded = error.metadata.get('grpc-status-details-bin');
  assert.equal(encoded.length, 1, 'grpc-status-details-bin entries');
  const status = Status.decode(encoded[0]);
  assert.deepEqual([status.code, status.message], [code, message]);
  assert.equal(status.details[0].type_url, 'type.googleapis.com/google.rpc.ErrorInfo');
  const info = ErrorInfo.decode(status.details[0].value);
  assert.deepEqual([info.reason, info.domain, info.metadata], [reason, 'interop', { limit: '7' }]);
}
