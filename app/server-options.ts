import type { ServerOptions } from 'node:http';

export const serverOptions: ServerOptions = {
  // Longer than the edge keeps an idle connection (4 s): the side that sends must be the one that closes, or a request
  // meets a connection that is being closed.
  keepAliveTimeout: 75_000,
  headersTimeout: 80_000,
  // The edge accepts 32 KiB of headers; Node's own 16 KiB would answer the larger of those 431.
  maxHeaderSize: 64 * 1024,
};
