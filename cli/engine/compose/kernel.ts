import { execa } from 'execa';
import { variables } from '../../../settings/variables.ts';
import type { StackSettings } from '../../stack/stack.ts';

/** The first version with net.ipv4.tcp_migrate_req. */
const neededKernel = [5, 14] as const;

/** Why Docker cannot create edge_gate on this kernel, and what to do; undefined if it can. */
export async function kernelFault({ EDGE_SYSCTL }: Pick<StackSettings, 'EDGE_SYSCTL'>): Promise<string | undefined> {
  if (EDGE_SYSCTL !== variables.EDGE_SYSCTL.default) return undefined;
  const { stdout } = await execa('docker', ['info', '--format', '{{.KernelVersion}}'], { reject: false });
  return kernelFaultOf(stdout);
}

/** @param version such as 5.10.0-28-amd64; anything else counts as new enough */
export function kernelFaultOf(version: string): string | undefined {
  const [, major = '', minor = ''] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  const [neededMajor, neededMinor] = neededKernel;
  const isOld =
    major !== '' && (Number(major) < neededMajor || (Number(major) === neededMajor && Number(minor) < neededMinor));
  if (!isOld) return undefined;
  return `Linux ${version.trim()} has no net.ipv4.tcp_migrate_req, which edge_gate sets; set EDGE_SYSCTL=net.ipv4.tcp_fin_timeout=60 in .env`;
}
