"""test_harness.py -- what the harness must notice.  Run by test_bench.sh."""
import tempfile
import unittest

import runner
import targets
import work


def sample(cpu, text="done"):
    return runner.Sample(cpu, cpu, 1000, text)


class FakeTool:
    def __init__(self, name):
        self.name, self.title, self.base, self.missing = name, name, "none", None


class Harness(unittest.TestCase):
    def test_output_that_a_tool_changed(self):
        job = work.Work("w", "w", ["true"], [])
        job.same_output({"none": [sample(1, "a\ncpu\t5")], "leakring": [sample(1, "a\ncpu\t9")]})
        job.same_output({"none": [sample(1, "a")], "heaptrack": [sample(1, "starting\na\nbye")]})
        with self.assertRaises(runner.Failed):
            job.same_output({"none": [sample(1, "a")], "leakring": [sample(1, "a\nmore")]})
        with self.assertRaises(runner.Failed):
            job.same_output({"none": [sample(1, "a")], "heaptrack": [sample(1, "b")]})

    def test_medians_and_ratios(self):
        job = work.Work("w", "w", ["true"], [], events=10)
        base = [sample(1.0), sample(3.0), sample(2.0)]
        row = work.Row(job, FakeTool("leakring"), [sample(4.0), sample(9.0), sample(5.0)], base)
        self.assertEqual((row.ratio, row.ratio_low, row.median), (2.5, 4.0, 5e8))
        self.assertIsNone(row.own_ratio)

    def test_noise_is_told(self):
        neighbours = runner.Neighbours()
        self.assertTrue(work.noise([sample(1.0), sample(1.2)], neighbours).startswith("TOO NOISY"))
        self.assertFalse(work.noise([sample(1.0), sample(1.01)], neighbours).startswith("TOO"))

    def test_orphans_are_counted(self):
        runner.adopt_orphans()
        burn = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
        with tempfile.TemporaryDirectory() as where:
            alone = runner.run(["sh", "-c", "echo x"], {}, where)
            left = runner.run(["sh", "-c", "(%s) & echo x" % burn], {}, where)
        self.assertEqual(left.output, "x")
        self.assertGreater(left.cpu, alone.cpu + 0.02)

    def test_a_peer_that_fails_costs_only_its_row(self):
        class Works(work.Work):
            def run_once(self, tool, where):
                if tool.name == "peer":
                    raise runner.Failed("no perf events here")
                return sample(1.0)
        job, none, peer = Works("w", "w", [], []), FakeTool("none"), FakeTool("peer")
        with tempfile.TemporaryDirectory() as scratch:
            rows, _ = job.measure([none, peer], 2, scratch, lambda text: None)
            self.assertEqual([(row.tool.name, row.rounds) for row in rows], [("none", 2)])
            self.assertEqual(job.failed, {"peer": "no perf events here"})

    def test_targets_take_the_worst_of_a_kind(self):
        rows = []
        for key, cpu in (("zip-17", 1.2), ("zip-25", 1.5), ("churn", 2.0), ("churn-8", 3.0)):
            rows.append(work.Row(work.Work(key, key, [], []), FakeTool("leakring"), [sample(cpu)],
                                 [sample(1.0)]))
        lines = list(targets.ratio_lines(rows)) + list(targets.thread_lines(rows))
        self.assertEqual([(line[0], line[2], line[4]) for line in lines], [
            ("churn", "2.00", "met"), ("zip-25", "1.50", "missed by 20 %"),
            ("churn-8", "1.50", "missed by 15 %")])

    def test_failure_is_told(self):
        with tempfile.TemporaryDirectory() as where:
            with self.assertRaisesRegex(runner.Failed, "status 3"):
                runner.run(["sh", "-c", "exit 3"], {}, where)


if __name__ == "__main__":
    unittest.main(verbosity=0)
