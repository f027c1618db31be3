import { createPrivateKey } from 'node:crypto';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

/** lego's accounts at one CA: a directory for each e-mail address, with the key and what the CA says of it. */
export class LegoAccounts {
  readonly #path: string;

  /** @param path lego's own directory */
  constructor(path: string) {
    this.#path = path;
  }

  /** Whether there is one. @param email undefined: of any */
  has(email: string | undefined): boolean {
    return this.#directories().some(
      (directory) => (email === undefined || basename(directory) === email) && isJson(join(directory, 'account.json')),
    );
  }

  /**
   * lego never gets over a file that it did not write to the end. Without the first it asks the CA for the account of the key, without
   * the second it makes a new account.
   */
  forgetBroken(): void {
    for (const directory of this.#directories()) {
      const account = join(directory, 'account.json');
      const keys = globSync('keys/*.key', { cwd: directory }).map((name) => join(directory, name));
      if (!keys.every(isKey)) rmSync(directory, { recursive: true, force: true });
      else if (!isJson(account)) rmSync(account, { force: true });
    }
  }

  /** For a CA that does not know them any more. */
  forgetAll(): void {
    for (const directory of this.#directories()) rmSync(directory, { recursive: true, force: true });
  }

  #directories(): string[] {
    return globSync('accounts/*/*', { cwd: this.#path }).map((name) => join(this.#path, name));
  }
}

const isJson = (path: string) => isReadable(path, JSON.parse);
const isKey = (path: string) => isReadable(path, createPrivateKey);

function isReadable(path: string, parse: (text: string) => unknown): boolean {
  try {
    parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}
