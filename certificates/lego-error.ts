import type { Failure, FailureKind } from './backoff.ts';

// What lego prints when it fails, as a sentence for the person who must act on it. lego does not tell the cases apart by exit code.

export interface Question {
  readonly domain: string;
  /** The URL of the ACME directory. */
  readonly directoryUrl: string;
  /** The DNS provider; undefined: HTTP-01. */
  readonly dns: string | undefined;
  /** Values that are never repeated, such as credentials of the DNS provider. */
  readonly secrets: readonly string[];
}

/** @param output everything that lego printed */
export function failureOf(output: string, question: Question): Failure {
  const text = fatalPart(output);
  const failure = fromCa(text, question) ?? fromHere(text, question);
  return { ...failure, message: redacted(failure.message, question) };
}

/** Without what lego reports on the way, which includes errors that it got over, and without its time stamps. */
function fatalPart(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '').trim())
    .filter((line) => line !== '' && !/^\[(INFO|WARN)\]/.test(line));
  const panic = lines.find((line) => line.startsWith('panic:'));
  if (panic !== undefined) return panic;
  const begin = lines.findLastIndex((line) => /^(Could not|Error|error|acme:)/.test(line));
  return (begin < 0 ? lines.slice(-1) : lines.slice(begin)).join(' ');
}

/** RFC 8555, section 6.7. What the CA says follows each of these. */
function sentences({ domain, dns }: Question): Readonly<Record<string, string>> {
  const wrongAnswer =
    dns === undefined
      ? `the CA asked ${domain} on port 80 and did not get our answer`
      : `the CA did not find our record in the DNS of ${domain}`;
  return {
    accountDoesNotExist: 'the CA does not know our account; a new one will be made',
    badCSR: 'the CA does not accept the request for a certificate',
    caa: `a CAA record in the DNS of ${domain} does not allow this CA`,
    connection: `the CA cannot connect to ${domain} on port 80; check its address in the DNS and your firewall`,
    dns: `the CA cannot look up ${domain}; check its DNS`,
    externalAccountRequired: 'the CA wants an account that is bound to one of yours, which is not supported',
    incorrectResponse: wrongAnswer,
    invalidContact: 'the CA does not accept ACME_EMAIL',
    rateLimited: 'the CA has had too many requests',
    rejectedIdentifier: `the CA does not issue certificates for ${domain}`,
    tls: `the CA cannot make a TLS connection to ${domain}`,
    unauthorized: wrongAnswer,
    unsupportedContact: 'the CA does not accept ACME_EMAIL',
    userActionRequired: 'the CA has new terms of service to agree to',
  };
}

const kinds: Readonly<Record<string, FailureKind>> = {
  accountDoesNotExist: 'local',
  serverInternal: 'unreachable',
  badNonce: 'unreachable',
};

function fromCa(text: string, question: Question): Failure | undefined {
  const error = /acme: error: (\d{3}) :: .*?urn:ietf:params:acme:error:(\w+) :: (.*)/s.exec(text);
  if (error === null) return undefined;
  const [, status = '', type = '', rest = ''] = error;
  // lego appends the address at which the CA keeps the error.
  const detail = rest.replace(/, url: \S*\s*$/, '').trim();
  const isBroken = Number(status) >= 500;
  const sentence = sentences(question)[type] ?? (isBroken ? 'the CA has a problem' : 'the CA refused');
  return {
    kind: kinds[type] ?? (isBroken ? 'unreachable' : 'refused'),
    message: `${sentence}: ${detail}`,
    retryAtMs: type === 'rateLimited' ? retryAtMs(detail) : undefined,
  };
}

/** Let's Encrypt says it in the text, which is all that lego passes on. */
export function retryAtMs(detail: string): number | undefined {
  const [, day, time] = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/i.exec(detail) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
}

function fromHere(text: string, { domain, directoryUrl, dns }: Question): Failure {
  const ca = URL.parse(directoryUrl)?.host ?? directoryUrl;
  if (/x509:|failed to verify certificate/.test(text))
    return {
      kind: 'unreachable',
      message: `the certificate of ${ca} is not trusted; set ACME_CA_FILE: ${cause(text)}`,
    };
  if (/HTTPS is required/.test(text))
    return { kind: 'local', message: 'ACME_DIRECTORY: this version of lego wants an https:// URL' };
  if (/pass an account/.test(text))
    return { kind: 'local', message: 'ACME_EMAIL: this version of lego wants an e-mail address' };
  if (/unrecognized DNS provider/i.test(text))
    return { kind: 'local', message: `ACME_DNS: this lego does not know ${dns}; "lego dnshelp" lists what it knows` };
  if (/credentials information are missing|some credentials/.test(text))
    return { kind: 'local', message: `acme.env lacks credentials for ${dns}: ${cause(text)}` };
  if (/get directory|dial tcp|no such host|i\/o timeout|\b5\d\d ?::|EOF|connection reset/.test(text))
    return { kind: 'unreachable', message: `the CA at ${ca} cannot be reached: ${cause(text)}` };
  if (dns !== undefined && /time limit exceeded|propagation/.test(text))
    return { kind: 'unreachable', message: `our record does not appear in the DNS of ${domain}: ${cause(text)}` };
  return { kind: 'refused', message: `lego failed: ${text === '' ? 'it said nothing' : text}` };
}

/** lego wraps errors in errors: the last one is the reason. */
function cause(text: string): string {
  return text.replace(/^.*(?:"|attempt\(s\)): /s, '').replace(/^.*?\bgiving up after \d+ attempt\(s\): /s, '');
}

/** The names of challenges and what answers them look like this. Domains can too. */
const token = /[A-Za-z0-9_-]{30,}(\.[A-Za-z0-9_-]{30,})?/g;

function redacted(message: string, { domain, secrets }: Question): string {
  const clean = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message);
  return clean.replaceAll(token, (match) => (domain.includes(match) ? match : '…')).replaceAll(/\s+/g, ' ');
}
