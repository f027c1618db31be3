import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../settings/generated-files.ts';
import { generator } from '../../settings/render/marked.ts';
import { contents, root } from './advice.ts';

describe('the generated files', () => {
  it.each(Object.entries(generatedFiles(root)))('%s is in step with settings/variables.ts', (path, text) => {
    const inStep = existsSync(join(root, path)) && contents(path) === text;
    expect(inStep, `${path} differs from settings/variables.ts: run "${generator}" and commit what it writes`).toBe(
      true,
    );
  });
});
