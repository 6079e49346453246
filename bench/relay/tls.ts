/** A certificate for 127.0.0.1, made at run time. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Makes a key and a certificate that signs itself in `folder`. Throws if there is no `openssl` to do it. */
export function makeCertificate(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  // P-256, as most certificates on the web are.
  const { status, error, stderr } = spawnSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1'
      .split(' ')
      .concat('-keyout', key, '-out', cert),
    { encoding: 'utf8' },
  );
  if (error !== undefined)
    throw new Error('--tls needs the command openssl (apt install openssl)', { cause: error });
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
  return { key, cert };
}
