// flame.ts -- the flame graph: width is memory, the outermost frames are below the root at the top.

import type { PageData } from "./data";
import { button, choice, element, labelled } from "./dom";
import { buildDifference, buildTree, oldPlacesOf, placesOf, type Metric, type Node, type Place } from "./tree";
import { bytes, count } from "./units";

const ROW = 19;
const ADDRESSES = "mmap"; // not memory yet, so it isn't added to it
const NARROWEST = 0.7; // pixels; what is narrower isn't drawn
const SLIGHT = 0.005; // a change by a smaller share of a frame isn't coloured
const METRICS: [Metric, string][] = [
  ["live", "live bytes"],
  ["count", "live blocks and streams"],
  ["growth", "growth, bytes an hour"],
  ["allocated", "allocated since the start"],
];
const DIFFERENCES: [string, string][] = [
  ["diff-live", "change of live bytes"],
  ["diff-count", "change of live blocks and streams"],
];

type Filter = { control: HTMLSelectElement; label: string; passes: (place: Place, wanted: string) => boolean };

class Flame {
  private readonly places: Place[];
  private readonly old: Place[];
  private tree: Node;
  private zoomed: Node;
  private readonly elements = new Map<Node, HTMLElement>();
  private readonly nodes = new WeakMap<EventTarget, Node>();
  private readonly box = element("div", { class: "flame", role: "tree", "aria-label": "Flame graph of stacks" });
  private readonly detail = element("div", { class: "detail", "aria-live": "polite" });
  private readonly key = element("ul", { class: "legend" });
  private readonly metric: HTMLSelectElement;
  private readonly kind: Filter;
  private readonly filters: Filter[]; // these don't know the baseline
  private readonly phase: HTMLSelectElement;
  private readonly search = element("input", { type: "search", placeholder: "function (regular expression)", size: "28" });
  private readonly found = element("span", { class: "dim", role: "status" });

  constructor(
    private readonly section: Element,
    private readonly page: PageData,
  ) {
    const { report, baseline } = page;
    this.places = placesOf(page);
    this.old = baseline ? oldPlacesOf(baseline) : [];
    this.metric = choice(baseline ? [...DIFFERENCES, ...METRICS] : METRICS);
    const words = (word: (place: Place) => string[]): [string, string][] => [["", "all"], ...[...new Set(this.places.flatMap(word))].sort().map((w): [string, string] => [w, w])];
    const kinds = words((p) => (p.kind === ADDRESSES ? [] : [p.kind]));
    if (this.places.some((p) => p.kind === ADDRESSES)) kinds.push([ADDRESSES, "mmap (address space)"]);
    this.kind = { control: choice(kinds), label: "kind", passes: (p, wanted) => p.kind === wanted };
    const phases = (report.phases ?? []).map(({ from, to }, i): [string, string] => [String(i), `${from ?? "the start"} to ${to ?? "the end"}`]);
    this.phase = choice([["", "all"], ...phases]);
    this.filters = [
      { control: choice(words((p) => [p.group])), label: "class", passes: (p, wanted) => p.group === wanted },
      { control: choice(words((p) => [p.growth])), label: "growth", passes: (p, wanted) => p.growth === wanted },
      { control: choice(words((p) => p.threads.flatMap((t) => t.name ?? []))), label: "thread", passes: (p, wanted) => p.threads.some((t) => t.name === wanted) },
      { control: this.phase, label: "acquired from", passes: (p, wanted) => (p.phases?.count[Number(wanted)] ?? 0) > 0 },
    ];
    this.tree = this.zoomed = this.wanted();
  }

  /** What is compared with the baseline; null: nothing is. */
  private get difference(): Metric | null {
    return this.metric.value.startsWith("diff-") ? (this.metric.value.slice(5) as Metric) : null;
  }

  private get unit(): (value: number) => string {
    return this.metric.value.endsWith("count") ? count : bytes;
  }

  /** Of a phase, what was acquired in it; what grows or was ever allocated isn't known by phase. */
  private valueOf(place: Place, metric: Metric): number {
    const phase = this.phase.value === "" ? undefined : Number(this.phase.value);
    if (phase === undefined || !place.phases) return place.values[metric];
    if (metric === "live") return place.phases.bytes[phase] ?? 0;
    return metric === "count" ? (place.phases.count[phase] ?? 0) : place.values[metric];
  }

