import { vi } from 'vitest';

/** Captures what is printed to stdout from now on, until vi.restoreAllMocks(). */
export function captureOutput(): { readonly text: string } {
  const captured = { text: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    captured.text += text;
    return true;
  });
  return captured;
}
