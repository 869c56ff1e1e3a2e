// places.ts -- the tables of places: a filter, the rows that found no room in the page, and stacks.

import type { Frame, History, MemorySite, Report } from "./data";
import { button, element, labelled } from "./dom";
import { bytes, count } from "./units";

const AT_FIRST = 60;
const AT_ONCE = 200;
const SPARK = { width: 120, height: 26 };

function filterOf(table: HTMLTableElement, changed: (wanted: string) => string): void {
  const input = element("input", { type: "search", placeholder: "part of a name", size: "24" });
  const found = element("span", { class: "dim", role: "status" });
  input.addEventListener("input", () => (found.textContent = changed(input.value.toLowerCase())));
  table.closest(".wide")?.before(element("div", { class: "tools" }, labelled("filter", input), found));
}

export function showFilter(table: HTMLTableElement): void {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.classList.contains("sum"));
  if (rows.length < 6) return;
  const texts = rows.map((row) => (row.textContent ?? "").toLowerCase());
  filterOf(table, (wanted) => {
    rows.forEach((row, i) => (row.hidden = !texts[i]?.includes(wanted)));
    return wanted ? `${count(rows.filter((row) => !row.hidden).length)} of ${count(rows.length)}` : "";
  });
}

function at(file: string | null, line: number | null, module: string | null): string {
  if (file) return ` (${file}${line ? `:${line}` : ""})`;
  return module ? ` (${module.slice(module.lastIndexOf("/") + 1)})` : "";
}

function frameOf(frame: Frame): HTMLElement {
  const place = at(frame.file, frame.line, frame.kind === "native" ? frame.module : null);
  return element("bdi", {}, element("code", { class: frame.kind }, frame.function), element("span", { class: "at" }, place));
}

/** Its frames are made when it is opened. */
function stackOf(stack: Frame[]): HTMLElement {
  const list = element("ol", { class: "stack" });
  const details = element("details", {}, element("summary", {}, `stack, ${stack.length} frames`), list);
  details.addEventListener("toggle", () => {
    if (!list.childElementCount) list.append(...stack.map((frame) => element("li", {}, frameOf(frame), frame.inlined ? element("span", { class: "tag" }, " inlined") : "")));
  });
  return details;
}

function sparkOf(history: History | null): Element | string {
  const known = (history?.bytes ?? []).filter((v) => v != null);
  const most = known.length > 1 ? Math.max(...known) : 0;
  const first = history?.time_s[0] ?? 0;
  const span = (history?.time_s.at(-1) ?? 0) - first;
  if (!history || most <= 0 || span <= 0) return "";
  const name = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(name, "svg");
  const path = document.createElementNS(name, "path");
  let line = "";
  history.time_s.forEach((time, i) => {
    const value = history.bytes[i];
    if (value == null) return;
    const x = (SPARK.width * (time - first)) / span;
    const y = SPARK.height - 2 - ((SPARK.height - 4) * value) / most;
    line += `${line ? "L" : "M"}${x.toFixed(0)} ${y.toFixed(1)}`;
  });
  svg.setAttribute("class", "spark");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", line);
  svg.append(path);
  return svg;
}

function trendOf(site: MemorySite): (Node | string)[] {
  const rate = site.rate_bytes_per_hour;
  if (site.class !== "growing" || !rate) return [site.class];
  return [element("strong", {}, "growing"), " ", element("span", { class: "rate" }, `${bytes(rate.value)}/h `, element("span", { class: "range" }, `(${bytes(rate.low)} to ${bytes(rate.high)})`))];
}

/** The culprit, and who called it. */
function whereOf(site: MemorySite): HTMLElement[] {
  const { culprit, stack } = site;
  if (!culprit) return [element("div", { class: "line" }, "an unknown place: its stack was not recorded")];
  const index = stack.findIndex((frame) => frame.function === culprit.function && frame.line === culprit.line);
  const frame = stack[index];
  const caller = stack[index + 1];
  return [
    element("div", { class: "line" }, ...(frame ? [frameOf(frame)] : [culprit.function])),
    ...(frame && caller ? [element("div", { class: "caller" }, "called by ", frameOf(caller))] : []),
  ];
}

