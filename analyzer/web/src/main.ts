// main.ts -- makes the page's chart zoomable, draws the flame graph, adds filters.  Without it the page
// says the same.

import "uplot/dist/uPlot.min.css";
import "./style.css";
import { showChart } from "./chart";
import { readReport } from "./data";
import { showFlame } from "./flame";
import { showFilter } from "./places";

async function main(): Promise<void> {
  for (const table of document.querySelectorAll<HTMLTableElement>(".wide > table")) showFilter(table);
  const data = document.getElementById("data");
  if (!data) return;
  const report = await readReport(data);
  const chart = document.getElementById("chart");
  const flame = document.getElementById("flame");
  if (chart) showChart(chart, report);
  if (flame) showFlame(flame, report);
  document.documentElement.dataset["ready"] = "yes";
}

void main();
