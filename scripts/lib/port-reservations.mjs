/**
 * Ports that a launcher has chosen and that nobody listens on for moments: until the gateway is up, and while it is
 * started again. Other launchers of this machine, of any user, leave them alone.
 */
import { createServer } from 'node:net';
import { errorCode } from './errors.mjs';

/** @type {Set<import('node:net').Server>} */
const held = new Set();

/**
 * Reserves a port until `releasePorts` or the end of this process. The reservation is a listening socket with a name
 * that only the kernel knows, so that nothing of it is left after kill -9. Systems other than Linux have no such names:
 * every port is granted there.
 * @param {number} port
 * @returns {Promise<boolean>} false when another launcher has it
 */
export function reservePort(port) {
  if (process.platform !== 'linux') return Promise.resolve(true);
  const reservation = createServer((connection) => connection.destroy());
  reservation.unref();
  return new Promise((resolve, reject) => {
    reservation.once('error', (error) => (errorCode(error) === 'EADDRINUSE' ? resolve(false) : reject(error)));
    reservation.listen(`\0wa-gate-port-${port}`, () => {
      held.add(reservation);
      resolve(true);
    });
  });
}

export function releasePorts() {
  for (const reservation of held) reservation.close();
  held.clear();
}
