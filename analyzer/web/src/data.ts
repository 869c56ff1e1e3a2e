// data.ts -- the report (schema leakring.report/1) as the page's script uses it.

export interface Frame {
  kind: "java" | "native";
  function: string;
  file: string | null;
  line: number | null;
  module: string | null;
  inlined: boolean;
}

export interface Estimate {
  value: number;
  low: number;
  high: number;
}

export interface Thread {
  name: string | null;
  alike: number;
  live: number;
}

export interface MemorySite {
  kind: string;
  live_bytes: Estimate;
  live_count: Estimate;
  total_bytes: Estimate | null;
  total_count: Estimate | null;
  class: string;
  rate_bytes_per_hour: Estimate | null;
  jvm: boolean;
  threads: Thread[];
  stack: Frame[];
}

export interface PairSite {
  acquired: number;
  live: number;
  live_bytes: number;
  class: string;
  rate_bytes_per_hour: Estimate | null;
  threads: Thread[];
  stack: Frame[];
}

export interface Pair {
  pair: string;
  sites: PairSite[];
}

export interface Mark {
  t_s: number;
  name: string;
}

export interface Report {
  schema: string;
  pairs: Pair[];
  sites: MemorySite[];
  sites_total: number;
  series: Record<string, (number | null)[]>;
  completeness: { sampling: { changes: { t_s: number; from: number; to: number; why: string }[] } | null };
  marks: Mark[];
}

/** What the page holds: gzip in base64. */
export async function readReport(element: Element): Promise<Report> {
  const packed = Uint8Array.from(atob(element.textContent ?? ""), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as Report;
}
