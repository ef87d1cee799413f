"""Runs the suite against Gantry, strict and lenient, and against Crossbar; prints one table. See ./run.

    suite.py [--only NAME]... [--crossbar EXECUTABLE] [--write] [--keep FOLDER] [--long] [pytest arguments]
"""

import argparse
import datetime
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import gantry
import report
import routers

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "docs" / "conformance.md"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=["strict", "lenient", "crossbar"], help="one of the columns")
    parser.add_argument("--crossbar", metavar="EXECUTABLE", help="Crossbar's command")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/conformance.md")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the outcome of every case, as JSON")
    return parser.parse_known_args()


def opened(column, folder, crossbar):
    if column == "crossbar":
        return routers.crossbar_router(folder, crossbar)
    return routers.gantry_router(folder, strict=column == "strict")


def run(column, folder, crossbar, rest):
    """One column: pytest in a process of its own; returns its exit code and the cases."""
    place = folder / f"{column}.json"
    # A router that does not answer a case at all is waited for, for each of them.
    patience = ["--timeout", "1"] if column == "crossbar" and "--long" not in rest else []
    with opened(column, folder / column, crossbar) as options:
        command = [sys.executable, "-B", "-m", "pytest", *options, *patience, "--report", str(place), *rest]
        code = subprocess.run(command, cwd=HERE, check=False).returncode
    return code, report.load(place) if place.exists() else []


def write(text, tables):
    """The document with each table between its markers."""
    for name, table in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        pattern = re.escape(begin) + r"\n.*?" + re.escape(end)
        if not re.search(pattern, text, re.S):
            raise SystemExit(f"{DOCUMENT}: no {begin} … {end}")
        text = re.sub(pattern, lambda _: f"{begin}\n{table}\n{end}", text, count=1, flags=re.S)
    return text


def main():
    choice, rest = arguments()
    columns = choice.only or ["strict", "lenient", *(["crossbar"] if choice.crossbar else [])]
    reports, codes = {}, {}
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        for column in columns:
            print(f"-- {column}", flush=True)
            codes[column], cases = run(column, pathlib.Path(folder), choice.crossbar, rest)
            if choice.keep:
                choice.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(pathlib.Path(folder) / f"{column}.json", choice.keep)
            reports[f"Gantry, {column}" if column != "crossbar" else "Crossbar"] = cases
    version = gantry.gantry("--version").stdout.strip()
    table = f"{report.markdown(reports)}\n\nRun of {datetime.date.today()} with Gantry {version}."
    print(f"\n{table}\n")
    if choice.write:
        if "--long" in rest:
            tables = {"conformance long": table}
        else:
            tables = {"conformance sections": table, "conformance deviations": report.deviations(reports)}
        DOCUMENT.write_text(write(DOCUMENT.read_text(), tables))
    return any(code for column, code in codes.items() if column != "crossbar")


if __name__ == "__main__":
    sys.exit(main())
