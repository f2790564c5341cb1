import type { Ownership } from '@wa-gate/cluster';
import type { Receipt, ServerAck } from '../whatsapp/acks.ts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Arrived } from '../whatsapp/inbound-listener.ts';
import type { Connection, Identity } from '../whatsapp/socket.ts';

/** Receives the messages, acks and receipts of a connection. Sending is allowed between `opened` and `closed`. */
export interface SessionTraffic {
  opened(owner: Ownership, connection: Connection): void;
  closed(owner: Ownership): void;
  acknowledged(owner: Ownership, ack: ServerAck): void;
  receipts(owner: Ownership, receipts: Receipt[]): void;
  arrived(owner: Ownership, arrived: Arrived, identity: Identity): void;
  sentMessage(owner: Ownership, waMessageId: string): Promise<proto.IMessage | undefined>;
}
