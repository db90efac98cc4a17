import assert from 'node:assert/strict';
import { clientStream, duplex, echo, serverStream, unary, within } from '../calls.js';
import { equalDetails, fails } from '../check.js';
import { grpc } from '../rpc.js';

const failure = (code, message, reason = '') => ({ code, message, reason });

export async function error_everyCode() {
  for (let code = 1; code <= 16; code++) {
    const error = await fails(unary(echo, 'Unary', { failure: failure(code, `code ${code}`) }), code);
    assert.equal(error.details, `code ${code}`);
  }
}

export async function error_unary_details() {
  const request = { failure: failure(8, 'too many', 'TOO_MANY') };
  equalDetails(await fails(unary(echo, 'Unary', request), grpc.status.RESOURCE_EXHAUSTED), 8, 'too many', 'TOO_MANY');
}

export async function error_serverStream_afterThree_details() {
  const responses = serverStream({ count: 3, failure: failure(10, 'broke off', 'BROKE_OFF') });
  for (const i of [0, 1, 2]) assert.equal((await responses.next()).index, i);
  equalDetails(await fails(responses.next(), grpc.status.ABORTED), 10, 'broke off', 'BROKE_OFF');
}

export async function error_duplex_afterOne_details() {
  const responses = duplex();
  responses.call.write({});
  await responses.next();
  responses.call.write({ failure: failure(3, 'bad', 'BAD') });
  equalDetails(await fails(responses.next(), grpc.status.INVALID_ARGUMENT), 3, 'bad', 'BAD');
}

export async function error_clientStream_beforeItsEnd() {
  // The client does not end its stream: the server need not wait for that.
  const call = clientStream(echo, (stream) => {
    stream.write({});
    stream.write({ failure: failure(11, 'enough', 'ENOUGH') });
  });
  equalDetails(await fails(call, grpc.status.OUT_OF_RANGE), 11, 'enough', 'ENOUGH');
}

export async function error_clientStream_whileMuchIsSent() {
  const call = clientStream(
    echo,
    (stream) => {
      stream.write({ failure: failure(11, 'enough', 'ENOUGH') });
      for (let i = 0; i < 64; i++) stream.write({ payload: Buffer.alloc(1024 * 1024) });
      stream.end();
    },
    { options: within(30_000) },
  );
  equalDetails(await fails(call, grpc.status.OUT_OF_RANGE), 11, 'enough', 'ENOUGH');
}

export async function error_message_anyText() {
  for (const text of ['Größe 100 % — 日本語 🙂', 'line\nline\ttab\rreturn', '%41 %zz %', '"quoted" \\ back', 'x'.repeat(2000), '']) {
    const error = await fails(unary(echo, 'Unary', { failure: failure(5, text, 'TEXT') }), grpc.status.NOT_FOUND);
    assert.equal(error.details, text);
    equalDetails(error, 5, text, 'TEXT');
  }
}
