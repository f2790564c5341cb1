import type { BinaryNode, proto } from '../whatsapp/baileys.ts';
import { unwrap } from './read-content.ts';

const meta = (attrs: Record<string, string>): BinaryNode => ({ tag: 'meta', attrs });

/**
 * What stands beside the ciphertext in the stanza of a message, so that WhatsApp's server knows its form without
 * reading it. Pure.
 */
export function stanzaNodes(raw: proto.IMessage): BinaryNode[] {
  const message = unwrap(raw);
  if (message.pollCreationMessage || message.pollCreationMessageV2 || message.pollCreationMessageV3)
    return [meta({ polltype: 'creation' })];
  if (message.pollUpdateMessage) return [meta({ polltype: 'vote' })];
  if (message.eventMessage) return [meta({ event_type: 'creation' })];
  if (message.encEventResponseMessage) return [meta({ event_type: 'response' })];
  return [];
}
