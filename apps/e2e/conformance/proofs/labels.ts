import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';
import { said } from './said.ts';

export function labelProofs(world: ProofWorld): Proofs<'labels'> {
  let labelId = '';
  let message = '';
  /** Far from the numbers that the API gives. */
  let created = 100;
  const onPhone = async (id: string) =>
    (await world.system.sandbox.labels(world.session.phone.number)).find((label) => label.id === id);
  /** On the phone: it costs the session no queries. */
  const create = async () => {
    created += 1;
    labelId = String(created);
    const label = { action: 'label', label: labelId, name: 'For a proof', color: 7 };
    await world.system.sandbox.changeSetting(world.session.phone.number, label);
    return { label: labelId };
  };
  const set = (on: boolean) => async (setting: Record<string, unknown>) => {
    if (!on) await world.system.sandbox.changeSetting(world.session.phone.number, { label: labelId, ...setting });
  };
  const ofChat = (isAssigned: boolean) => ({
    async params() {
      await create();
      await set(isAssigned)({ action: 'labelChat', chat: world.friend.number });
      return { label: labelId, chat: `+${world.friend.number}` };
    },
    seen: () =>
      waitFor(
        async () =>
          (await world.system.sandbox.chats(world.session.phone.number)).some(
            ({ chat, labels }) => chat === world.friend.number && labels.includes(labelId) === isAssigned,
          ),
        { what: `the chat ${isAssigned ? 'with' : 'without'} label ${labelId}` },
      ),
  });
  const ofMessage = (isAssigned: boolean) => ({
    async params() {
      await create();
      const { messageId, id } = await said(world, 'to be labelled');
      message = id;
      await set(isAssigned)({ action: 'labelMessage', message: id });
      return { label: labelId, messageId };
    },
    seen: () =>
      waitFor(async () => (await onPhone(labelId))?.messages.includes(message) === isAssigned, {
        what: `the message ${isAssigned ? 'with' : 'without'} label ${labelId}`,
      }),
  });

  return {
    'labels.create': {
      async seen({ name, color }, data) {
        const made = data as { labelId: string; color: number };
        expect(made).toMatchObject({ name, ...(color !== undefined && { color }) });
        expect(await onPhone(made.labelId)).toMatchObject({ name, color: made.color, isDeleted: false });
      },
    },
    'labels.update': {
      params: create,
      async seen({ name = 'For a proof', color = 7 }, data) {
        expect(data).toEqual({ labelId, name, color });
        expect(await onPhone(labelId)).toMatchObject({ name, color });
      },
    },
    'labels.delete': {
      params: create,
      async seen(_, data) {
        expect(data).toEqual({ labelId, deleted: true });
        expect(await onPhone(labelId)).toMatchObject({ isDeleted: true });
      },
    },
    'labels.assignChat': ofChat(true),
    'labels.unassignChat': ofChat(false),
    'labels.assignMessage': ofMessage(true),
    'labels.unassignMessage': ofMessage(false),
  };
}
