/** Chooses free TCP ports, and keeps them over restarts where possible. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { LaunchError } from './errors.mjs';
import { readJson, writeJson } from './files.mjs';
import { reservePort } from './port-reservations.mjs';

/**
 * Below the range that Linux uses for outgoing connections (32768 and up), so that an outgoing connection does not take
 * a port that was free.
 */
const PRIVATE_RANGE = /** @type {const} */ ([20_000, 32_000]);
const DEFAULT_GATEWAY_PORT = 8000;
const NEXT_PORTS_TRIED = 100;
const LOOPBACK = '127.0.0.1';

/**
 * @param {number} port
 * @param {string} [host] the address the port will be used on
 * @returns {Promise<boolean>}
 */
export function isPortFree(port, host = LOOPBACK) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * The port of the gateway: the requested one or an error; without a request the usual one or the next free
 * one, which is reserved.
 * @param {{ asked: string | undefined, host: string, say: (text: string) => void }} options
 * @returns {Promise<number>}
 */
export async function chooseGatewayPort({ asked, host, say }) {
  await requireAddress(host);
  if (asked !== undefined && asked !== '') {
    return await requirePort('PORT', asked, host);
  }
  for (let port = DEFAULT_GATEWAY_PORT; port < DEFAULT_GATEWAY_PORT + NEXT_PORTS_TRIED; port++) {
    if (!(await isPortFree(port, host)) || !(await reservePort(port))) continue;
    if (port !== DEFAULT_GATEWAY_PORT) say(`Port ${DEFAULT_GATEWAY_PORT} is taken: the gateway uses ${port} instead.`);
    return port;
  }
  throw new LaunchError(`No free port from ${DEFAULT_GATEWAY_PORT} on; ask for one with PORT=<port>.`);
}

/**
 * A port that was asked for by a variable.
 * @param {string} variable
 * @param {string} asked
 * @param {string} [host]
 * @throws {LaunchError} when it is taken
 */
export async function requirePort(variable, asked, host = LOOPBACK) {
  const port = Number(asked);
  if (!Number.isInteger(port) || port <= 0 || port >= 65_536)
    throw new LaunchError(`${variable} is ${JSON.stringify(asked)}, which is not a port number.`);
  if (await isPortFree(port, host)) return port;
  throw new LaunchError(`Port ${port} (${variable}) is taken or may not be used.`, {
    hint: `Stop the program that holds it, or ask for another port, or leave ${variable} out: a free one is chosen then.`,
  });
}

/** @param {string} host */
async function requireAddress(host) {
  // Port 0: only the address can fail.
  if (await isPortFree(0, host)) return;
  throw new LaunchError(`This machine has no address ${host} (HOST).`, {
    hint: 'Set HOST to an address that it has, or leave it out: 127.0.0.1 is used then. HOST=0.0.0.0 means all of them.',
  });
}

/**
 * The ports of our own processes, unchanged where they are still free: sessions store the address of the sandbox.
 * @param {string} file
 * @param {readonly string[]} names
 * @returns {Promise<Record<string, number>>}
 */
export async function keepPorts(file, names) {
  const stored = readJson(file);
  const before = stored.state === 'ok' ? stored.value : {};
  const taken = new Set();
  /** @type {Record<string, number>} */
  const ports = {};
  for (const name of names) {
    const last = before[name];
    const canKeep = Number.isInteger(last) && !taken.has(last) && (await isPortFree(last));
    const port = canKeep ? last : await findFreePort(taken);
    taken.add(port);
    ports[name] = port;
  }
  writeJson(file, { ...before, ...ports });
  return ports;
}

/** @param {ReadonlySet<number>} [taken] */
export async function findFreePort(taken = new Set()) {
  for (;;) {
    const port = randomInt(...PRIVATE_RANGE);
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
}
