"""work.py -- one piece of work, measured with several tools in turn, and its rows of the table."""
import os
import shutil

import runner
import tools as toolbox

NOISE_LIMIT = 0.10  # runs without a tool that are further apart than this are too noisy


class Row:
    """One line of the table: a work with a tool."""

    FIELDS = ("work", "tool", "unit", "median", "low", "high", "ratio", "ratio_low", "own_ratio",
              "rss_kb", "file_bytes", "rounds", "note")

    def __init__(self, work, tool, samples, base, note=""):
        scale = work.scale
        cpu = [sample.cpu for sample in samples]
        base_cpu = [sample.cpu for sample in base]
        self.key, self.work, self.tool, self.unit = work.key, work.title, tool, work.unit
        self.median = runner.median(cpu) * scale
        self.low, self.high = min(cpu) * scale, max(cpu) * scale
        self.ratio = runner.median(cpu) / runner.median(base_cpu)
        self.ratio_low = min(cpu) / min(base_cpu)
        self.own_ratio = self.own(samples, base)
        self.rss_kb = max(sample.rss_kb for sample in samples)
        self.file_bytes = max(sample.left for sample in samples)
        self.rounds, self.note, self.samples = len(samples), note, samples

    @staticmethod
    def own(samples, base):
        """The program alone, without helper processes; None where it doesn't tell."""
        if any(sample.own is None for sample in samples + base):
            return None
        return (runner.median([sample.own for sample in samples]) /
                runner.median([sample.own for sample in base]))


class Work:
    """argv: a program.  events: of which the cost is given in ns each; None: whole seconds.
    kind: "c" (may be linked with LeakSanitizer), "program" or "jvm"."""

    def __init__(self, key, title, argv, tools, kind="c", events=None, event="pair", env=None,
                 keep=None, keys=""):
        self.key, self.title, self.argv, self.tools, self.kind = key, title, argv, tools, kind
        self.scale = 1e9 / events if events else 1.0
        self.unit = "ns a " + event if events else "s"
        self.env = env or {}
        self.keys = keys  # more of LEAKRING= for this work
        self.failed = {}  # tool -> why
        self.keep = keep  # called with (tool, directory, sample) after the last round's runs

    def run_once(self, tool, where):
        argv, env = tool.command(self.argv, where, self.kind)
        if self.keys and "LEAKRING" in env:
            env["LEAKRING"] += "," + self.keys
        return runner.run(argv, {**self.env, **env}, where)

    def run_in(self, tool, scratch, last):
        """One run in a fresh directory; returns the sample and a note on what is missing."""
        where = scratch + "/run"
        shutil.rmtree(where, ignore_errors=True)
        os.makedirs(where)
        note = ""
        try:
            sample = self.run_once(tool, where)
            sample.left = toolbox.left_bytes(where)
            if tool.name.startswith("leakring") and last:
                note = toolbox.completeness(where)
            if last and self.keep:
                self.keep(tool, where, sample)
        finally:
            shutil.rmtree(where, ignore_errors=True)
        return sample, note

    def try_in(self, tool, scratch, last):
        """A peer that fails loses its row; without us or no tool there is nothing to say."""
        try:
            return self.run_in(tool, scratch, last)
        except runner.Failed as error:
            if tool.name == "none" or tool.name.startswith("leakring"):
                raise
            self.failed[tool.name] = str(error).splitlines()[0][:60]
            return None, ""

    def measure(self, tools, rounds, scratch, say, first=0):
        """Rows, and a line about noise.  Round 0 isn't counted; `first` 1 leaves it out."""
        samples = {tool.name: [] for tool in tools}
        notes, neighbours = {}, runner.Neighbours()
        for number in range(first, rounds + 1):
            for tool in [tool for tool in tools if tool.name not in self.failed]:
                sample, note = self.try_in(tool, scratch, number == rounds)
                if not sample:
                    samples.pop(tool.name)
                    continue
                neighbours.ran(sample)
                say("%s %d/%d %s: %.3f s" % (self.key, number, rounds, tool.name, sample.cpu))
                notes[tool.name] = note
                if number > 0:
                    samples[tool.name].append(sample)
        self.same_output(samples)
        rows = [Row(self, tool, samples[tool.name], samples[tool.base], notes[tool.name])
                for tool in tools if tool.name in samples]
        return rows, noise(samples["none"], neighbours)

    def after(self, rows):
        """More to print below the table."""

    def same_output(self, samples):
        """leakring changes nothing of what a program prints; peers may add lines of their own."""
        wanted = samples["none"][0].output
        for name, runs in samples.items():
            ours = name == "none" or name.startswith("leakring")
            for sample in runs:
                if sample.output != wanted and (ours or wanted not in sample.output):
                    raise runner.Failed("%s with %s printed:\n%s\nand without a tool:\n%s" % (
                        self.key, name, sample.output[:400], wanted[:400]))


def noise(samples, neighbours):
    apart = runner.spread([sample.cpu for sample in samples])
    text = "runs without a tool are %.0f %% apart; others used %.1f cores" % (
        apart * 100, neighbours.cores())
    return ("TOO NOISY to judge by: " if apart > NOISE_LIMIT else "") + text