function rowOf(site: MemorySite): HTMLTableRowElement {
  const id = `site-${site.id}`;
  const { value, low, high } = site.live_bytes;
  const range = low < high ? [element("span", { class: "range" }, ` (${bytes(low)} to ${bytes(high)})`)] : [];
  return element(
    "tr",
    { id },
    element("td", { class: "n" }, bytes(value), ...range),
    element("td", { class: "n" }, count(site.live_count.value)),
    element("td", {}, site.jvm ? "JVM" : site.kind),
    element("td", {}, element("a", { class: "link", href: `#${id}`, "aria-label": `Link to place ${site.id}` }, site.id), ...whereOf(site), ...(site.stack.length ? [stackOf(site.stack)] : [])),
    element("td", {}, ...trendOf(site)),
    element("td", {}, sparkOf(site.history)),
  );
}

function textOf(site: MemorySite): string {
  return [site.kind, site.class, ...site.stack.map((f) => `${f.function}${at(f.file, f.line, f.module)}`)].join("\n").toLowerCase();
}

/** Every place: those in the page, and those that found no room there.  At first the largest are
 * shown.  Returns what shows the row of an id. */
export function showPlaces(table: HTMLTableElement, report: Report): (id: string) => HTMLElement | null {
  const body = table.tBodies[0];
  const made = body ? [...body.rows] : [];
  const all = Math.max(made.length, report.sites.length);
  const texts: string[] = [];
  let last = AT_FIRST;
  const more = button("", () => show((last += AT_ONCE)));
  /** The first so many; rows are made as they are wanted. */
  const make = (wanted: number) => {
    for (let i = made.length; i < Math.min(wanted, report.sites.length); i++) {
      const row = rowOf(report.sites[i] as MemorySite);
      made.push(row);
      body?.append(row);
    }
  };
  const show = (wanted: number) => {
    make(wanted);
    made.forEach((row, i) => (row.hidden = i >= wanted));
    more.hidden = wanted >= all;
    more.textContent = `show ${count(Math.min(all - wanted, AT_ONCE))} more of ${count(all - wanted)}`;
  };
  const find = (wanted: string): string => {
    if (!texts.length) texts.push(...report.sites.map(textOf), ...made.slice(report.sites.length).map((row) => (row.textContent ?? "").toLowerCase()));
    const matching = texts.flatMap((text, i) => (text.includes(wanted) ? [i] : []));
    const shown = new Set(matching.slice(0, AT_ONCE));
    make((matching[shown.size - 1] ?? -1) + 1);
    made.forEach((row, i) => (row.hidden = !shown.has(i)));
    more.hidden = true;
    return `${count(matching.length)} of ${count(report.sites_total)}${shown.size < matching.length ? `, the first ${count(shown.size)} are shown` : ""}`;
  };
  made.forEach((row, i) => {
    const stack = report.sites[i]?.stack ?? [];
    if (stack.length && !row.querySelector("details")) row.cells[3]?.append(stackOf(stack));
  });
  if (all > 5)
    filterOf(table, (wanted) => {
      if (wanted) return find(wanted);
      show(last);
      return "";
    });
  const note = document.querySelector("#sites .rest");
  if (report.sites_total <= report.sites.length) note?.remove();
  else if (note) note.textContent = `${count(report.sites_total - all)} smaller places were left out to keep this page small.`;
  table.closest(".wide")?.after(more);
  show(last);
  return (id) => {
    const number = report.sites.findIndex((site) => `site-${site.id}` === id) + 1;
    if (number < 1) return null;
    if (number > last) show((last = number));
    return document.getElementById(id);
  };
}
