import { eventIdPrefix } from '../events/index.ts';
import type { DeliveryPosition } from './deliveries.repository.ts';

const DELIVERY_ID = /^evt_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_(\d{1,15})$/;
const CURSOR = /^(\d{1,15})~([0-9a-f-]{36})~(\d{1,15})$/;

/** Webhook and event are the identity of a delivery: below its webhook it has the id of the event. */
export const deliveryId = (sessionId: string, seq: number): string => `${eventIdPrefix(sessionId)}${seq}`;

/** `undefined`: it is none. */
export function parseDeliveryId(id: string): { sessionId: string; seq: number } | undefined {
  const [, ...parts] = DELIVERY_ID.exec(id) ?? [];
  return parts.length === 0 ? undefined : { sessionId: parts.slice(0, 5).join('-'), seq: Number(parts[5]) };
}

export const deliveryCursor = ({ at, sessionId, seq }: DeliveryPosition): string => `${at}~${sessionId}~${seq}`;

/** `undefined`: it is none. */
export function parseDeliveryCursor(cursor: string): DeliveryPosition | undefined {
  const [, at, sessionId, seq] = CURSOR.exec(cursor) ?? [];
  return sessionId === undefined ? undefined : { at: Number(at), sessionId, seq: Number(seq) };
}