  private wanted(): Node {
    const ofKind = (place: Place) => (this.kind.control.value ? this.kind.passes(place, this.kind.control.value) : place.kind !== ADDRESSES);
    const difference = this.difference;
    for (const { control } of this.filters) control.disabled = difference !== null;
    if (difference) return buildDifference(this.old.filter(ofKind), this.places.filter(ofKind), this.page.baseline?.names ?? {}, difference);
    const passes = (place: Place) => this.filters.every(({ control, passes }) => !control.value || passes(place, control.value));
    return buildTree(this.places.filter((place) => ofKind(place) && passes(place)), (place) => this.valueOf(place, this.metric.value as Metric));
  }

  private rebuild(): void {
    this.tree = this.zoomed = this.wanted();
    this.explain();
    this.draw();
  }

  /** "+1.2 MB (from 3 MB to 4.2 MB)" */
  private changeOf(node: Node): string {
    const change = node.now - node.old;
    return `${change < 0 ? "−" : "+"}${this.unit(Math.abs(change))} (from ${this.unit(node.old)} to ${this.unit(node.now)})`;
  }

  private describe(node: Node): void {
    const where = node.frame?.file ? ` (${node.frame.file}${node.frame.line ? `:${node.frame.line}` : ""})` : "";
    const share = this.tree.value > 0 ? (100 * node.value) / this.tree.value : 0;
    this.detail.textContent = this.difference
      ? `${node.name}${where}: ${this.changeOf(node)}`
      : `${node.name}${where}: ${this.unit(node.value)}, ${share.toFixed(1)} % of all${node.own ? `; ${this.unit(node.own)} ends here` : ""}`;
  }

  /** Colour of a change, and a sign for who doesn't see it. */
  private paint(made: HTMLElement, node: Node, wide: boolean): void {
    const share = node.value > 0 ? (node.now - node.old) / node.value : 0;
    const kind = share > SLIGHT ? "grown" : share < -SLIGHT ? "shrunk" : "same";
    made.classList.add("change", kind);
    made.style.setProperty("--share", `${Math.round(25 + 75 * Math.abs(share))}%`);
    if (wide && kind !== "same") made.prepend(kind === "grown" ? "▲ " : "▼ ");
    made.setAttribute("aria-label", `${node.name}, ${this.changeOf(node)}`);
    made.title = `${node.name}\n${this.changeOf(node)}`;
  }

  private put(node: Node, left: number, width: number, scale: number): void {
    const kind = node.frame ? node.frame.kind : "root";
    const made = element("div", { class: `frame ${kind}`, role: "treeitem", tabindex: "-1", "aria-level": String(node.depth + 1) }, width > 24 ? node.name : "");
    made.setAttribute("aria-label", `${node.name}, ${this.unit(node.value)}`);
    made.title = `${node.name}\n${this.unit(node.value)}`;
    made.style.cssText = `left:${left}px;top:${node.depth * ROW}px;width:${width}px`;
    if (this.difference) this.paint(made, node, width > 24);
    this.elements.set(node, made);
    this.nodes.set(made, node);
    this.box.append(made);
    let at = left;
    for (const child of [...node.children.values()].sort((a, b) => b.value - a.value)) {
      const wide = child.value * scale;
      if (wide >= NARROWEST) this.put(child, at, wide, scale);
      at += wide;
    }
  }

  /** The zoomed frame fills the width; those that it came through lie above it, faded. */
  private draw(): void {
    const width = Math.max(200, this.box.clientWidth - 2);
    this.elements.clear();
    this.box.replaceChildren();
    for (let at = this.zoomed.parent; at; at = at.parent) {
      this.put({ ...at, children: new Map() }, 0, width, 0);
      const drawn = this.box.lastElementChild as HTMLElement;
      drawn.classList.add("out");
      this.elements.set(at, drawn);
      this.nodes.set(drawn, at);
    }
    this.put(this.zoomed, 0, width, this.zoomed.value > 0 ? width / this.zoomed.value : 0);
    const deepest = [...this.elements.keys()].reduce((most, node) => Math.max(most, node.depth), 0);
    this.box.style.height = `${Math.min((deepest + 1) * ROW + 4, 576)}px`;
    this.elements.get(this.zoomed)?.setAttribute("tabindex", "0");
    this.mark();
    this.describe(this.zoomed);
  }

