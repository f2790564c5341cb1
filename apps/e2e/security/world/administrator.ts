import type { GatewayClient } from '../../harness/gateway-client.ts';
import type { System } from '../../harness/system.ts';

/** The first administrator, logged in. */
export async function administratorOf(system: System): Promise<{ api: GatewayClient; token: string }> {
  const { token } = await system.gateway.login(system.admin.email, system.admin.password);
  return { api: system.gateway.as(token), token };
}
