// chart.ts -- the curves over time, to be zoomed: by dragging, by keys, or by the buttons.

import uPlot from "uplot";
import type { Report } from "./data";
import { element } from "./dom";
import { bytes, clock, duration } from "./units";

const CURVES: [column: string, label: string, color: string, dash: number[]][] = [
  ["rss", "resident memory", "--c0", []],
  ["live_bytes", "live blocks", "--c1", [6, 3]],
  ["java_heap_size", "committed Java heap", "--c2", [2, 3]],
  ["cgroup_limit", "limit of the cgroup", "--c4", [12, 4]],
];
const HEIGHT = 300;

interface Upright {
  at: number;
  color: string;
  dash: number[];
  text: string;
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Collections that a point of the series tells of, changes of the interval, and marks. */
function uprights(report: Report, times: number[]): Upright[] {
  const found: Upright[] = [];
  const collections = report.series["java_full_gcs"] ?? [];
  for (let i = 1; i < collections.length; i++)
    if ((collections[i] ?? 0) > (collections[i - 1] ?? Infinity))
      found.push({ at: times[i] ?? 0, color: "--dim", dash: [], text: "" });
  for (const change of report.completeness.sampling?.changes ?? [])
    found.push({ at: change.t_s, color: "--unsure", dash: [2, 2], text: "" });
  for (const mark of report.marks)
    found.push({ at: mark.t_s, color: "--good", dash: [], text: mark.name });
  return found;
}

function drawUprights(plot: uPlot, lines: Upright[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  for (const line of lines) {
    const x = plot.valToPos(line.at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = css(line.color);
    ctx.globalAlpha = line.text ? 1 : 0.45;
    ctx.setLineDash(line.dash);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (line.text) ctx.fillText(line.text.slice(0, 40), x + 3, bbox.top + 12 * devicePixelRatio);
  }
  ctx.restore();
}

/** A limit far above everything else would flatten the rest. */
function shown(report: Report): typeof CURVES {
  const peak = (name: string) => Math.max(0, ...(report.series[name] ?? []).map((v) => v ?? 0));
  const most = Math.max(...CURVES.slice(0, -1).map(([name]) => peak(name)));
  return CURVES.filter(([name]) => peak(name) > 0 && (name !== "cgroup_limit" || peak(name) <= 4 * most));
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

export function showChart(figure: Element, report: Report): void {
  const times = (report.series["time_s"] ?? []).map((t) => t ?? 0);
  const curves = shown(report);
  if (times.length < 2 || curves.length === 0) return;
  const lines = uprights(report, times);
  const axis = { stroke: () => css("--dim"), grid: { stroke: () => css("--edge"), width: 1 }, ticks: { show: false } };
  const place = element("div", { tabindex: "0", role: "group", "aria-label": "Chart: + and - zoom, arrows move, 0 shows all" });
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
        ...curves.map(([, label, color, dash]) => ({
          label,
          dash,
          stroke: () => css(color),
          width: 2,
          points: { show: false },
          value: (_: uPlot, v: number | null) => (v == null ? "" : bytes(v)),
        })),
      ],
      cursor: { drag: { x: true, y: false } },
      legend: { markers: { dash: (_, i) => (curves[i - 1]?.[3].length ? "dashed" : "solid") } },
      hooks: {
        draw: [(drawn) => drawUprights(drawn, lines)],
        setScale: [
          (scaled, scale) => {
            const { min, max } = scaled.scales["x"] ?? {};
            if (scale === "x") place.dataset["shown"] = `${min} ${max}`;
          },
        ],
      },
    },
    [times, ...curves.map(([name]) => report.series[name] ?? [])] as uPlot.AlignedData,
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
  const button = (key: string, text: string) => {
    const made = element("button", { type: "button" }, text);
    made.addEventListener("click", () => keys[key]?.());
    return made;
  };
  const caption = figure.querySelector("figcaption");
  figure.replaceChildren(
    element("div", { class: "tools" }, button("+", "zoom in"), button("-", "zoom out"), button("ArrowLeft", "earlier"), button("ArrowRight", "later"), button("0", "all")),
    place,
    ...(caption ? [caption] : []),
  );
  new ResizeObserver(() => plot.setSize({ width: figure.clientWidth, height: HEIGHT })).observe(figure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw(false));
}
