import { describe, expect, it } from 'vitest';
import { kernelFaultOf } from './kernel.ts';

describe('the kernel', () => {
  it.each(['4.18.0-553.el8_10.x86_64', '5.4.0-150-generic', '5.10.0-28-amd64', '5.13.19'])(
    'of version %s needs another EDGE_SYSCTL',
    (version) => {
      expect(kernelFaultOf(version)).toContain(`Linux ${version} has no net.ipv4.tcp_migrate_req`);
      expect(kernelFaultOf(version)).toContain('EDGE_SYSCTL=');
    },
  );

  it.each(['5.14.0-427.el9.x86_64', '5.15.0-91-generic', '6.1.0-21-amd64', '6.18.44', '', 'linuxkit'])(
    'of version "%s" does not',
    (version) => {
      expect(kernelFaultOf(version)).toBeUndefined();
    },
  );
});
