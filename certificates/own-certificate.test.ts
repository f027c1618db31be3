import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveFile } from './live-file.ts';
import { OwnCertificate } from './own-certificate.ts';
import type { Pair } from './pair.ts';
import { selfSigned } from './placeholder.ts';

const dayMs = 24 * 60 * 60 * 1_000;
let directory: string;
let own: OwnCertificate;
let live: LiveFile;
let certificateFile: string;
let keyFile: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'own-'));
  certificateFile = join(directory, 'fullchain.pem');
  keyFile = join(directory, 'privkey.pem');
  mkdirSync(join(directory, 'live'));
  const lives = new Map(['shop.example', 'other.example'].map((domain) => [domain, new LiveFile(directory, domain)]));
  live = lives.get('shop.example') ?? expect.fail();
  own = new OwnCertificate({ kind: 'file', certificateFile, keyFile }, lives);
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function certificate(lastsMs = dayMs): Promise<Pair> {
  const nowMs = Date.now();
  return selfSigned('my own', 'shop.example', { notBeforeMs: nowMs - 2 * dayMs, notAfterMs: nowMs + lastsMs });
}

const chainOf = ({ pem }: Pair) => pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'));
const keyOf = ({ pem }: Pair) => pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE'));

function write(pair: Pair): void {
  writeFileSync(certificateFile, chainOf(pair));
  writeFileSync(keyFile, keyOf(pair));
}

const check = () => own.check(Date.now());

describe("the user's own certificate", () => {
  it('is installed for all domains, and those that it is not for are named', async () => {
    write(await certificate());
    expect(check()).toEqual(['shop.example', 'other.example']);
    expect(check()).toEqual([]);
    expect(own.faultFor('shop.example')).toBeUndefined();
    expect(own.faultFor('other.example')).toBe(
      `the certificate in ${certificateFile} is not for other.example: visitors get an error`,
    );
  });

  it('is taken up when it is written in place, and when it is replaced', async () => {
    const [first, second, third] = await Promise.all([certificate(), certificate(), certificate()]);
    write(first);
    check();
    write(second);
    check();
    expect(live.read()?.pem).toBe(second.pem);
    for (const [file, text] of [
      [certificateFile, chainOf(third)],
      [keyFile, keyOf(third)],
    ] as const) {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    }
    check();
    expect(live.read()?.pem).toBe(third.pem);
  });

  const faults: readonly (readonly [string, (pair: Pair) => Promise<void> | void, RegExp])[] = [
    [
      'is only half replaced',
      async () => writeFileSync(certificateFile, chainOf(await certificate())),
      /^the key in \S+privkey\.pem is not that of the first certificate in \S+fullchain\.pem$/,
    ],
    ['has run out', async () => write(await certificate(-dayMs)), /fullchain\.pem ran out on \d{4}-/],
    ['is no certificate', () => writeFileSync(certificateFile, 'no PEM'), /has no certificate in PEM/],
    [
      'is only half written',
      (pair) => writeFileSync(certificateFile, chainOf(pair) + chainOf(pair).slice(0, 100)),
      /or one that is not whole/,
    ],
    ['has no key', () => writeFileSync(keyFile, ''), /privkey\.pem has no private key in PEM/],
    ['is gone', () => rmSync(keyFile), /^TLS_KEY_FILE cannot be read: there is no file \S+privkey\.pem$/],
    [
      'is a link to where the program sees nothing',
      () => {
        rmSync(certificateFile);
        symlinkSync('../archive/fullchain1.pem', certificateFile);
      },
      /^TLS_CERTIFICATE_FILE cannot be read: \S+ is a link out of its directory/,
    ],
  ];

  it.each(faults)('that %s is refused, and the old one stays', async (_, spoil, fault) => {
    const before = await certificate();
    write(before);
    check();
    await spoil(before);
    expect(check()).toEqual([]);
    expect(own.faultFor('shop.example')).toMatch(fault);
    expect(live.read()?.pem).toBe(before.pem);
    rmSync(certificateFile, { force: true });
    write(before);
    check();
    expect(own.faultFor('shop.example')).toBeUndefined();
  });
});
