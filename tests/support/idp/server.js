// SPDX-License-Identifier: MIT
// usage: node server.js PORT KEY.pem CERT.pem
//
// Serves https://localhost:PORT. One JSON object per line on standard input changes the IdP and is
// answered by one line on standard output; the first line of output says that it listens. The
// process ends with its standard input, so that it cannot outlive the test that started it.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';

import { changes, state } from './people.js';
import { makeProvider, mintRefreshToken } from './provider.js';

const [port, keyFile, certFile] = process.argv.slice(2);
const issuer = `https://localhost:${port}`;
const counts = { connections: 0, handshakes: 0, requests: {} };

function answer(object) {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}

async function control(line) {
  try {
    const { op, ...fields } = JSON.parse(line);
    if (op === 'counts') answer({ ok: true, value: counts });
    else if (op === 'mint') answer({ ok: true, value: await mintRefreshToken(provider, fields) });
    else if (Object.hasOwn(changes, op)) answer({ ok: true, value: changes[op](fields) });
    else answer({ ok: false, error: `no such operation: ${op}` });
  } catch (error) {
    answer({ ok: false, error: String(error) });
  }
}

const provider = await makeProvider(issuer);
const handle = provider.callback();
const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, (req, res) => {
  const what = `${req.method} ${new URL(req.url, issuer).pathname}`;
  counts.requests[what] = (counts.requests[what] ?? 0) + 1;
  if (state.gone) res.writeHead(404).end('there is nothing here');
  else handle(req, res);
});
server.on('connection', () => { counts.connections += 1; });
server.on('secureConnection', () => { counts.handshakes += 1; });

server.listen({ port: Number(port), host: '127.0.0.1' }, () => {
  createInterface({ input: process.stdin }).on('line', control).on('close', () => process.exit(0));
  answer({ ok: true, value: { issuer } });
});
