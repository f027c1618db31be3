import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificateAt, writeCertificates } from '../../test/certificates.ts';
import { CertificatesFile, isSilent } from './certificates.ts';

const nowMs = Date.UTC(2026, 0, 1);
let directory: string;
let file: CertificatesFile;
let clockMs: number;

/** After the shortest time between two looks. */
const read = () => {
  clockMs += 2_000;
  return file.read(clockMs).certificates.map(({ domain }) => domain);
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bluegreen-certificates-'));
  file = new CertificatesFile(directory, ['shop.example', '*.shop.example']);
  clockMs = 0;
});

afterEach(() => rmSync(directory, { recursive: true }));

describe('the report of the certificates program', () => {
  it('is taken up when it appears and when it changes', () => {
    expect(read()).toEqual([]);
    writeCertificates(directory, [certificateAt(nowMs)]);
    expect(read()).toEqual(['shop.example']);
    writeCertificates(directory, [certificateAt(nowMs), certificateAt(nowMs, { domain: '*.shop.example' })]);
    expect(read()).toEqual(['shop.example', '*.shop.example']);
    expect(file.fault).toBeNull();
  });

  it('is looked at every two seconds only', () => {
    read();
    writeCertificates(directory, [certificateAt(nowMs)]);
    expect(file.read(clockMs + 1_999).certificates).toEqual([]);
    expect(file.read(clockMs + 2_000).certificates).toHaveLength(1);
  });

  it('leaves out domains that are no longer wanted', () => {
    writeCertificates(directory, [certificateAt(nowMs, { domain: 'old.example' }), certificateAt(nowMs)]);
    expect(read()).toEqual(['shop.example']);
  });

  it.each<[string, () => void, string]>([
    ['damaged', () => writeFileSync(join(directory, 'certificates.json'), '{"atMs":'), 'invalid'],
    ['of another program', () => writeFileSync(join(directory, 'certificates.json'), '[]'), 'invalid'],
    [
      'no file',
      () => {
        rmSync(join(directory, 'certificates.json'));
        mkdirSync(join(directory, 'certificates.json'));
      },
      'not a regular file',
    ],
  ])('is ignored if it is %s: what was known before counts', (_, damage, fault) => {
    writeCertificates(directory, [certificateAt(nowMs)]);
    read();
    damage();
    expect(read()).toEqual(['shop.example']);
    expect(file.fault).toBe(fault);
    rmSync(join(directory, 'certificates.json'), { recursive: true });
    expect(read()).toEqual(['shop.example']);
    expect(file.fault).toBeNull();
  });

  it('is not looked for without DOMAINS', () => {
    writeCertificates(directory, [certificateAt(nowMs)]);
    file = new CertificatesFile(directory, []);
    expect(read()).toEqual([]);
    writeFileSync(join(directory, 'certificates.json'), 'damaged');
    read();
    expect(file.fault).toBeNull();
    expect(isSilent(file.known, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('is old if nobody has written it for ten minutes', () => {
    writeCertificates(directory, [certificateAt(nowMs)], nowMs);
    read();
    expect(isSilent(file.known, nowMs + 9 * 60_000)).toBe(false);
    expect(isSilent(file.known, nowMs + 11 * 60_000)).toBe(true);
  });
});
