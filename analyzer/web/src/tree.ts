// tree.ts -- stacks as a tree of frames, outermost first, each with the sum of what is above it.

import type { Baseline, ByPhase, Frame, PageData, Thread } from "./data";

export type Metric = "live" | "growth" | "count" | "allocated";

/** One place, whatever it is of. */
export interface Place {
  stack: Frame[];
  kind: string; // malloc, new, mmap, or a pair's name
  group: string; // how it is judged: leak, expected, JVM, …
  growth: string; // how it goes on: growing, plateau, …
  threads: Thread[];
  values: Record<Metric, number>;
  phases: ByPhase | null;
}

export interface Node {
  frame: Frame | null; // null: the root
  name: string;
  value: number;
  own: number; // of value, what ends here
  old: number; // differences: in the baseline,
  now: number; // and in this run
  depth: number;
  parent: Node | null;
  children: Map<string, Node>;
}

export function placesOf({ report, allocated }: PageData): Place[] {
  const places: Place[] = [];
  for (const site of report.sites)
    places.push({
      stack: site.stack,
      kind: site.kind,
      group: site.leaks ? "leak" : site.jvm ? "JVM" : site.expected_reason ? "expected" : "no finding",
      growth: site.class,
      threads: site.threads,
      values: {
        live: site.live_bytes.value,
        growth: site.class === "growing" ? Math.max(0, site.rate_bytes_per_hour?.value ?? 0) : 0,
        count: site.live_count.value,
        allocated: site.total_bytes?.value ?? 0,
      },
      phases: site.by_phase ?? null,
    });
  report.pairs.forEach((pair, p) =>
    pair.sites.forEach((site, s) =>
      places.push({
        stack: site.stack,
        kind: pair.pair,
        group: site.class,
        growth: site.trend,
        threads: site.threads,
        values: {
          live: site.live_bytes,
          growth: Math.max(0, site.rate_bytes_per_hour?.value ?? 0),
          count: site.live,
          allocated: allocated[p]?.[s] ?? 0,
        },
        phases: site.by_phase ?? null,
      }),
    ),
  );
  return places;
}

/** The old run's, with what a difference needs of them. */
export function oldPlacesOf(baseline: Baseline): Place[] {
  const place = (stack: Frame[], kind: string, live: number, count: number): Place => ({
    stack,
    kind,
    group: "",
    growth: "",
    threads: [],
    values: { live, growth: 0, count, allocated: 0 },
    phases: null,
  });
  return [
    ...baseline.sites.map((site) => place(site.stack, site.kind, site.live_bytes.value, site.live_count.value)),
    ...baseline.pairs.flatMap((pair) => pair.sites.map((site) => place(site.stack, pair.pair, site.live_bytes, site.live))),
  ];
}

function node(frame: Frame | null, name: string, parent: Node | null): Node {
  return { frame, name, value: 0, own: 0, old: 0, now: 0, depth: parent ? parent.depth + 1 : 0, parent, children: new Map() };
}

/** The place's leaf, made if need be; `passed` is told of each node on the way.  Frames of one
 * function at two lines are one frame of the graph. */
function descend(root: Node, stack: Frame[], names: Record<string, string>, passed: (node: Node) => void): Node {
  let at = root;
  passed(at);
  for (let i = stack.length - 1; i >= 0; i--) {
    const frame = stack[i];
    if (!frame) continue;
    const name = Object.hasOwn(names, frame.function) ? (names[frame.function] ?? "") : frame.function;
    if (!name) continue;
    const key = `${frame.kind} ${name}`;
    let child = at.children.get(key);
    if (!child) at.children.set(key, (child = node(frame, name, at)));
    passed(child);
    at = child;
  }
  return at;
}

export function buildTree(places: Place[], value: (place: Place) => number): Node {
  const root = node(null, "all", null);
  for (const place of places) {
    const size = value(place);
    if (!(size > 0)) continue;
    descend(root, place.stack, {}, (at) => (at.value += size)).own += size;
  }
  return root;
}

/** Of each stack the larger of both runs, so that what is gone is seen as well as what is new. */
export function buildDifference(old: Place[], now: Place[], names: Record<string, string>, metric: Metric): Node {
  const root = node(null, "all", null);
  const ends = new Map<Node, { old: number; now: number }>();
  for (const side of ["old", "now"] as const)
    for (const place of side === "old" ? old : now) {
      const size = place.values[metric];
      if (!(size > 0)) continue;
      const leaf = descend(root, place.stack, names, (at) => (at[side] += size));
      const end = ends.get(leaf) ?? { old: 0, now: 0 };
      end[side] += size;
      ends.set(leaf, end);
    }
  for (const [leaf, end] of ends) {
    leaf.own = Math.max(end.old, end.now);
    for (let at: Node | null = leaf; at; at = at.parent) at.value += leaf.own;
  }
  return root;
}
