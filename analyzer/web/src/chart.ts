// chart.ts -- the curves over time, to be zoomed: by dragging, by keys, or by the buttons.

import uPlot from "uplot";
import type { Line, PageData } from "./data";
import { button, element } from "./dom";
import { bytes, clock, duration } from "./units";

const HEIGHT = 300;
const ROWS = 4; // of names of marks
const LETTERS = 40;

interface Upright {
  at: number;
  line: Line;
  text: string;
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Collections that a point of the series tells of, changes of the interval, and marks. */
function uprightsOf({ report, uprights }: PageData, times: number[]): Upright[] {
  const found: Upright[] = [];
  const collections = report.series["java_full_gcs"] ?? [];
  for (let i = 1; i < collections.length; i++)
    if ((collections[i] ?? 0) > (collections[i - 1] ?? Infinity)) found.push({ at: times[i] ?? 0, line: uprights.gc, text: "" });
  for (const change of report.completeness.sampling?.changes ?? []) found.push({ at: change.t_s, line: uprights.change, text: "" });
  for (const mark of report.marks) found.push({ at: mark.t_s, line: uprights.mark, text: mark.name });
  return found;
}

/** A mark's name stands beside its line, on the first row where it meets no other; else nowhere. */
function drawName(plot: uPlot, text: string, x: number, ends: number[]): void {
  const { ctx, bbox } = plot;
  const name = [...text].length > LETTERS ? `${[...text].slice(0, LETTERS).join("")}…` : text;
  const gap = 4 * devicePixelRatio;
  const width = ctx.measureText(name).width;
  const left = x + gap + width > bbox.left + bbox.width;
  const from = left ? x - gap - width : x + gap;
  const row = ends.findIndex((end) => from >= end);
  if (row < 0 || from < bbox.left) return;
  ends[row] = from + width + gap;
  ctx.fillText(name, from, bbox.top + (12 + 14 * row) * devicePixelRatio);
}

function drawUprights(plot: uPlot, found: Upright[]): void {
  const { ctx, bbox } = plot;
  const ends = Array<number>(ROWS).fill(-Infinity);
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.textAlign = "left";
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  for (const { at, line, text } of found) {
    const x = Math.round(plot.valToPos(at, "x", true) - 0.5) + 0.5; // or it is two pale pixels
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = css(`--${line.class}`);
    ctx.setLineDash(line.dash.map((d) => d * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (text) drawName(plot, text, x, ends);
  }
  ctx.restore();
}

function zoom(plot: uPlot, times: number[], factor: number, shift: number): void {
  const first = times[0] ?? 0;
  const last = times[times.length - 1] ?? 1;
  const { min = first, max = last } = plot.scales["x"] ?? {};
  const middle = (min + max) / 2 + shift * (max - min);
  const half = Math.min(((max - min) / 2) * factor, (last - first) / 2);
  const from = Math.max(first, Math.min(middle - half, last - 2 * half));
  plot.setScale("x", { min: from, max: from + 2 * half });
}

export function showChart(figure: HTMLElement, page: PageData): void {
  const { report, curves } = page;
  const times = (report.series["time_s"] ?? []).map((t) => t ?? 0);
  if (times.length < 2 || curves.length === 0) return;
  const uprights = uprightsOf(page, times);
  const axis = { stroke: () => css("--dim"), grid: { stroke: () => css("--edge"), width: 1 }, ticks: { show: false } };
  const place = element("div", { class: "zoomable", tabindex: "0", role: "group", "aria-label": "Chart: + and - zoom, arrows move, 0 shows all" });
  const plot = new uPlot(
    {
      width: figure.clientWidth,
      height: HEIGHT,
      scales: { x: { time: false }, y: { range: (_, __, max) => [0, max * 1.05] } },
      axes: [
        { ...axis, values: (_, values) => values.map(clock) },
        { ...axis, size: 74, values: (_, values) => values.map(bytes) },
      ],
      series: [
        { label: "after", value: (_, v) => (v == null ? "" : duration(v)) },
        ...curves.map((curve) => ({
          label: curve.label,
          dash: curve.dash,
          stroke: () => css(`--${curve.class}`),
          width: 2,
          points: { show: false },
          value: (_: uPlot, v: number | null) => (v == null ? "" : bytes(v)),
        })),
      ],
      cursor: { drag: { x: true, y: false } },
      legend: { markers: { dash: (_, i) => (curves[i - 1]?.dash.length ? "dashed" : "solid") } },
      hooks: {
        draw: [(drawn) => drawUprights(drawn, uprights)],
        setScale: [
          (scaled, scale) => {
            const { min, max } = scaled.scales["x"] ?? {};
            if (scale === "x") place.dataset["shown"] = `${min} ${max}`;
          },
        ],
      },
    },
    [times, ...curves.map((curve) => report.series[curve.column] ?? [])] as uPlot.AlignedData,
    place,
  );
  const keys: Record<string, () => void> = {
    "+": () => zoom(plot, times, 0.5, 0),
    "=": () => zoom(plot, times, 0.5, 0),
    "-": () => zoom(plot, times, 2, 0),
    "0": () => zoom(plot, times, 1e9, 0),
    ArrowLeft: () => zoom(plot, times, 1, -0.25),
    ArrowRight: () => zoom(plot, times, 1, 0.25),
  };
  place.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  const press = (key: string, text: string) => button(text, () => keys[key]?.());
  const tools = element("div", { class: "tools" }, press("+", "zoom in"), press("-", "zoom out"), press("ArrowLeft", "earlier"), press("ArrowRight", "later"), press("0", "all"));
  // The drawing that was there is what is printed; of its legend the script's has no upright lines.
  for (const drawn of figure.querySelectorAll("svg[role=img], .legend li:not(.upright)")) drawn.classList.add("printed");
  figure.prepend(tools, place);
  new ResizeObserver(() => plot.setSize({ width: figure.clientWidth, height: HEIGHT })).observe(figure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(false));
}
