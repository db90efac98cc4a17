// A loopback TCP proxy that counts bytes: it shows whether what was sent was compressed, which no client says.
import { once } from 'node:events';
import net from 'node:net';
import { connect, Interop } from './rpc.js';

// Runs call(client) through a proxy to the port; its result, and the bytes sent and received.
export async function counted(port, call, options = {}) {
  const counts = { sent: 0, received: 0 };
  const sockets = [];
  const proxy = net.createServer((client) => {
    const server = net.connect(port, '127.0.0.1');
    sockets.push(client, server);
    client.on('data', (chunk) => (counts.sent += chunk.length));
    server.on('data', (chunk) => (counts.received += chunk.length));
    for (const socket of [client, server]) socket.on('error', () => {});
    client.pipe(server);
    server.pipe(client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const client = connect(Interop, proxy.address().port, options);
  try {
    return { result: await call(client), ...counts };
  } finally {
    client.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  }
}
