"""What users install is the wheel and not this checkout: it is built, unpacked and run here.

Nothing is fetched: the build backend is in the `test` extra, and the new environment borrows the
dependencies of the one that runs the tests. Where RNN_TUI_DIST names a folder with a wheel and a
source distribution, such as those that are to be published, these are what is tested.
"""

import gzip
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from rnn_tui import __version__

pytestmark = pytest.mark.long

pytest.importorskip("hatchling")

CHECKOUT = Path(__file__).resolve().parent.parent
PATIENCE = 240.0
# The published files, by the MD5 of their contents (rnn_tui.tasks.mnist.data has them too; written
# out here so that both would have to be wrong).
MNIST = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

WHERE = """
import importlib.metadata, json, rnn_tui
points = importlib.metadata.entry_points(group="console_scripts", name="rnn-tui")
print(json.dumps([rnn_tui.__file__, importlib.metadata.version("rnn-tui"), rnn_tui.__version__,
                  [point.value for point in points]]))
"""

FIRST_FRAME = """
import asyncio
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.work.training_manager import TrainingManager

class NotYet(TrainingManager):
    def load_engine(self):
        pass

async def first_frame():
    app = RnnTuiApp(NotYet())
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.pane.complete:
            await pilot.pause(0.05)
        await pilot.pause()
        return app.export_screenshot()

print(asyncio.run(first_frame()))
"""


def build(target: str, folder: Path, source: Path = CHECKOUT) -> Path:
    """Build a wheel or an sdist into `folder`; returns the file."""
    result = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)],
        cwd=source,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    [built] = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return built_before("*.whl") or build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution."""
    return built_before("*.tar.gz") or build("sdist", tmp_path_factory.mktemp("sdist"))


def built_before(pattern: str) -> Path | None:
    """What is to be tested, if it is there already."""
    folder = os.environ.get("RNN_TUI_DIST")
    if not folder:
        return None
    [found] = Path(folder).glob(pattern)
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
    paths = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    python = Path(paths["scripts"]) / ("python.exe" if os.name == "nt" else "python")
    pip = [str(python), "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True, timeout=PATIENCE, env=without_ours())
    # Folders named in a .pth file are searched, but .pth files in them are not read: whatever makes
    # this checkout importable here doesn't there.
    borrowed = {sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]}
    (Path(paths["purelib"]) / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    return python


def without_ours() -> dict[str, str]:
    """The environment without what would put this checkout on a path."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}


