"""House rules as tests: what ARCHITECTURE.md and CONTRIBUTING.md promise about the sources themselves."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = ROOT / "Sources" / "Modules"

FLOORS = [
    {"WAMP", "CArgon2", "CZlib"},
    {"WAMPTransport", "ModuleKit", "Authentication", "Listener", "Store"},
    {"WAMPClient", "LoadGenerator"},
    {"Router", "Credentials", "Provisioner", "FleetDB", "Alarms", "WebUI"},
]
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
# Within floor 1 transport and authentication stand on the ports of ModuleKit, and the listener on transport and ports;
# the load generator connects as a client does.
WITHIN_FLOOR = {
    "WAMPTransport": {"ModuleKit"},
    "Authentication": {"ModuleKit"},
    "Listener": {"WAMPTransport", "ModuleKit"},
    "LoadGenerator": {"WAMPClient"},
}

IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:public\s+|package\s+|internal\s+|private\s+|fileprivate\s+)?"
    r"import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)",
    re.M,
)


def swift_files(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.swift"))


def text_files():
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    suffixes = {".swift", ".py", ".js", ".css", ".html", ".sh", ".md", ".yml", ".service", ""}
    return [ROOT / name for name in tracked if name and (ROOT / name).is_file() and (ROOT / name).suffix in suffixes]


def code(path):
    """A Swift file without its comments and its string literals, line for line."""
    text = path.read_text()
    text = re.sub(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"', lambda found: '""' + "\n" * found[0].count("\n"), text)
    return re.sub(r"//.*", "", text)


def places(pattern, files, of=lambda path: path.read_text(errors="replace")):
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(of(path).splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_every_module_has_its_floor():
    assert {folder.name for folder in MODULES.iterdir() if folder.is_dir()} == set(FLOOR_OF)


@pytest.mark.parametrize("module", sorted(FLOOR_OF))
def test_a_module_imports_from_floors_below_it_only(module):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((MODULES / module).rglob("*.swift"))
        for name in IMPORT.findall(path.read_text())
        if name in FLOOR_OF
        and FLOOR_OF[name] >= FLOOR_OF[module]
        and name not in WITHIN_FLOOR.get(module, set())
    ]
    assert not wrong


def test_the_protocol_imports_nothing():
    assert not [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((MODULES / "WAMP").rglob("*.swift"))
        for name in IMPORT.findall(path.read_text())
    ]


def test_only_listener_and_web_ui_know_the_http_server():
    assert not [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in swift_files("Sources")
        for name in IMPORT.findall(path.read_text())
        if name.startswith("Hummingbird") and path.relative_to(ROOT).parts[2] not in ("Listener", "WebUI")
    ]


def test_no_file_is_longer_than_500_lines():
    long = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in text_files()
        if path.suffix in (".swift", ".py", ".js", ".css") and len(path.read_text().splitlines()) > 500
    }
    assert not long


def test_no_file_is_called_after_nothing():
    banned = re.compile(r"(Utils?|Helpers?|Manager|Common|Base|Impl|Misc|Placeholder)(\+.*)?\.swift$")
    assert not [str(path.relative_to(ROOT)) for path in swift_files("Sources", "Tests") if banned.search(path.name)]


def test_no_type_is_called_after_nothing():
    declared = r"\b(class|struct|enum|actor|protocol)\s+\w*(Utils?|Helpers?|Manager|Impl)\b"
    assert not places(declared, swift_files("Sources"), code)


def test_only_commands_print():
    """What the daemon has to say goes through the log: standard output belongs to the command line's answers."""
    files = [path for path in swift_files("Sources") if "Appliance" not in path.relative_to(ROOT).parts[1]]
    assert not places(r"\b(print|debugPrint|dump)\(", files, code)


def test_nothing_traps_on_purpose():
    """`fatalError`, `try!`, `as!` and their like have a reason beside them, in a comment of the same or previous line."""
    unexplained = []
    for path in swift_files("Sources"):
        original, stripped = path.read_text().splitlines(), code(path).splitlines()
        for number, line in enumerate(stripped):
            if re.search(r"\bfatalError\(|\btry!|\bas!|@unchecked Sendable|nonisolated\(unsafe\)", line):
                before = original[max(0, number - 3) : number + 1]
                if not any("//" in text for text in before):
                    unexplained.append(f"{path.relative_to(ROOT)}:{number + 1}: {line.strip()}")
    assert not unexplained


def test_a_todo_names_its_issue():
    files = [path for path in text_files() if path.name != "test_tidy.py"]
    unnumbered = [place for place in places(r"\b(TODO|FIXME|XXX|HACK)\b", files) if not re.search(r"TODO\(#\d+\)", place)]
    assert not unnumbered


def test_every_test_target_is_declared():
    folders = {folder.name for folder in (ROOT / "Tests").iterdir() if folder.name.endswith("Tests")}
    declared = set(re.findall(r'\btests\(\s*"(\w+)"', (ROOT / "Package.swift").read_text()))
    assert folders == {f"{name}Tests" for name in declared}


def test_links_of_the_documents_lead_somewhere():
    broken = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
            if not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken
