import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** A file whose existence is the state; nginx tests for it on every request. */
export interface Flag {
  isSet(): boolean;
  /**
   * Creates or removes the file. The content is for operators and for the alerts.
   * @throws the error of the file system; nginx then still sees the previous state
   */
  set(wanted: boolean, content: string): void;
}

export function flag(path: string): Flag {
  return {
    isSet: () => existsSync(path),
    set(wanted, content) {
      if (!wanted) rmSync(path, { force: true });
      else writeFileSync(path, content);
    },
  };
}
