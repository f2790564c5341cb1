import { randomBytes } from 'node:crypto';
import {
  chatModificationToAppPatch,
  decodePatches,
  encodeSyncdPatch,
  type LTHashState,
  newLTHashState,
  proto,
} from '@whiskeysockets/baileys';
import { describe, expect, test } from 'vitest';
import {
  AppStateError,
  type AppStateKey,
  type AppStateMutation,
  decodePatch,
  emptyCollection,
  encodePatch,
  stampPatchVersion,
} from './app-state.ts';

const key: AppStateKey = { keyId: randomBytes(6), keyData: randomBytes(32) };
const findKey = (keyId: Buffer): AppStateKey | undefined => (keyId.equals(key.keyId) ? key : undefined);
const theirKey = async () => proto.Message.AppStateSyncKeyData.fromObject({ keyData: key.keyData });
const myKeyId = key.keyId.toString('base64');
const CHAT = '4915@s.whatsapp.net';

const mute = (end: number): AppStateMutation => ({
  operation: 'set',
  index: ['mute', CHAT],
  value: { timestamp: 1, muteAction: { muted: true, muteEndTimestamp: end } },
  version: 2,
});
const archive: AppStateMutation = {
  operation: 'set',
  index: ['archive', CHAT],
  value: { timestamp: 2, archiveChatAction: { archived: true } },
  version: 3,
};

async function theyRead(patches: Buffer[], state: LTHashState, floor = 0) {
  const decoded = patches.map((patch) => proto.SyncdPatch.decode(patch));
  return decodePatches('regular_low', decoded, state, theirKey, {}, floor, undefined, true);
}

describe('app state with Baileys', () => {
  test('it reads the patches of our phone, MACs checked, values replaced and removed', async () => {
    const state = emptyCollection();
    const patches = [
      encodePatch('regular_low', state, key, [mute(5), archive]),
      encodePatch('regular_low', state, key, [mute(9)]),
      encodePatch('regular_low', state, key, [{ ...archive, operation: 'remove' }]),
    ];
    const read = await theyRead(patches, newLTHashState());
    expect(read.state.version).toBe(3);
    expect(read.state.hash.equals(state.hash)).toBe(true);
    expect(Object.keys(read.state.indexValueMap)).toHaveLength(1);
    const actions = Object.values(read.mutationMap).map((entry) => entry.syncAction.value);
    expect(actions.some((value) => Number(value?.muteAction?.muteEndTimestamp) === 9)).toBe(true);
  });

  test('we read what a companion uploads', async () => {
    let theirs = newLTHashState();
    const ours = emptyCollection();
    const pin = chatModificationToAppPatch({ pin: true }, CHAT);
    for (const patchCreate of [pin, chatModificationToAppPatch({ pin: false }, CHAT)]) {
      const { patch, state } = await encodeSyncdPatch(
        { ...patchCreate, type: 'regular_low' },
        myKeyId,
        theirs,
        theirKey,
      );
      theirs = state;
      const uploaded = Buffer.from(proto.SyncdPatch.encode(patch).finish());
      const [mutation] = decodePatch('regular_low', ours, stampPatchVersion(uploaded, state.version), findKey);
      expect(mutation).toMatchObject({ operation: 'set', index: ['pin_v1', CHAT] });
      expect(ours.version).toBe(state.version);
      expect(ours.hash.equals(state.hash)).toBe(true);
    }
    expect((await theyRead([encodePatch('regular_low', ours, key, [archive])], theirs)).state.version).toBe(3);
  });
});

describe('what a collection refuses', () => {
  test('patches that are changed, out of turn, or made with an unknown key; the state stays', () => {
    const writer = emptyCollection();
    const first = encodePatch('regular', writer, key, [mute(1)]);
    const second = encodePatch('regular', writer, key, [archive]);
    const reader = emptyCollection();
    expect(() => decodePatch('regular', reader, second, findKey)).toThrow('snapshot MAC');
    expect(() => decodePatch('regular_low', reader, first, findKey)).toThrow('snapshot MAC');
    expect(() => decodePatch('regular', reader, first, () => undefined)).toThrow('unknown key');
    expect(() => decodePatch('regular', reader, Buffer.from([0xff]), findKey)).toThrow(AppStateError);
    const changed = (change: (copy: proto.SyncdPatch) => void): Buffer => {
      const copy = proto.SyncdPatch.decode(Buffer.from(first));
      change(copy);
      return Buffer.from(proto.SyncdPatch.encode(copy).finish());
    };
    const flip = (data: Uint8Array | null | undefined): void => {
      data![0]! ^= 1;
    };
    const read = (data: Buffer) => decodePatch('regular', reader, data, findKey);
    expect(() => read(changed((copy) => flip(copy.patchMac)))).toThrow('patch MAC');
    expect(() => read(changed((copy) => flip(copy.mutations[0]?.record?.value?.blob)))).toThrow('value MAC');
    expect(() => read(changed((copy) => flip(copy.mutations[0]?.record?.index?.blob)))).toThrow('index MAC');
    expect(reader).toEqual(emptyCollection());
    expect(read(first)).toEqual([expect.objectContaining({ index: ['mute', CHAT] })]);
    expect(read(second)).toEqual([expect.objectContaining({ index: ['archive', CHAT] })]);
    expect(reader.hash.equals(writer.hash)).toBe(true);
  });
});
