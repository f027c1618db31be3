import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';

/** What arrived of an upload, byte for byte: its length and digest, in constant memory however large it is. */
export const echo: RequestHandler = async (request, response) => {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  response.json({ bytes, sha256: hash.digest('hex') });
};
