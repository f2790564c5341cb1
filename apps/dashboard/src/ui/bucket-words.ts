import { defineTexts } from '../i18n/i18n.ts';

/** The rate limits by what they count, in the language of the page. The API describes them in English. */
const bucketTexts = defineTexts('buckets', {
  en: {
    ip: 'Requests of one address without a valid credential, and failed logins',
    login_ip: 'Accounts with a wrong password from one address',
    login_account: 'Failed logins to one account',
    session_operations: 'Creating, deleting, restarting and linking sessions',
    invitations: 'Invitations by one person or their keys',
    key_operator: 'Requests with one workspace key of an operator',
    key_viewer: 'Requests with one workspace key of a viewer',
    messages_send: 'Messages sent without naming a session',
    broadcasts: 'Broadcasts',
    dashboard: 'Requests for figures',
    qr: 'QR codes',
    message_limit: 'Messages of the tier',
  },
  id: {
    ip: 'Permintaan dari satu alamat tanpa kredensial yang sah, dan login yang gagal',
    login_ip: 'Akun dengan kata sandi salah dari satu alamat',
    login_account: 'Login yang gagal ke satu akun',
    session_operations: 'Membuat, menghapus, memulai ulang dan menautkan sesi',
    invitations: 'Undangan oleh satu orang atau kuncinya',
    key_operator: 'Permintaan dengan satu kunci ruang kerja milik operator',
    key_viewer: 'Permintaan dengan satu kunci ruang kerja milik pengamat',
    messages_send: 'Pesan yang dikirim tanpa menyebut sesi',
    broadcasts: 'Siaran',
    dashboard: 'Permintaan angka',
    qr: 'Kode QR',
    message_limit: 'Pesan menurut tingkat',
  },
});
const KNOWN = new Set<string>([
  'ip',
  'login_ip',
  'login_account',
  'session_operations',
  'invitations',
  'key_operator',
  'key_viewer',
  'messages_send',
  'broadcasts',
  'dashboard',
  'qr',
  'message_limit',
]);

/** @returns what a limit counts; of one that this page does not know, what the API says */
export function useBucketWords(): (limit: { bucket: string; description: string }) => string {
  const t = bucketTexts.use();
  return ({ bucket, description }) => (KNOWN.has(bucket) ? t(bucket as 'ip') : description);
}
