import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Puts a new self-signed certificate for a domain where the edge reads it, as the certificates program does: the key and the
 * chain in one file, which is replaced by a rename.
 */
export function putCertificate(tlsDir: string, domain: string, key: 'ec' | 'rsa' = 'ec'): void {
  const live = join(tlsDir, 'live');
  mkdirSync(live, { recursive: true });
  const file = join(live, `${domain.replace('*', '_')}.pem`);
  // The account of an edge in a container is none of this host's.
  writeFileSync(`${file}.new`, keyAndCertificate(domain, key), { mode: 0o644 });
  renameSync(`${file}.new`, file);
}

function keyAndCertificate(domain: string, key: 'ec' | 'rsa'): string {
  const directory = mkdtempSync(join(tmpdir(), 'bluegreen-certificate-'));
  const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const algorithm = { ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], rsa: ['rsa:2048'] }[key];
  const names = ['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain}`];
  const files = ['-nodes', '-keyout', keyFile, '-out', certificateFile];
  try {
    execFileSync('openssl', ['req', '-x509', '-days', '1', '-newkey', ...algorithm, ...names, ...files], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return readFileSync(keyFile, 'utf8') + readFileSync(certificateFile, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}
