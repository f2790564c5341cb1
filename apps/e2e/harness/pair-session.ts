import type { Session } from '@wa-gate/contracts';
import type { GatewayClient } from './gateway-client.ts';
import { newNumber } from './numbers.ts';
import type { Phone } from './sandbox-client.ts';
import type { System } from './system.ts';
import { waitFor } from './wait-for.ts';
import { WebhookReceiver } from './webhook-receiver.ts';

/** A user of the product with a workspace of its own. */
export interface Tenant {
  api: GatewayClient;
  /** The workspace key of the registration. */
  apiKey: string;
  email: string;
  password: string;
}

/** A connected session and its phone. */
export interface PairedSession {
  sessionId: string;
  /** The API with the session's own key. */
  api: GatewayClient;
  apiKey: string;
  /** The phone that scanned. */
  phone: Phone;
}

let names = 0;
/** A name that is unique in this run. */
export const uniqueName = (prefix: string): string => `${prefix}-${Date.now().toString(36)}-${++names}`;

export async function registerTenant(system: System): Promise<Tenant> {
  const email = `${uniqueName('user')}@example.test`;
  const password = `correct horse ${uniqueName('battery')}`;
  const { token, apiKey } = await system.gateway.register(email, password);
  return { api: system.gateway.as(token), apiKey, email, password };
}

export const addPhone = (system: System, name = 'Somebody'): Promise<Phone> =>
  system.sandbox.createPhone({ number: newNumber(), name });

/** The QR code of a session, once there is one. */
export async function readQr(system: System, api: GatewayClient, sessionId: string): Promise<string> {
  const read = async () => {
    const { status, body } = await api.call<{ data: { qr: string } }>(`/api/sessions/${sessionId}/qr`);
    return status === 200 ? body.data.qr : undefined;
  };
  const qr = await waitFor(read, { what: `the QR code of ${sessionId}` });
  system.secrets.add(qr);
  return qr;
}

export const waitForStatus = (api: GatewayClient, sessionId: string, status: string): Promise<Session> =>
  waitFor(
    async () => {
      const session = await api.getSession(sessionId);
      return session.status === status ? session : undefined;
    },
    { what: `${sessionId} to be ${status}` },
  );

/** Creates a session and has a new phone scan its QR code. Resolves when it is connected. */
export async function pairSession(
  system: System,
  tenant: Tenant,
  { sessionId = uniqueName('session'), phoneName = 'Owner' } = {},
): Promise<PairedSession> {
  const phone = await addPhone(system, phoneName);
  const { apiKey } = await tenant.api.createSession({ sessionId });
  await system.sandbox.scan(phone.number, await readQr(system, tenant.api, sessionId));
  await waitForStatus(tenant.api, sessionId, 'connected');
  return { sessionId, api: tenant.api.as(apiKey), apiKey, phone };
}

/** Opens a webhook endpoint for the events of a session. */
export async function subscribe(tenant: Tenant, sessionId: string, events: string[] = ['*']): Promise<WebhookReceiver> {
  const receiver = await new WebhookReceiver().start();
  const { secret } = await tenant.api.setWebhook(sessionId, { url: receiver.url, events });
  receiver.know(secret);
  return receiver;
}
