import { createHash } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { uint } from '../wire/node.ts';
import type { CompanionCredentials } from './credentials.ts';

const VERSION = { primary: 2, secondary: 3000, tertiary: 1043857760 };
const { UserAgent } = proto.ClientPayload;

const common: proto.IClientPayload = {
  connectType: proto.ClientPayload.ConnectType.WIFI_UNKNOWN,
  connectReason: proto.ClientPayload.ConnectReason.USER_ACTIVATED,
  userAgent: {
    platform: UserAgent.Platform.WEB,
    releaseChannel: UserAgent.ReleaseChannel.RELEASE,
    appVersion: VERSION,
    osVersion: '0.1',
    device: 'Desktop',
    localeLanguageIso6391: 'en',
    localeCountryIso31661Alpha2: 'US',
  },
  webInfo: { webSubPlatform: proto.ClientPayload.WebInfo.WebSubPlatform.WEB_BROWSER },
};

/** The payload at the end of the handshake: a request to be linked, or a login. */
export function clientPayload(credentials: CompanionCredentials): Buffer {
  const { linked } = credentials;
  const payload = linked ? loginPayload(linked.pn, linked.device) : registrationPayload(credentials);
  const named = { ...common, ...payload, pushName: credentials.pushName };
  return Buffer.from(proto.ClientPayload.encode(named).finish());
}

function loginPayload(pn: string, device: number): proto.IClientPayload {
  return { passive: true, pull: true, username: Number(pn), device };
}

function registrationPayload({ registrationId, identity, signedPreKey }: CompanionCredentials): proto.IClientPayload {
  const version = `${VERSION.primary}.${VERSION.secondary}.${VERSION.tertiary}`;
  return {
    passive: false,
    pull: false,
    devicePairingData: {
      buildHash: createHash('md5').update(version).digest(),
      deviceProps: proto.DeviceProps.encode({
        os: 'wa-gate',
        platformType: proto.DeviceProps.PlatformType.DESKTOP,
      }).finish(),
      eRegid: uint(registrationId, 4),
      eKeytype: Buffer.from([5]),
      eIdent: identity.publicKey,
      eSkeyId: uint(signedPreKey.id, 3),
      eSkeyVal: signedPreKey.pair.publicKey,
      eSkeySig: signedPreKey.signature,
    },
  };
}
