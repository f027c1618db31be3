import { vi } from 'vitest';

/** Keeps what is printed from now on, in place of showing it, until vi.restoreAllMocks(). */
export function captureOutput(): { readonly text: string } {
  const captured = { text: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    captured.text += text;
    return true;
  });
  return captured;
}
