"""Keeps what each case said, and makes the tables of docs/conformance.md from it."""

import collections
import json

OUTCOMES = ("passed", "failed", "deviates", "not announced", "not configured")


class Recorder:
    """A pytest plugin that writes one list of cases."""

    def __init__(self, path):
        self.path, self.cases = path, []

    def pytest_runtest_logreport(self, report):
        outcome, reason = self.judge(report)
        if outcome is None:
            return
        name = report.nodeid.split("::", 1)
        self.cases.append(
            {
                "section": report.section,
                "file": name[0],
                "case": name[1],
                "rule": report.rule,
                "outcome": outcome,
                "reason": reason,
                "seconds": round(report.duration, 3),
            }
        )

    @staticmethod
    def judge(report):
        if report.skipped and hasattr(report, "wasxfail"):
            return "deviates", report.wasxfail
        if report.skipped:
            reason = report.longrepr[2].removeprefix("Skipped: ")
            known = reason.split(":")[0]
            return known if known in OUTCOMES else "not announced", reason
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            return "failed", (crash.message if crash else str(report.longrepr)).splitlines()[0][:300]
        return ("passed", "") if report.when == "call" else (None, "")

    def pytest_sessionfinish(self):
        self.path.write_text(json.dumps(self.cases, indent=1))


def load(path):
    """The rules of a report: a case that runs over several wires or inputs holds when each of them does."""
    rules = {}
    for case in json.loads(path.read_text()):
        key = case["file"], case["case"].partition("[")[0]
        known = rules.setdefault(key, case)
        if _WEIGHT.index(case["outcome"]) < _WEIGHT.index(known["outcome"]):
            rules[key] = case
    return list(rules.values())


# What one variant says counts for the whole rule, in this order.
_WEIGHT = ("failed", "deviates", "passed", "not announced", "not configured")


def sections(reports):
    """section → column → counts, in the order of the files."""
    table = {}
    for column, rules in reports.items():
        for rule in sorted(rules, key=lambda rule: rule["file"]):
            counts = table.setdefault(rule["section"], collections.defaultdict(collections.Counter))
            counts[column][rule["outcome"]] += 1
    return table


def cell(counts):
    """What one router did in one section: how many of the rules that ran hold."""
    ran = counts["passed"] + counts["failed"] + counts["deviates"]
    if not ran:
        return "not announced" if counts["not announced"] else "not configured" if counts["not configured"] else "–"
    text = f"{counts['passed']} of {ran}" if counts["passed"] < ran else f"{ran}"
    return ", ".join([text, *(f"{counts[why]} {why}" for why in ("not announced", "not configured") if counts[why])])


def markdown(reports):
    """The table of all sections: | section | rules | router… |"""
    lines = [f"| section | rules | {' | '.join(reports)} |", "|---|---:|" + "---|" * len(reports)]
    totals = {column: collections.Counter() for column in reports}
    for section, columns in sections(reports).items():
        count = max(columns[column].total() for column in reports)
        lines.append(f"| {section} | {count} | {' | '.join(cell(columns[column]) for column in reports)} |")
        for column in reports:
            totals[column].update(columns[column])
    count = max(total.total() for total in totals.values())
    lines.append(f"| **all** | **{count}** | {' | '.join(f'**{cell(totals[column])}**' for column in reports)} |")
    return "\n".join(lines)


def deviations(reports):
    """What Gantry does otherwise, by rule and reason, once for both modes."""
    rows = {}
    for column, rules in reports.items():
        for rule in rules:
            if rule["outcome"] == "deviates":
                rows.setdefault((rule["section"], rule["rule"], rule["reason"]), []).append(column.split(", ")[-1])
    lines = ["| section | the rule | Gantry | why |", "|---|---|---|---|"]
    lines += [f"| {section} | {rule} | {', '.join(where)} | {why} |" for (section, rule, why), where in rows.items()]
    return "\n".join(lines)
