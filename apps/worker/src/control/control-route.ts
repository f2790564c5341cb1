import type { FastifyInstance } from 'fastify';
import { type OwnershipOptions, requireGateway } from '../live/ownership.ts';
import { proofFor } from '../live/proof.ts';
import type { ControlPort } from './control-stream.ts';

export interface ControlRouteOptions extends OwnershipOptions {
  control: ControlPort;
}

/** The endpoint of the control streams. The answer to the upgrade carries the proof, as every answer does. */
export async function controlRoute(app: FastifyInstance, options: ControlRouteOptions): Promise<void> {
  app.websocketServer.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(proofFor(options, request))) lines.push(`${name}: ${value}`);
  });
  app.get('/control', { websocket: true, onRequest: requireGateway(options) }, (socket) =>
    options.control.accept(socket),
  );
}
