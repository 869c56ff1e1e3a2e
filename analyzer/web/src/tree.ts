// tree.ts -- stacks as a tree of frames, outermost first, each with the sum of what is above it.

import type { Frame, Report, Thread } from "./data";

export type Metric = "live" | "growth" | "count" | "allocated";

/** One place, whatever it is of. */
export interface Place {
  stack: Frame[];
  kind: string; // malloc, new, mmap, or a pair's name
  group: string; // its class: growing, plateau, leak, expected, …
  threads: Thread[];
  values: Record<Metric, number>;
}

export interface Node {
  frame: Frame | null; // null: the root
  name: string;
  value: number;
  own: number; // of value, what ends here
  depth: number;
  parent: Node | null;
  children: Map<string, Node>;
}

export function placesOf(report: Report): Place[] {
  const places: Place[] = [];
  for (const site of report.sites)
    places.push({
      stack: site.stack,
      kind: site.kind,
      group: site.jvm ? "JVM" : site.class,
      threads: site.threads,
      values: {
        live: site.live_bytes.value,
        growth: site.class === "growing" ? Math.max(0, site.rate_bytes_per_hour?.value ?? 0) : 0,
        count: site.live_count.value,
        allocated: site.total_bytes?.value ?? 0,
      },
    });
  for (const pair of report.pairs)
    for (const site of pair.sites)
      places.push({
        stack: site.stack,
        kind: pair.pair,
        group: site.class,
        threads: site.threads,
        values: {
          live: site.live_bytes,
          growth: Math.max(0, site.rate_bytes_per_hour?.value ?? 0),
          count: site.live,
          allocated: 0,
        },
      });
  return places;
}

function node(frame: Frame | null, name: string, parent: Node | null): Node {
  return { frame, name, value: 0, own: 0, depth: parent ? parent.depth + 1 : 0, parent, children: new Map() };
}

/** Frames of one function at two lines are one frame of the graph. */
export function buildTree(places: Place[], metric: Metric): Node {
  const root = node(null, "all", null);
  for (const place of places) {
    const value = place.values[metric];
    if (!(value > 0)) continue;
    let at = root;
    at.value += value;
    for (let i = place.stack.length - 1; i >= 0; i--) {
      const frame = place.stack[i];
      if (!frame) continue;
      const key = `${frame.kind} ${frame.function}`;
      let child = at.children.get(key);
      if (!child) at.children.set(key, (child = node(frame, frame.function, at)));
      child.value += value;
      at = child;
    }
    at.own += value;
  }
  return root;
}
