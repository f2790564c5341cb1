import type { SessionState } from '../../api/types.ts';
import { defineTexts } from '../../i18n/i18n.ts';
import { Badge, type Tone } from '../../ui/surface.tsx';

/** The states of a session in plain words, each with the next step. */
const stateTexts = defineTexts('states', {
  en: {
    initializing: 'Starting',
    initializing_next: 'A worker is being found for it. This takes a second or two.',
    connecting: 'Connecting',
    connecting_next: 'It connects to WhatsApp by itself.',
    qr_required: 'Waiting for a scan',
    qr_required_next: 'Scan the QR code with the phone: WhatsApp, Linked devices, Link a device.',
    pairing_code: 'Waiting for the code',
    pairing_code_next: 'Enter the pairing code on the phone.',
    pairing: 'Linking',
    pairing_next: 'The phone has accepted. Keep WhatsApp open on it for a moment.',
    passkey_required: 'Passkey needed',
    passkey_required_next: 'WhatsApp asks for the passkey of this account. Confirm it on the phone, then link anew.',
    passkey_confirmation_required: 'Confirm on the phone',
    passkey_confirmation_required_next: 'WhatsApp asks on the phone whether it is you. Confirm it there.',
    connected: 'Connected',
    connected_next: 'It sends and receives.',
    stale: 'Silent',
    stale_next: 'WhatsApp has not been heard of for a while. The connection is being made anew.',
    reconnecting: 'Reconnecting',
    reconnecting_next: 'It comes back by itself. Messages wait and are sent then.',
    conflict: 'Open elsewhere',
    conflict_next: 'Another program uses the same link. Close it there, then restart this session.',
    restricted: 'Restricted by WhatsApp',
    restricted_next: 'WhatsApp does not let this account write to new people for now. Wait, and send less.',
    banned: 'Banned by WhatsApp',
    banned_next: 'Open WhatsApp on the phone: it says until when, and takes a request for a review. Restart then.',
    logged_out: 'Logged out',
    logged_out_next: 'The device was removed on the phone. Link it again.',
    stopped: 'Stopped',
    stopped_next: 'Restart it when you need it.',
    error: 'Not working',
    error_next: 'Read the reason and restart the session. If that does not help, link it again.',
  },
  id: {
    initializing: 'Memulai',
    initializing_next: 'Worker sedang dicarikan. Ini memakan satu atau dua detik.',
    connecting: 'Menghubungkan',
    connecting_next: 'Menghubungkan ke WhatsApp dengan sendirinya.',
    qr_required: 'Menunggu pemindaian',
    qr_required_next: 'Pindai kode QR dengan telepon: WhatsApp, Perangkat tertaut, Tautkan perangkat.',
    pairing_code: 'Menunggu kode',
    pairing_code_next: 'Masukkan kode penautan di telepon.',
    pairing: 'Menautkan',
    pairing_next: 'Telepon sudah menerima. Biarkan WhatsApp terbuka sebentar.',
    passkey_required: 'Perlu passkey',
    passkey_required_next: 'WhatsApp meminta passkey akun ini. Konfirmasi di telepon, lalu tautkan lagi.',
    passkey_confirmation_required: 'Konfirmasi di telepon',
    passkey_confirmation_required_next: 'WhatsApp bertanya di telepon apakah ini Anda. Konfirmasi di sana.',
    connected: 'Terhubung',
    connected_next: 'Sesi mengirim dan menerima.',
    stale: 'Senyap',
    stale_next: 'WhatsApp sudah lama tidak terdengar. Sambungan dibuat ulang.',
    reconnecting: 'Menghubungkan ulang',
    reconnecting_next: 'Kembali dengan sendirinya. Pesan menunggu dan dikirim setelah itu.',
    conflict: 'Terbuka di tempat lain',
    conflict_next: 'Program lain memakai tautan yang sama. Tutup di sana, lalu mulai ulang sesi ini.',
    restricted: 'Dibatasi WhatsApp',
    restricted_next:
      'WhatsApp untuk sementara tidak mengizinkan akun ini menulis ke orang baru. Tunggu, dan kurangi kiriman.',
    banned: 'Diblokir WhatsApp',
    banned_next:
      'Buka WhatsApp di telepon: di sana tertulis sampai kapan, dan peninjauan dapat diminta. Setelah itu mulai ulang.',
    logged_out: 'Keluar',
    logged_out_next: 'Perangkat dihapus di telepon. Tautkan lagi.',
    stopped: 'Berhenti',
    stopped_next: 'Mulai ulang saat Anda membutuhkannya.',
    error: 'Tidak berfungsi',
    error_next: 'Baca alasannya dan mulai ulang sesi. Jika tidak membantu, tautkan lagi.',
  },
});

const TONES: Record<SessionState, Tone> = {
  initializing: 'info',
  connecting: 'info',
  qr_required: 'warn',
  pairing_code: 'warn',
  pairing: 'info',
  passkey_required: 'warn',
  passkey_confirmation_required: 'warn',
  connected: 'good',
  stale: 'warn',
  reconnecting: 'warn',
  conflict: 'bad',
  restricted: 'bad',
  banned: 'bad',
  logged_out: 'bad',
  stopped: 'neutral',
  error: 'bad',
};
const MOVING = new Set<SessionState>(['initializing', 'connecting', 'pairing', 'reconnecting', 'stale']);

export const toneOf = (state: SessionState): Tone => TONES[state];

/** Whether a code is shown that a phone has to scan or to enter. */
export const showsCode = (state: SessionState): boolean => state === 'qr_required' || state === 'pairing_code';

/** Whether the session waits for a phone to link it. */
export const waitsForPhone = (state: SessionState): boolean =>
  [
    'initializing',
    'connecting',
    'qr_required',
    'pairing_code',
    'pairing',
    'passkey_required',
    'passkey_confirmation_required',
  ].includes(state);

export function useStateWords(): (state: SessionState) => { label: string; next: string } {
  const t = stateTexts.use();
  return (state) => ({ label: t(state), next: t(`${state}_next`) });
}

export function StateBadge({ state }: { state: SessionState }) {
  const words = useStateWords();
  return (
    <Badge tone={TONES[state]} isMoving={MOVING.has(state)}>
      {words(state).label}
    </Badge>
  );
}