def run_installed(program: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the new environment in `folder`."""
    result = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env=without_ours(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result


def test_wheel_holds_mnist_as_published_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name, expected in MNIST.items():
            contents = gzip.decompress(archive.read(f"rnn_tui/assets/mnist/{name}.gz"))
            assert hashlib.md5(contents, usedforsecurity=False).hexdigest() == expected, name
        about = archive.read("rnn_tui/assets/mnist/README.md").decode()
        assert "Creative Commons Attribution-Share Alike 3.0" in about
        assert "Yann LeCun and Corinna Cortes" in about
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())


def test_wheel_holds_every_module_and_style_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {
            name
            for name in archive.namelist()
            if ".dist-info/" not in name and ".data/" not in name
        }
        [metadata] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        assert f"\nVersion: {__version__}\n" in archive.read(metadata).decode()
    assert wheel.name == f"rnn_tui-{__version__}-py3-none-any.whl"
    sources = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "rnn_tui").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any(name.endswith(".tcss") for name in sources)
    assets = {name for name in names if name.startswith("rnn_tui/assets/")}
    assert names - assets == sources
    assert not [name for name in names if re.search(r"(^|/)(tests?|__pycache__)/|\.pyc$", name)]


def test_sdist_builds_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    [source] = (tmp_path / "source").iterdir()
    assert (source / "tests" / "conftest.py").is_file()
    rebuilt = build("wheel", tmp_path / "wheel", source)
    with zipfile.ZipFile(rebuilt) as one, zipfile.ZipFile(wheel) as other:
        assert one.namelist() == other.namelist()
        # These two name the version of the build backend, which may be another one in a build
        # apart.
        names = [
            name
            for name in one.namelist()
            if not name.endswith((".dist-info/WHEEL", ".dist-info/RECORD"))
        ]
        assert [name for name in names if one.read(name) != other.read(name)] == []


def test_installed_package_is_the_wheel(installed: Path, tmp_path: Path) -> None:
    result = run_installed(installed, tmp_path, "-c", WHERE)
    where, version, in_code, points = json.loads(result.stdout)
    assert Path(where).is_relative_to(installed.parent.parent)
    assert not Path(where).is_relative_to(CHECKOUT)
    assert version == in_code == __version__
    # The first one found is the new environment's; the borrowed one may have one of its own.
    assert points[0] == "rnn_tui.cli.main:main"


def test_what_an_index_asks_of_both_files_holds(wheel: Path, sdist: Path) -> None:
    pytest.importorskip("twine")
    command = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)]
    result = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
        env=without_ours(),
    )
    assert result.returncode == 0, result.stdout


def test_metadata_says_what_the_package_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        lines = archive.read(metadata).decode().partition("\n\n")[0].splitlines()
    classifiers = [
        line.removeprefix("Classifier: ") for line in lines if line.startswith("Classifier: ")
    ]
    for wanted in (
        "Typing :: Typed",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
    ):
        assert wanted in classifiers
    assert "License-Expression: MIT" in lines
    assert "Requires-Python: >=3.11" in lines


def test_installed_program_answers_and_has_its_man_page(installed: Path, tmp_path: Path) -> None:
    program = installed.with_name("rnn-tui.exe" if os.name == "nt" else "rnn-tui")
    assert run_installed(program, tmp_path, "--version").stdout == f"rnn-tui {__version__}\n"
    assert run_installed(program, tmp_path, "add", "--base", "decimal", "3", "5").stdout.startswith(
        "3 + 5 = 8"
    )
    assert run_installed(
        program, tmp_path, "predict", "--csv", str(CHECKOUT / "assets" / "samples" / "7-ruled.jpg")
    ).stdout
    script = run_installed(program, tmp_path, "completion", "bash").stdout
    assert str(program) in script  # asks this very program for names of runs
    page = installed.parent.parent / "share" / "man" / "man1" / "rnn-tui.1"
    assert page.read_text(encoding="utf-8").startswith(".TH RNN")


def test_an_editable_install_makes_no_man_page(tmp_path: Path) -> None:
    found = importlib.util.spec_from_file_location("hook", CHECKOUT / "docs" / "man" / "hook.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    hook = module.ManPageHook(str(CHECKOUT), {}, None, None, str(tmp_path), "wheel")
    made: dict[str, dict[str, str]] = {"shared_data": {}}
    hook.initialize("editable", made)
    assert made == {"shared_data": {}}
    hook.initialize("standard", made)
    assert list(made["shared_data"].values()) == ["share/man/man1/rnn-tui.1"]


def test_installed_package_trains_on_the_shipped_images(
    installed: Path, tmp_path: Path, home: Path
) -> None:
    arguments = (
        "-m rnn_tui train mnist --model rnn --preset fast --epochs 1 --batch-size 1000 --json"
    )
    result = run_installed(installed, tmp_path, *arguments.split())
    document = json.loads(result.stdout)
    assert document["test_accuracy"] > 50
    assert Path(document["weights"]).is_relative_to(home)
    assert list(tmp_path.iterdir()) == []  # nothing is written where the user happens to be


def test_installed_app_draws_its_first_frame(installed: Path, tmp_path: Path) -> None:
    screenshot = run_installed(installed, tmp_path, "-c", FIRST_FRAME).stdout
    assert "Home" in screenshot
    assert "MNIST" in screenshot
