import { expect, test } from 'vitest';
import { addPhone, pairSession, registerTenant, subscribe } from '../harness/pair-session.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import type { WebhookReceiver } from '../harness/webhook-receiver.ts';

/** More than the listeners of one kind that node finds suspicious. */
const WEBHOOKS = 14;

const get = useSystem();

test('webhooks that all wait for their receivers at the same time are no leak, and none waits for another', async () => {
  const system = get();
  const tenant = await registerTenant(system);
  const friend = await addPhone(system);
  const receivers: WebhookReceiver[] = [];
  const numbers: string[] = [];
  let answerAll: (() => void) | undefined;
  const untilAll = new Promise<void>((resolve) => {
    answerAll = resolve;
  });
  for (let index = 0; index < WEBHOOKS; index++) {
    const { sessionId, phone } = await pairSession(system, tenant);
    const receiver = await subscribe(tenant, sessionId, ['message.received']);
    receiver.hold(() => true, untilAll);
    receivers.push(receiver);
    numbers.push(phone.number);
  }
  await Promise.all(numbers.map((number) => system.sandbox.sendText(friend.number, number, 'to all')));

  await waitFor(() => receivers.every(({ requests }) => requests.length > 0), {
    what: 'every receiver to have its request while none has answered',
  });
  answerAll!();

  for (const { name, log } of system.processes) {
    const warnings = (await log.everything()).split('\n').filter((line) => /MaxListenersExceeded/.test(line));
    expect(warnings, `warnings of ${name}`).toEqual([]);
  }
  await Promise.all(receivers.map((receiver) => receiver.close()));
});

expectSoundSystem(get);
