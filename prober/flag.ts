import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** A file whose existence is the state: nginx looks for it at every request. */
export interface Flag {
  isSet(): boolean;
  /**
   * Makes the file say what is wanted. The content is for people and for the alerts.
   * @throws the file system's error; nginx goes on with what the directory shows
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
