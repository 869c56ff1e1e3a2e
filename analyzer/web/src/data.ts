// data.ts -- what the page's script is given: emit_web.h says where it comes from.

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

export interface History {
  time_s: number[];
  bytes: (number | null)[];
  count: (number | null)[];
}

/** What of it was acquired in each phase of the report. */
export interface ByPhase {
  bytes: number[];
  count: number[];
}

export interface MemorySite {
  id: string;
  kind: string;
  culprit: { function: string; file: string | null; line: number | null } | null;
  live_bytes: Estimate;
  live_count: Estimate;
  total_bytes: Estimate | null;
  total_count: Estimate | null;
  class: string;
  rate_bytes_per_hour: Estimate | null;
  jvm: boolean;
  leaks: boolean;
  expected_reason: string | null;
  threads: Thread[];
  history: History | null;
  by_phase?: ByPhase;
  stack: Frame[];
}

export interface PairSite {
  acquired: number;
  live: number;
  live_bytes: number;
  class: string;
  trend: string;
  rate_bytes_per_hour: Estimate | null;
  threads: Thread[];
  by_phase?: ByPhase;
  stack: Frame[];
}

export interface Pair<Site> {
  pair: string;
  sites: Site[];
}

export interface Report {
  schema: string;
  pairs: Pair<PairSite>[];
  sites: MemorySite[];
  sites_total: number;
  series: Record<string, (number | null)[]>;
  completeness: { sampling: { changes: { t_s: number; from: number; to: number; why: string }[] } | null };
  marks: { t_s: number; name: string }[];
  phases?: { from: string | null; to: string | null }[];
}

/** Of the old run: no more than what a differential flame graph needs. */
export interface Baseline {
  sites: { kind: string; live_bytes: Estimate; live_count: Estimate; stack: Frame[] }[];
  pairs: Pair<{ live: number; live_bytes: number; stack: Frame[] }>[];
  names: Record<string, string>;
}

/** How a line of the chart looks; its colour is the custom property --class of the style. */
export interface Line {
  label: string;
  class: string;
  dash: number[];
}

export interface PageData {
  curves: (Line & { column: string })[];
  uprights: Record<"gc" | "change" | "mark", Line>;
  report: Report;
  allocated: number[][]; // by pair and site: bytes since the start
  baseline: Baseline | null;
}

/** What the page holds: gzip in base64. */
export async function readData(element: Element): Promise<PageData> {
  const packed = Uint8Array.from(atob(element.textContent ?? ""), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const data = JSON.parse(await new Response(stream).text()) as PageData & { frames: Frame[] };
  const unfold = (site: { stack: Frame[] }) => (site.stack = (site.stack as unknown as number[]).flatMap((index) => data.frames[index] ?? []));
  for (const run of [data.report, data.baseline]) {
    run?.sites.forEach(unfold);
    run?.pairs.forEach((pair) => pair.sites.forEach(unfold));
  }
  return data;
}
