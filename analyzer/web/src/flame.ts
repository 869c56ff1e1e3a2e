// flame.ts -- the flame graph: width is memory, the outermost frames are below the root at the top.

import type { Report } from "./data";
import { choice, element, labelled } from "./dom";
import { buildTree, placesOf, type Metric, type Node, type Place } from "./tree";
import { bytes, count } from "./units";

const ROW = 19;
const ADDRESSES = "mmap"; // not memory yet, so it isn't added to it
const NARROWEST = 0.7; // pixels; what is narrower isn't drawn
const METRICS: [Metric, string][] = [
  ["live", "live bytes"],
  ["count", "live blocks and streams"],
  ["growth", "growth, bytes an hour"],
  ["allocated", "allocated since the start"],
];

class Flame {
  private tree: Node;
  private zoomed: Node;
  private readonly elements = new Map<Node, HTMLElement>();
  private readonly box = element("div", { class: "flame", role: "tree", "aria-label": "Flame graph of stacks" });
  private readonly detail = element("div", { class: "detail", "aria-live": "polite" });
  private readonly metric = choice(METRICS);
  private readonly kind: HTMLSelectElement;
  private readonly group: HTMLSelectElement;
  private readonly thread: HTMLSelectElement;
  private readonly search = element("input", { type: "search", placeholder: "function, regular expression", size: "24" });
  private readonly found = element("span", { class: "dim", role: "status" });

  constructor(
    private readonly section: Element,
    private readonly places: Place[],
    private readonly left: number,
  ) {
    const all = (words: string[]): [string, string][] => [["", "all"], ...[...new Set(words)].sort().map((w): [string, string] => [w, w])];
    const kinds = all(places.map((p) => p.kind).filter((kind) => kind !== ADDRESSES));
    if (places.some((p) => p.kind === ADDRESSES)) kinds.push([ADDRESSES, "mmap (address space)"]);
    this.kind = choice(kinds);
    this.group = choice(all(places.map((p) => p.group)));
    this.thread = choice(all(places.flatMap((p) => p.threads.map((t) => t.name ?? "").filter((n) => n))));
    this.tree = this.zoomed = this.wanted();
  }

  private get unit(): (value: number) => string {
    return this.metric.value === "count" ? count : bytes;
  }

  private wanted(): Node {
    const wanted = this.places.filter(
      (p) =>
        (this.kind.value ? p.kind === this.kind.value : p.kind !== ADDRESSES) &&
        (!this.group.value || p.group === this.group.value) &&
        (!this.thread.value || p.threads.some((t) => t.name === this.thread.value)),
    );
    return buildTree(wanted, this.metric.value as Metric);
  }

  private rebuild(): void {
    this.tree = this.zoomed = this.wanted();
    this.draw();
  }

  private describe(node: Node): void {
    const share = this.tree.value > 0 ? (100 * node.value) / this.tree.value : 0;
    const where = node.frame?.file ? ` (${node.frame.file}${node.frame.line ? `:${node.frame.line}` : ""})` : "";
    this.detail.textContent = `${node.name}${where}: ${this.unit(node.value)}, ${share.toFixed(1)} % of all${node.own ? `; ${this.unit(node.own)} ends here` : ""}`;
  }

  private put(node: Node, left: number, width: number, scale: number): void {
    const kind = node.frame ? node.frame.kind : "root";
    const made = element("div", { class: `frame ${kind}`, role: "treeitem", tabindex: "-1", "aria-level": String(node.depth + 1) }, width > 24 ? node.name : "");
    made.setAttribute("aria-label", `${node.name}, ${this.unit(node.value)}`);
    made.title = `${node.name}\n${this.unit(node.value)}`;
    made.style.cssText = `left:${left}px;top:${node.depth * ROW}px;width:${width}px`;
    this.elements.set(node, made);
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
    const path: Node[] = [];
    for (let at = this.zoomed.parent; at; at = at.parent) path.push(at);
    for (const node of path) {
      this.put({ ...node, children: new Map() }, 0, width, 0);
      this.elements.set(node, this.box.lastElementChild as HTMLElement);
      this.box.lastElementChild?.classList.add("out");
    }
    this.put(this.zoomed, 0, width, this.zoomed.value > 0 ? width / this.zoomed.value : 0);
    const deepest = Math.max(...[...this.elements.keys()].map((n) => n.depth));
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
    for (const [node, drawn] of this.elements) if (drawn === target) return node;
    return undefined;
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

  show(): void {
    const reset = element("button", { type: "button" }, "whole graph");
    reset.addEventListener("click", () => this.zoomTo(this.tree));
    for (const control of [this.metric, this.kind, this.group, this.thread]) control.addEventListener("change", () => this.rebuild());
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
    const key = element("p", { class: "dim" }, "Java frames have a double lower edge; native ones a single. Arrows move, Enter zooms, Escape shows all.");
    this.section.querySelector(".noscript")?.remove();
    this.section.append(
      element("div", { class: "tools" }, labelled("show", this.metric), labelled("kind", this.kind), labelled("class", this.group), labelled("thread", this.thread), labelled("search", this.search), this.found, reset),
      this.box,
      this.detail,
      key,
      ...(this.left > 0 ? [element("p", { class: "dim" }, `${count(this.left)} smaller places were left out to keep this page small.`)] : []),
    );
    this.draw();
    let width = this.box.clientWidth;
    new ResizeObserver(() => {
      if (this.box.clientWidth === width) return;
      width = this.box.clientWidth;
      this.draw();
    }).observe(this.box);
  }
}

export function showFlame(section: Element, report: Report): void {
  const places = placesOf(report);
  if (places.some((place) => Object.values(place.values).some((value) => value > 0))) new Flame(section, places, report.sites_total - report.sites.length).show();
}
