/** Where a load goes. */
export interface Site {
  /** Over https://, requests use HTTP/2, and the certificate is not verified. */
  readonly url: string;
  /** The address to connect to for https://, whatever the name in the URL leads to; undefined: the name decides. */
  readonly address?: string | undefined;
}

export function isHttp2({ url }: Site): boolean {
  return url.startsWith('https:');
}