  /** Marks what the search finds, and sums it up: a frame below one that was found counts once. */
  private mark(): void {
    let wanted: RegExp | null = null;
    try {
      wanted = this.search.value ? new RegExp(this.search.value, "i") : null;
      this.search.setCustomValidity("");
    } catch {
      this.search.setCustomValidity("not a regular expression");
    }
    for (const [node, drawn] of this.elements) drawn.classList.toggle("hit", !!wanted?.test(node.name));
    const sum = (node: Node): number => (wanted?.test(node.name) ? node.value : [...node.children.values()].reduce((s, c) => s + sum(c), 0));
    const total = wanted ? sum(this.tree) : 0;
    this.found.textContent = wanted ? `found: ${this.unit(total)}, ${((100 * total) / (this.tree.value || 1)).toFixed(1)} %` : "";
  }

  private zoomTo(node: Node): void {
    this.zoomed = node;
    this.draw();
    this.elements.get(node)?.focus();
  }

  private nodeOf(target: EventTarget | null): Node | undefined {
    return target ? this.nodes.get(target) : undefined;
  }

  private move(node: Node, key: string): Node | undefined {
    const drawn = (list: Iterable<Node>) => [...list].filter((n) => this.elements.has(n)).sort((a, b) => b.value - a.value);
    if (key === "ArrowUp") return node.parent ?? undefined;
    if (key === "ArrowDown") return drawn(node.children.values())[0];
    const row = node.parent ? drawn(node.parent.children.values()) : [node];
    return row[row.indexOf(node) + (key === "ArrowRight" ? 1 : -1)];
  }

  private keydown(event: KeyboardEvent): void {
    const node = this.nodeOf(event.target);
    if (!node) return;
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = this.move(node, event.key);
      if (next) this.elements.get(next)?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.zoomTo(node);
    } else if (event.key === "Escape") {
      this.zoomTo(this.tree);
    }
  }

  private explain(): void {
    const swatch = (kind: string, text: string) => element("li", {}, element("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), text);
    this.key.replaceChildren(
      ...(this.difference
        ? [swatch("grown", "▲ more than in the baseline"), swatch("shrunk", "▼ less"), swatch("same", "as much"), element("li", {}, "as wide as the larger of both runs")]
        : []),
      swatch("java", "Java: double lower edge"),
      swatch("native", "native: single"),
      element("li", {}, "arrows move, Enter zooms, Escape shows all"),
    );
  }

  show(): void {
    const filters = [this.kind, ...this.filters].filter(({ control }) => control.options.length > 2 || control === this.kind.control);
    for (const control of [this.metric, this.kind.control, ...this.filters.map((f) => f.control)]) control.addEventListener("change", () => this.rebuild());
    this.search.addEventListener("input", () => this.mark());
    this.box.addEventListener("click", (event) => {
      const node = this.nodeOf(event.target);
      if (node) this.zoomTo(node);
    });
    this.box.addEventListener("keydown", (event) => this.keydown(event));
    for (const kind of ["mouseover", "focusin"])
      this.box.addEventListener(kind, (event) => {
        const node = this.nodeOf(event.target);
        if (node) this.describe(node);
      });
    const { report } = this.page;
    const left = report.sites_total - report.sites.length;
    this.section.append(
      element("div", { class: "tools" }, labelled("show", this.metric), ...filters.map(({ label, control }) => labelled(label, control)), labelled("search", this.search), this.found, button("whole graph", () => this.zoomTo(this.tree))),
      this.box,
      this.detail,
      this.key,
      ...(left > 0 ? [element("p", { class: "dim" }, `${count(left)} smaller places were left out of the graph to keep this page small.`)] : []),
    );
    this.explain();
    this.draw();
    let width = this.box.clientWidth;
    new ResizeObserver(() => {
      if (this.box.clientWidth === width) return;
      width = this.box.clientWidth;
      this.draw();
    }).observe(this.box);
  }

  /** Whether there is anything to be drawn. */
  get empty(): boolean {
    return ![...this.places, ...this.old].some((place) => Object.values(place.values).some((value) => value > 0));
  }
}

export function showFlame(section: Element, page: PageData): void {
  const flame = new Flame(section, page);
  const note = section.querySelector(".noscript");
  if (!flame.empty) {
    note?.remove();
    flame.show();
  } else if (note) note.textContent = "Nothing is live.";
}
