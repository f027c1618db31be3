import { Agent, request } from 'undici';
import { eventually } from '../../test/condition.ts';
import type { Program } from './program.ts';

/** The certificates of the bench are self-signed. */
const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });

/**
 * Resolves once the URL answers with 200.
 * @throws if one of the programs has exited, or after 40 seconds
 */
export async function answers(name: string, url: string, programs: readonly Program[]): Promise<void> {
  await eventually(
    `${name} to answer`,
    async () => {
      const { statusCode, body } = await request(url, { dispatcher, headersTimeout: 1_000 }).catch((error: Error) => {
        for (const program of programs) program.assertRunning();
        throw error;
      });
      await body.dump();
      return statusCode === 200 ? true : undefined;
    },
    40_000,
  );
}
