// client.js PORT GZIP_PORT [--without CASE,CASE] [CASE...]: grpc-js goes through everything that an interop server promises. A line for
// each case.
import * as methods from './cases/methods.js';
import * as metadata from './cases/metadata.js';
import * as endings from './cases/endings.js';
import * as connections from './cases/connections.js';
import * as errors from './cases/errors.js';
import * as compression from './cases/compression.js';
import * as sizes from './cases/sizes.js';
import * as health from './cases/health.js';
import * as reflection from './cases/reflection.js';

const CASE_TIMEOUT_MS = 40_000;
const prefix = process.env.INTEROP_PREFIX ?? '';
let only = process.argv.slice(4);
let without = [];
if (only[0] === '--without') [without, only] = [only[1].split(','), only.slice(2)];

let failed = 0;
for (const [name, run] of [methods, metadata, endings, connections, errors, compression, sizes, health, reflection].flatMap(Object.entries)) {
  if ((only.length > 0 && !only.includes(name)) || without.includes(name)) continue;
  let timer;
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('out of time')), CASE_TIMEOUT_MS);
  });
  try {
    await Promise.race([run(), timeout]);
    console.log(`ok ${prefix}${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${prefix}${name}: ${error.message.replaceAll(/\s*\n\s*/g, ' | ').slice(0, 500)}`);
  } finally {
    clearTimeout(timer);
  }
}
// Channels, and a case that hangs, would keep the process.
process.exit(failed > 0 ? 1 : 0);
