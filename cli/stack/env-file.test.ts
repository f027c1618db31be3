import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'dotenv';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changed, changeEnvFile } from './env-file.ts';

describe('a change to the env file', () => {
  it('replaces the value in effect and leaves every other line unchanged', () => {
    const text =
      '# mine\nGREEN_IMAGE=a:1\n\nRELEASE_ID_GREEN="old one"\n  export GREEN_IMAGE = a:2 # why\nSECRET=\'x # y\'\n';
    expect(changed(text, { GREEN_IMAGE: 'a:3', RELEASE_ID_GREEN: 'r3' })).toBe(
      "# mine\nGREEN_IMAGE=a:1\n\nRELEASE_ID_GREEN=r3\nGREEN_IMAGE=a:3\nSECRET='x # y'\n",
    );
  });

  it('inserts a new variable below its description, or at the end', () => {
    expect(changed("# Green's image.\n# GREEN_IMAGE=\n\n# next\n", { GREEN_IMAGE: 'a' })).toBe(
      "# Green's image.\n# GREEN_IMAGE=\nGREEN_IMAGE=a\n\n# next\n",
    );
    expect(changed('A=1', { GREEN_IMAGE: 'a' })).toBe('A=1\nGREEN_IMAGE=a\n');
    expect(changed('', { GREEN_IMAGE: 'a' })).toBe('GREEN_IMAGE=a\n');
  });

  it('removes a variable so that its default applies', () => {
    expect(changed('A=1\nGREEN_IMAGE=x\nB=2\nGREEN_IMAGE=y\n', { GREEN_IMAGE: undefined })).toBe('A=1\nB=2\n');
  });

  it('fails if it would change something else', () => {
    const text = 'NOTE="a text of two lines\nGREEN_IMAGE=in it"\n';
    expect(() => changed(text, { GREEN_IMAGE: 'a' })).toThrow(/without changing something else/);
  });

  it('can be undone, whatever else the file contains', () => {
    const name = fc.constantFrom('A', 'B_C', 'SLACK_WEBHOOK_URL', 'GREEN_IMAGE', 'RELEASE_ID_GREEN');
    const value = fc.stringMatching(/^[A-Za-z0-9:/._@-]{0,20}$/);
    const line = fc.oneof(
      fc.tuple(name, value).map(([left, right]) => `${left}=${right}`),
      fc.tuple(name, value).map(([left, right]) => `# ${left}=${right}`),
      fc.constantFrom('', '# a comment', "QUOTED='a # b'"),
    );
    fc.assert(
      fc.property(fc.array(line), value, (lines, image) => {
        const text = lines.join('\n');
        const before = parse(text);
        const after = changed(text, { GREEN_IMAGE: image });
        expect(parse(after)).toEqual({ ...before, GREEN_IMAGE: image });
        expect(parse(changed(after, { GREEN_IMAGE: before.GREEN_IMAGE }))).toEqual(before);
      }),
    );
  });

  describe('on disk', () => {
    let directory: string;
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'bluegreen-env-'));
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    it('keeps the mode of the file and follows a symbolic link', () => {
      const real = join(directory, 'real');
      const link = join(directory, '.env');
      writeFileSync(real, 'A=1\n');
      chmodSync(real, 0o640);
      symlinkSync(real, link);
      changeEnvFile(link, { GREEN_IMAGE: 'a' });
      expect(readFileSync(real, 'utf8')).toBe('A=1\nGREEN_IMAGE=a\n');
      expect(statSync(real).mode & 0o777).toBe(0o640);
      expect(readFileSync(link, 'utf8')).toBe(readFileSync(real, 'utf8'));
    });

    it('creates a missing file, accessible to its owner only', () => {
      const path = join(directory, '.env');
      changeEnvFile(path, { GREEN_IMAGE: 'a' });
      expect(readFileSync(path, 'utf8')).toBe('GREEN_IMAGE=a\n');
      expect(statSync(path).mode & 0o777).toBe(0o600);
    });

    it('names the file that it cannot write', () => {
      expect(() => changeEnvFile(join(directory, 'missing', '.env'), { A: '1' })).toThrow(/cannot write .*missing/);
    });
  });
});
