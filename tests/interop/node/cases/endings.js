// Deadlines and cancellation, on both sides.
import assert from 'node:assert/strict';
import { END_CANCELLED, END_FINISHED, duplex, echo, nameCall, port, seen, serverStream, sleep, unary, within } from '../calls.js';
import { fails, inRange } from '../check.js';
import { connect, grpc, Interop } from '../rpc.js';

export async function deadline_unary_exceeded() {
  const call = nameCall();
  const started = Date.now();
  await fails(unary(echo, 'Unary', { delay_ms: 8000, call }, { options: within(300) }), grpc.status.DEADLINE_EXCEEDED);
  inRange(Date.now() - started, 250, 2000, 'milliseconds until the error');
  assert.equal(await seen(call), END_CANCELLED);
}

export async function deadline_serverStream_exceeded() {
  const call = nameCall();
  await fails(serverStream({ delay_ms: 8000, count: 1, call }, { options: within(300) }).rest(), grpc.status.DEADLINE_EXCEEDED);
  assert.equal(await seen(call), END_CANCELLED);
}

export async function deadline_serverStream_exceededWhileNothingIsRead() {
  const call = nameCall();
  const responses = serverStream({ count: 1_000_000, response_bytes: 10_000, call }, { options: within(700) });
  // The server stands before a full window when the deadline passes.
  assert.equal(await seen(call), END_CANCELLED);
  // It can only reset the stream then. Should that come before our own timer, grpc-js names the reset.
  const { code } = await responses.ended;
  assert.ok([grpc.status.DEADLINE_EXCEEDED, grpc.status.CANCELLED].includes(code), grpc.status[code]);
}

export async function deadline_duplex_exceeded() {
  const call = nameCall();
  const responses = duplex({ options: within(500) });
  responses.call.write({ call, delay_ms: 8000 });
  await fails(responses.rest(), grpc.status.DEADLINE_EXCEEDED);
  assert.equal(await seen(call), END_CANCELLED);
}

export async function deadline_serverKnowsIt() {
  const { response } = await unary(echo, 'Unary', {}, { options: within(7000) });
  inRange(response.deadline_left_ms, 5000, 7100, 'milliseconds left of 7000');
}

export async function deadline_none_serverKnowsIt() {
  assert.equal((await unary(echo, 'Unary', {}, { options: {} })).response.deadline_left_ms, 0);
}

export async function cancel_unary_serverSeesIt() {
  const call = nameCall();
  const started = async (running) => {
    await sleep(300);
    running.cancel();
  };
  await fails(unary(echo, 'Unary', { delay_ms: 8000, call }, { started }), grpc.status.CANCELLED);
  assert.equal(await seen(call), END_CANCELLED);
}

export async function cancel_serverStream_serverSeesIt() {
  const call = nameCall();
  const responses = serverStream({ count: 10_000_000, response_bytes: 1000, call });
  assert.equal((await responses.next()).index, 0);
  responses.call.cancel();
  assert.equal((await responses.ended).code, grpc.status.CANCELLED);
  assert.equal(await seen(call), END_CANCELLED);
}

export async function cancel_duplex_serverSeesIt() {
  const call = nameCall();
  const responses = duplex();
  responses.call.write({ call });
  await responses.next();
  // Node ends the stream of requests before it resets it: a server that is not at work on one would see a call that finished.
  responses.call.write({ delay_ms: 8000 });
  await sleep(200);
  responses.call.cancel();
  assert.equal((await responses.ended).code, grpc.status.CANCELLED);
  assert.equal(await seen(call), END_CANCELLED);
}

export async function finished_serverSeesIt() {
  const call = nameCall();
  const responses = duplex();
  responses.call.write({ call });
  responses.call.end();
  assert.equal((await responses.rest()).length, 1);
  assert.equal(await seen(call), END_FINISHED);
}

export async function channelClosed_openCallsFinish() {
  const client = connect(Interop, port);
  const responses = duplex({ client });
  responses.call.write({ payload: Buffer.from('a') });
  assert.equal(`${(await responses.next()).payload}`, 'a');
  client.close();
  responses.call.write({ payload: Buffer.from('b') });
  assert.equal(`${(await responses.next()).payload}`, 'b');
  responses.call.end();
  assert.deepEqual(await responses.rest(), []);
}
