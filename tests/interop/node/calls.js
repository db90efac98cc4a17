// The calls of grpc-js as promises.
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, grpc, Interop } from './rpc.js';

export const TIMEOUT_MS = 10_000;
export const END_FINISHED = 'END_FINISHED';
export const END_CANCELLED = 'END_CANCELLED';

export const [port, gzipPort] = process.argv.slice(2, 4).map(Number);
export const echo = connect(Interop, port);

export function within(ms) {
  return { deadline: Date.now() + ms };
}

// A unary call: its response, headers and trailers. An error of the call is thrown, with its headers too.
export function unary(client, method, request, { metadata = new grpc.Metadata(), options = within(TIMEOUT_MS), started = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const result = {};
    const call = client[method](request, metadata, options, (error, response) => {
      if (error) reject(error);
      else result.response = response;
    });
    watch(call, result, resolve);
    started(call);
  });
}

// A call whose requests are written by `send(call)`.
export function clientStream(client, send, { metadata = new grpc.Metadata(), options = within(TIMEOUT_MS) } = {}) {
  return new Promise((resolve, reject) => {
    const result = {};
    const call = client.ClientStream(metadata, options, (error, response) => {
      if (error) reject(error);
      else result.response = response;
    });
    watch(call, result, resolve);
    send(call);
  });
}

function watch(call, result, resolve) {
  call.on('metadata', (headers) => {
    result.headers = headers;
  });
  call.on('status', (status) => {
    result.status = status;
    // The callback comes in the same turn.
    if (status.code === grpc.status.OK) setImmediate(() => resolve(result));
  });
}

// The responses of a stream one at a time, then how it ended.
export class Responses {
  constructor(call) {
    this.call = call;
    this.iterator = call[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => call.on('status', resolve));
    this.headers = new Promise((resolve) => call.on('metadata', resolve));
    // An error is seen by whoever reads.
    call.on('error', () => {});
  }

  async next() {
    const { value, done } = await this.iterator.next();
    if (done) throw new Error(`the stream ended: ${(await this.ended).code}`);
    return value;
  }

  async rest() {
    const all = [];
    for await (const response of { [Symbol.asyncIterator]: () => this.iterator }) all.push(response);
    return all;
  }
}

export function serverStream(request, { client = echo, method = 'ServerStream', metadata = new grpc.Metadata(), options = within(TIMEOUT_MS) } = {}) {
  return new Responses(client[method](request, metadata, options));
}

export function duplex({ client = echo, method = 'Duplex', metadata = new grpc.Metadata(), options = within(TIMEOUT_MS) } = {}) {
  return new Responses(client[method](metadata, options));
}

export async function seen(call) {
  return (await unary(echo, 'Seen', { call, wait_ms: 5000 })).response.end;
}

export function nameCall() {
  return `node-${Math.random().toString(36).slice(2)}`;
}

export { sleep };
