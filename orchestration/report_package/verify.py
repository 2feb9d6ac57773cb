#!/usr/bin/env python3
"""Verify an evidence package with nothing but Python 3.9 or later and its standard library.

    python3 verify.py [FOLDER] [--public-key FILE]

FOLDER is the package, by default the folder of this file. Prints one line per check and exits with 1 when any failed.
Nothing outside the folder is read and nothing is written. A copy of this file obtained elsewhere than in the package
is the better one to run; so is a public key obtained elsewhere.

What is checked: the files against the manifest, none unlisted and none missing, canonical manifests, the envelope and
its signature, the root of every population recomputed line by line (RFC 6962), the sizes of the samples computed again,
the samples drawn again from the seed, their proofs, every row of the registers traced to its item and every item to a
collected record, severities, the results counted again, the chain of the ledger and its columns, and the state against
reconciliations, coverage and data checks.
"""

# ruff: noqa: B905, N818, PTH100, PTH112, PTH118, PTH120, PTH123
from __future__ import annotations

import argparse
import base64
import heapq
import json
import math
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from hashlib import sha256, sha512
from typing import Any, BinaryIO, NamedTuple

MANIFEST, ENVELOPE = "MANIFEST.json", "MANIFEST.dsse.json"
SCHEMA = "soc1-evidence/1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:soc1-evidence:package:1"
MAX_JSON = 64 << 20
MAX_LINE = 16 << 20
MAX_DIGITS = 18
GENESIS = "0" * 64
NOTES = (".not_restated",)
FIXED = (
    "README.txt", "collections.csv", "control_matrix.csv", "control_owners.csv", "coverage.csv", "data_checks.csv",
    "data_checks.html", "data_dictionary.csv", "engagement.json", "exception_register.csv", "index.html",
    "populations.csv", "reconciliation_differences.csv", "reconciliations.csv", "restatements.csv", "rules.csv",
    "sampling_plan.csv", "test_results.csv", "verify.py",
)  # fmt: skip
COLLECTION_COLUMNS = (
    "n", "entry_sha256", "previous_sha256", "kind", "collection_id", "source", "instance", "resource", "window_start",
    "window_end", "collected_at", "pages", "requests", "rows", "distinct_keys", "source_total", "http_statuses",
    "permission", "permission_detail", "gaps", "error", "entry",
)  # fmt: skip
STATUSES = ("PASS", "EXCEPTION", "NOT_TESTABLE", "NOT_DUE")
SAFE_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
HEX64 = re.compile(r"[0-9a-f]{64}")
Row = dict[str, str]


class Problem(Exception):
    """Something in the package is not what it must be."""


class Check(NamedTuple):
    """One line of the result."""

    passed: bool
    name: str
    detail: str


# --- reading, with nothing trusted ---------------------------------------------------------------------------------


def number(text: str) -> int:
    """Read a count; anything but a short run of digits is a problem."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise Problem(f"{text[:40]!r} is no count")
    return int(text)


def _json_int(text: str) -> int:
    if len(text) > MAX_DIGITS + 1:
        raise Problem("a number has too many digits")
    return int(text)


def _json_refuse(text: str) -> Any:
    raise Problem(f"{text[:40]!r} is no integer")


def parse_json(text: str, whole_numbers: bool = True) -> Any:
    """Parse JSON; huge numbers are refused before they are computed."""
    try:
        if whole_numbers:
            return json.loads(text, parse_int=_json_int, parse_float=_json_refuse, parse_constant=_json_refuse)
        return json.loads(text, parse_int=_json_int, parse_constant=_json_refuse)
    except (ValueError, RecursionError) as error:
        raise Problem(f"is no JSON ({type(error).__name__})") from None


def canonical(value: Any) -> bytes:
    """The one text of a JSON value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def split_cells(line: str) -> list[str]:
    """Split one CSV record (RFC 4180) that holds no line break."""
    if '"' not in line:
        return line.split(",")
    cells: list[str] = []
    at = 0
    while True:
        if line[at : at + 1] == '"':
            parts: list[str] = []
            at += 1
            while True:
                end = line.find('"', at)
                if end < 0:
                    raise Problem("a quotation mark is not closed")
                parts.append(line[at:end])
                at = end + 1
                if line[at : at + 1] != '"':
                    break
                parts.append('"')
                at += 1
            cells.append("".join(parts))
            if at < len(line) and line[at] != ",":
                raise Problem("text follows a closing quotation mark")
        else:
            end = line.find(",", at)
            end = len(line) if end < 0 else end
            if '"' in line[at:end]:
                raise Problem("a quotation mark stands inside an unquoted cell")
            cells.append(line[at:end])
            at = end
        if at >= len(line):
            return cells
        at += 1


class Folder:
    """The regular files below the package's folder; links and devices are never opened."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self.sizes: dict[str, int] = {}
        self.folders: list[str] = []
        self.strange: list[str] = []
        if not os.path.isdir(self.root):
            raise Problem("there is no such folder")
        for base, folders, files in os.walk(self.root, followlinks=False):
            folders.sort()
            for name in sorted(folders + files):
                self._look(os.path.join(base, name))

    def _look(self, path: str) -> None:
        name = os.path.relpath(path, self.root).replace(os.sep, "/")
        facts = os.lstat(path)
        if stat.S_ISREG(facts.st_mode):
            self.sizes[name] = facts.st_size
        elif stat.S_ISDIR(facts.st_mode):
            self.folders.append(name)
        else:
            self.strange.append(name)

    def open(self, name: str) -> BinaryIO:
        """Open a file that was found in the folder."""
        if name not in self.sizes or not SAFE_PATH.fullmatch(name):
            raise Problem(f"{name[:120]!r} is not in the package")
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(os.path.join(self.root, *name.split("/")), flags), "rb")

    def json(self, name: str) -> tuple[bytes, Any]:
        """Bytes and value of a canonical JSON file."""
        if self.sizes.get(name, 0) > MAX_JSON:
            raise Problem(f"{name} is too large")
        with self.open(name) as file:
            content = file.read(MAX_JSON + 1)
        value = parse_json(_decoded(content))
        if canonical(value) != content:
            raise Problem(f"{name} is not canonical (sorted keys, no spaces)")
        return content, value

    def lines(self, name: str) -> Iterator[bytes]:
        """Lines of a file without their line feed."""
        with self.open(name) as file:
            while True:
                line = file.readline(MAX_LINE)
                if not line:
                    return
                if not line.endswith(b"\n"):
                    raise Problem(f"{name}: a line is too long or has no end")
                yield line[:-1]

    def rows(self, name: str, needed: Sequence[str] = ()) -> Iterator[tuple[bytes, Row]]:
        """(line, cells by column) of a CSV file."""
        lines = self.lines(name)
        header = split_cells(_decoded(next(lines, b"")))
        missing = [column for column in needed if column not in header]
        if missing or len(set(header)) != len(header):
            raise Problem(f"{name} lacks column(s) {', '.join(missing)}" if missing else f"{name} repeats a column")
        for count, line in enumerate(lines, start=2):
            cells = split_cells(_decoded(line))
            if len(cells) != len(header):
                raise Problem(f"{name} line {count} has {len(cells)} cells, the header has {len(header)}")
            yield line, dict(zip(header, cells))

    def table(self, name: str, needed: Sequence[str] = ()) -> list[Row]:
        """All rows of a small CSV file."""
        return [row for _, row in self.rows(name, needed)]


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("is not UTF-8") from None


# --- Merkle tree (RFC 6962) ----------------------------------------------------------------------------------------


class Tree:
    """Root over leaves fed one by one; holds one digest per level."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def add(self, line: bytes) -> None:
        """Append a line."""
        digest = sha256(b"\0" + line).digest()
        position = self.size
        while position & 1:
            digest = sha256(b"\1" + self._stack.pop() + digest).digest()
            position >>= 1
        self._stack.append(digest)
        self.size += 1

    def root(self) -> str:
        """The root, in hexadecimal."""
        if not self._stack:
            return sha256(b"").hexdigest()
        digest = self._stack[-1]
        for left in reversed(self._stack[:-1]):
            digest = sha256(b"\1" + left + digest).digest()
        return digest.hex()


def proven_root(line: bytes, index: int, size: int, proof: str) -> str:
    """The root to which an inclusion proof leads."""
    if not 0 <= index < size:
        raise Problem(f"leaf {index} of {size}")
    path = proof.split(";") if proof else []
    digest, last, at = sha256(b"\0" + line).digest(), size - 1, 0
    while last:
        if index & 1 or index < last:
            if at >= len(path) or not HEX64.fullmatch(path[at]):
                raise Problem("an inclusion proof is too short or no list of digests")
            sibling = bytes.fromhex(path[at])
            digest = sha256(b"\1" + (sibling + digest if index & 1 else digest + sibling)).digest()
            at += 1
        index >>= 1
        last >>= 1
    if at != len(path):
        raise Problem("an inclusion proof is too long")
    return digest.hex()


# --- ed25519 (RFC 8032, section 5.1) -------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


def _add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def _multiply(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _decompress(raw: bytes) -> Point | None:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def ed25519_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an ed25519 signature is valid."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _decompress(public), _decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    base = _decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if key is None or commitment is None or base is None or scalar >= L:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    return _same(_multiply(scalar, base), _add(commitment, _multiply(challenge, key)))


def read_public_key(content: bytes) -> bytes:
    """32 bytes of a public key given as PEM, in hexadecimal or raw."""
    if len(content) == 32:
        return content
    text = content.decode("ascii", "replace").strip()
    if text.startswith("-----BEGIN PUBLIC KEY-----"):
        body = "".join(line for line in text.splitlines() if not line.startswith("-----"))
        try:
            der = base64.b64decode(body, validate=True)
        except ValueError:
            der = b""
        if len(der) == 44 and der[:12] == bytes.fromhex("302a300506032b6570032100"):
            return der[12:]
    elif HEX64.fullmatch(text.lower()):
        return bytes.fromhex(text)
    raise Problem("the public key is no ed25519 key (PEM, or 64 hexadecimal digits)")


# --- the checks ----------------------------------------------------------------------------------------------------


class Population(NamedTuple):
    """What the manifest says about one population."""

    control_id: str
    population_id: str
    frame_id: str
    version: int
    file: str
    items: int
    merkle_root: str


class Rule(NamedTuple):
    """What rules.csv says about one rule."""

    rule_id: str
    column: str
    role: str
    """key or supplementary; empty where the rule makes no exception."""
    severity: str
    escalates_on: str
    escalated_severity: str

    def severity_of(self, item: Row) -> str:
        """Severity of an item that meets the rule; a fact that is unknown escalates, too."""
        escalated = self.escalates_on and item.get(self.escalates_on, "") != "false"
        return self.escalated_severity if escalated else self.severity


class Scan:
    """What one pass over a population's file found."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.statuses = dict.fromkeys(STATUSES, 0)
        self.months: dict[str, int] = {}
        self.lowest: dict[str, list[tuple[str, str]]] = {}
        self.lines: dict[int, tuple[bytes, Row]] = {}
        self.problems: list[str] = []


class Verifier:
    """Runs every check over one folder."""

    def __init__(self, folder: str, public_key: bytes | None = None) -> None:
        self.path = folder
        self.public_key = public_key
        self.checks: list[Check] = []
        self.digest = ""
        self.state = ""
        self.signed_by = ""

    def run(self) -> list[Check]:
        """Run everything; a check that cannot be done counts as failed."""
        self.checks = []
        if not self._guarded("folder", self._folder) or not self._guarded("manifest", self._manifest):
            return self.checks
        self._guarded("envelope", self._envelope)
        self._guarded("signature", self._signature)
        self._guarded("files", self._files)
        self._guarded("no file unlisted", self._unlisted)
        self._guarded("engagement", self._engagement)
        for name, check in (
            ("registers readable", self._registers),
            ("populations listed", self._populations),
            ("nothing missing", self._missing),
            ("populations re-hashed", self._scan_all),
            ("results counted again", self._results),
            ("exception register traced", self._register),
            ("details traced to items", self._details),
            ("sample sizes computed again", self._sizes),
            ("samples drawn again", self._samples),
            ("frozen before the seed", self._order),
            ("superseded samples proven", self._superseded),
            ("ledger chain", self._ledger),
            ("state", self._state),
        ):
            self._guarded(name, check)
        return self.checks

    def _guarded(self, name: str, check: Callable[[], str]) -> bool:
        try:
            self.checks.append(Check(True, name, check()))
        except Problem as problem:
            self.checks.append(Check(False, name, str(problem)))
        except Exception as error:  # noqa: BLE001 - a hostile package must end in a failure line, never in a crash
            self.checks.append(Check(False, name, f"cannot be checked ({type(error).__name__})"))
        return self.checks[-1].passed

    # folder and manifests

    def _folder(self) -> str:
        self.folder = Folder(self.path)
        odd = self.folder.strange + [name for name in self.folder.sizes if not SAFE_PATH.fullmatch(name)]
        _require_none(odd, "link(s), device(s) or unsafe name(s)")
        return f"{len(self.folder.sizes)} regular files, no links"

    def _manifest(self) -> str:
        content, value = self.folder.json(MANIFEST)
        self.digest = sha256(content).hexdigest()
        self.manifest: dict[str, Any] = _object(value)
        if self.manifest.get("schema") != SCHEMA:
            raise Problem(f"schema is not {SCHEMA}")
        self.listed: dict[str, dict[str, Any]] = {}
        for entry in _list(self.manifest.get("files")):
            path = _text(_object(entry).get("path"))
            if not SAFE_PATH.fullmatch(path) or path in self.listed or path in (MANIFEST, ENVELOPE):
                raise Problem(f"lists the unsafe or repeated path {path[:120]!r}")
            self.listed[path] = entry
        if list(self.listed) != sorted(self.listed):
            raise Problem("files are not sorted by path")
        self.populations = [self._population(_object(entry)) for entry in _list(self.manifest.get("populations"))]
        if len({(p.control_id, p.population_id) for p in self.populations}) != len(self.populations):
            raise Problem("a population stands twice")
        self.state = _text(self.manifest.get("state"))
        return f"canonical, schema {SCHEMA}, {len(self.listed)} files, {len(self.populations)} populations"

    def _population(self, entry: dict[str, Any]) -> Population:
        texts = [_text(entry.get(name)) for name in ("control_id", "population_id", "frame_id", "file", "merkle_root")]
        version, items = entry.get("version"), entry.get("items")
        if type(version) is not int or type(items) is not int or items < 0 or version < 1:
            raise Problem("a population has no proper version or number of items")
        return Population(texts[0], texts[1], texts[2], version, texts[3], items, texts[4])

    def _envelope(self) -> str:
        _, value = self.folder.json(ENVELOPE)
        envelope = _object(value)
        if set(envelope) != {"payload", "payloadType", "signatures"} or envelope["payloadType"] != PAYLOAD_TYPE:
            raise Problem("is no DSSE envelope of an in-toto statement")
        self.payload = _base64(envelope["payload"])
        self.signatures = _list(envelope["signatures"])
        predicate = _object(_object(parse_json(_decoded(self.payload))).get("predicate"))
        self.embedded = _text(predicate.get("public_key", ""))
        expected: dict[str, Any] = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": MANIFEST, "digest": {"sha256": self.digest}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"schema": SCHEMA, **({"public_key": self.embedded} if self.embedded else {})},
        }
        if canonical(expected) != self.payload:
            raise Problem("its statement is not about this MANIFEST.json")
        return "its statement names the digest of MANIFEST.json"

    def _signature(self) -> str:
        if not self.signatures:
            if self.public_key is not None or self.embedded:
                raise Problem("the package is not signed")
            return "UNSIGNED: integrity only, compare the package digest with one obtained elsewhere"
        if len(self.signatures) != 1 or not HEX64.fullmatch(self.embedded):
            raise Problem("expected one signature and the public key that made it")
        entry = _object(self.signatures[0])
        embedded = bytes.fromhex(self.embedded)
        if set(entry) != {"keyid", "sig"} or entry["keyid"] != sha256(embedded).hexdigest():
            raise Problem("the signature's key id is not that of the public key that travels along")
        message = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(self.payload), self.payload)
        if not ed25519_valid(self.public_key or embedded, message, _base64(entry["sig"])):
            raise Problem("the signature is not valid" + (" for the public key given" if self.public_key else ""))
        self.signed_by = sha256(self.public_key or embedded).hexdigest()
        if self.public_key is None:
            return (
                f"valid for the key that travels along ({self.signed_by[:16]}…): give --public-key to prove who signed"
            )
        return f"valid for the public key given ({self.signed_by[:16]}…)"

    def _files(self) -> str:
        wrong: list[str] = []
        for path, entry in self.listed.items():
            if self.folder.sizes.get(path) != entry.get("bytes") or type(entry.get("bytes")) is not int:
                wrong.append(path)
                continue
            digest = sha256()
            with self.folder.open(path) as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
            if digest.hexdigest() != entry.get("sha256"):
                wrong.append(path)
        _require_none(wrong, "file(s) missing or altered")
        return f"{len(self.listed)} files have the bytes and hashes of the manifest"

    def _unlisted(self) -> str:
        extra = sorted(set(self.folder.sizes) - set(self.listed) - {MANIFEST, ENVELOPE})
        parents = {path[:at] for path in self.listed for at, sign in enumerate(path) if sign == "/"}
        extra += sorted(set(self.folder.folders) - parents)
        _require_none(extra, "file(s) or folder(s) not in the manifest")
        return "every file of the folder is in the manifest"

    def _engagement(self) -> str:
        digest = sha256()
        with self.folder.open("engagement.json") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        if digest.hexdigest() != self.manifest.get("engagement_sha256"):
            raise Problem("engagement.json is not the one of the manifest")
        return "engagement.json is the one of the manifest"

    # registers and populations

    def _registers(self) -> str:
        self.rules = self._rules()
        self.plan = {row["control_id"]: row for row in self.folder.table("sampling_plan.csv", PLAN_COLUMNS)}
        self.samples: dict[str, list[Row]] = {}
        for control in self.plan:
            name = f"samples/{control}_sample.csv"
            self.samples[control] = self.folder.table(name, SAMPLE_COLUMNS) if name in self.folder.sizes else []
        self.register = self.folder.table(
            "exception_register.csv", ("exception_id", "type", "control_id", "rule_id", "item_key", "severity")
        )
        self.open_exceptions: dict[tuple[str, str], dict[str, str]] = {}
        for row in self.register:
            if row["type"] in ("item", "not_testable"):
                of_item = self.open_exceptions.setdefault((row["control_id"], row["item_key"]), {})
                of_item[row["rule_id"]] = row["severity"]
        self.results = self.folder.table(
            "test_results.csv", ("control_id", "items", "passed", "exceptions", "not_testable", "not_due")
        )
        rules = sum(len(rules) for rules in self.rules.values())
        return f"{rules} rules, {len(self.register)} exceptions, {len(self.plan)} sampling plans"

    def _rules(self) -> dict[str, list[Rule]]:
        """Rules by control; a rule with several versions of its threshold stands in several rows."""
        needed = ("rule_id", "control_id", "effect", "role", "severity", "escalates_on", "escalated_severity")
        rules: dict[str, list[Rule]] = {}
        for row in self.folder.table("rules.csv", needed):
            role = row["role"] if row["effect"] == "exception" else ""
            column = row["rule_id"].partition(".")[2].lower()
            rule = Rule(row["rule_id"], column, role, row["severity"], row["escalates_on"], row["escalated_severity"])
            of_control = rules.setdefault(row["control_id"], [])
            if rule not in of_control:
                of_control.append(rule)
        names = [rule.rule_id for of_control in rules.values() for rule in of_control]
        if len(set(names)) != len(names):
            raise Problem("rules.csv says two things about one rule")
        return rules

    def _populations(self) -> str:
        fields = ("control_id", "population_id", "frame_id", "version", "items", "merkle_root")
        shown = {tuple(row[name] for name in fields) for row in self.folder.table("populations.csv", fields)}
        stated = {
            (p.control_id, p.population_id, p.frame_id, str(p.version), str(p.items), p.merkle_root)
            for p in self.populations
        }
        if shown != stated:
            raise Problem("populations.csv and the manifest disagree")
        return f"populations.csv and the manifest agree on {len(stated)} populations"

    def _missing(self) -> str:
        wanted = set(FIXED)
        for population in self.populations:
            stem = population.file[: -len(".csv")]
            wanted |= {population.file, f"{stem}__sources.csv", f"samples/{population.control_id}_sample.csv"}
            wanted |= {f"ipe/{population.control_id}.md", f"ipe/sql/{population.population_id}.sql"}
        _require_none(sorted(wanted - set(self.listed)), "file(s) that every package has are not there")
        return f"{len(wanted)} files that every package has are there"

    def _scan_all(self) -> str:
        self.scans: dict[str, Scan] = {}
        problems: list[str] = []
        for population in self.populations:
            scan = self.scans[population.control_id] = self._scan(population)
            if scan.tree.size != population.items:
                problems.append(f"{population.file}: {scan.tree.size} items, the manifest says {population.items}")
            if scan.tree.root() != population.merkle_root:
                problems.append(f"{population.file}: the root differs")
            problems += [f"{population.file}: {problem}" for problem in scan.problems[:3]]
        _require_none(problems, "problem(s)")
        total = sum(scan.tree.size for scan in self.scans.values())
        return f"{total} items: roots, numbers, order and results by rule agree"

    def _scan(self, population: Population) -> Scan:
        scan = Scan()
        control = population.control_id
        plan = self.plan.get(control, {})
        seed, size = plan.get("seed", ""), number(plan.get("sample_size") or "0")
        prefix = f"{seed}\x1f{population.frame_id}\x1f".encode()
        wanted = {number(row["leaf_index"]) for row in self.samples.get(control, [])}
        heaps: dict[str, list[tuple[int, str]]] = {}
        previous = ""
        by_month = plan.get("method") == "stratified_by_month"
        for index, (line, row) in enumerate(self.folder.rows(population.file, ("control_id", "item_key", "status"))):
            scan.tree.add(line)
            key = row["item_key"]
            if index and key <= previous:
                scan.problems.append(f"{key[:80]!r} stands out of order or twice")
            previous = key
            self._judge(scan, control, key, row)
            if index in wanted:
                scan.lines[index] = (line, row)
            if seed and size:
                stratum = row.get("occurred_on", "")[:7] if by_month else ""
                scan.months[stratum] = scan.months.get(stratum, 0) + 1
                _keep_lowest(heaps.setdefault(stratum, []), size, sha256(prefix + key.encode()).hexdigest(), key)
        scan.lowest = {
            name: sorted((f"{-negative:064x}", key) for negative, key in heap) for name, heap in heaps.items()
        }
        return scan

    def _judge(self, scan: Scan, control: str, key: str, row: Row) -> None:
        """Compare an item's status with its rules and with the exception register."""
        status = row["status"]
        if status not in scan.statuses or row["control_id"] != control:
            scan.problems.append(f"{key[:80]!r} has status {status[:20]!r} of control {row['control_id'][:20]!r}")
            return
        scan.statuses[status] += 1
        rules = [rule for rule in self.rules.get(control, []) if rule.role]
        met = {rule.rule_id: rule.severity_of(row) for rule in rules if row.get(rule.column, "") == "true"}
        if bool(met) != (status == "EXCEPTION"):
            scan.problems.append(f"{key[:80]!r} is {status} but its rules say otherwise")
        tested = all(row.get(rule.column, "") == "false" for rule in rules if rule.role == "key")
        if status in ("PASS", "NOT_DUE") and not tested:
            scan.problems.append(f"{key[:80]!r} is {status} although a key rule is not tested")
        if status == "NOT_TESTABLE":
            met = {f"{control}.NOT_TESTABLE": "medium"}
        registered = self.open_exceptions.pop((control, key), {})
        if set(met) != set(registered):
            scan.problems.append(f"{key[:80]!r}: its rules and the exception register disagree")
        elif met != registered:
            scan.problems.append(f"{key[:80]!r}: a severity is not the one that rules.csv gives")

    def _results(self) -> str:
        problems: list[str] = []
        seen: set[str] = set()
        for row in self.results:
            control = row["control_id"]
            if not row["items"]:
                continue  # a test of design that counts nothing
            seen.add(control)
            counts = self.scans[control].statuses if control in self.scans else dict.fromkeys(STATUSES, 0)
            named = (
                ("passed", "PASS"),
                ("exceptions", "EXCEPTION"),
                ("not_testable", "NOT_TESTABLE"),
                ("not_due", "NOT_DUE"),
            )
            agree = all(number(row[column]) == counts[status] for column, status in named)
            total = sum(counts.values())
            if not agree or number(row["items"]) != total:
                problems.append(f"{control}: counts differ from the population")
            high = counts["EXCEPTION"] + counts["NOT_TESTABLE"]
            rates = (("exception_rate_low", counts["EXCEPTION"]), ("exception_rate_high", high))
            if total and not all(_rate_agrees(row.get(column, ""), count, total) for column, count in rates):
                problems.append(f"{control}: a rate differs from the population")
        problems += [f"{p.control_id}: no results" for p in self.populations if p.control_id not in seen]
        _require_none(problems, "problem(s)")
        return f"{len(seen)} controls: counts and rates agree with the populations"

    def _register(self) -> str:
        problems = [f"{control} {key[:80]}: no such item" for control, key in self.open_exceptions]
        ids = [row["exception_id"] for row in self.register]
        if len(set(ids)) != len(ids) or ids != sorted(ids):
            problems.append("identifiers repeat or are out of order")
        known = {rule.rule_id for rules in self.rules.values() for rule in rules}
        for row in self.register:
            named = sha256(f"{row['rule_id']}\x1f{row['item_key']}".encode()).hexdigest()[:16]
            if row["exception_id"] != f"EX-{named}":
                problems.append(f"{row['exception_id'][:40]}: not the identifier of its rule and item")
            if row["type"] not in REGISTER_TYPES:
                problems.append(f"{row['exception_id'][:40]}: unknown type {row['type'][:20]!r}")
            if row["type"] == "item" and row["rule_id"] not in known:
                problems.append(f"{row['exception_id'][:40]}: unknown rule")
        _require_none(problems, "problem(s)")
        return f"{len(ids)} rows, each traced to its item; no exception without a row"

    def _details(self) -> str:
        collected = self._committed()
        problems: list[str] = []
        files = 0
        for population in self.populations:
            stem = population.file[: -len(".csv")] + "__"
            for name in sorted(self.listed):
                if name.startswith(stem) and name.endswith(".csv"):
                    files += 1
                    problems += self._trace(population.file, name, collected)
        main = {population.file for population in self.populations}
        stems = tuple(file[: -len(".csv")] + "__" for file in main)
        stray = [n for n in self.listed if n.startswith("evidence/") and n not in main and not n.startswith(stems)]
        problems += [f"{name} belongs to no population" for name in stray]
        _require_none(problems, "problem(s)")
        return f"{files} files of sources and details, every row traced to its item"

    def _committed(self) -> dict[str, str]:
        rows = self.folder.table("collections.csv", ("kind", "collection_id", "collected_at"))
        return {row["collection_id"]: row["collected_at"] for row in rows if row["kind"] == "committed"}

    def _trace(self, population: str, name: str, collected: dict[str, str]) -> Iterator[str]:
        """Merge a sorted detail file with its sorted population; what was excluded must be no item of it."""
        excluded = name.endswith("__excluded.csv")
        sources = name.endswith("__sources.csv")
        previous = ""
        keys = (row["item_key"] for _, row in self.folder.rows(population, ("item_key",)))
        current = next(keys, None)
        for _, row in self.folder.rows(name, ("item_key",)):
            key = row["item_key"]
            while current is not None and current < key:
                if sources and current != previous:
                    yield f"{name}: no record of a source stands behind {current[:80]!r}"
                    return
                current = next(keys, None)
            if (current == key) == excluded or key < previous:
                yield f"{name}: {key[:80]!r} is {'an item all the same' if excluded else 'no item'}, or out of order"
                return
            previous = key
            origin = row.get("collection_id", "")
            if sources and (not origin or row.get("collected_at") != collected.get(origin, "never")):
                yield f"{name}: {origin[:80]!r} is no committed collection of that time"
                return
        if sources and current is not None and (current != previous or next(keys, None) is not None):
            yield f"{name}: no record of a source stands behind the last items"

    # samples

    def _sizes(self) -> str:
        sampling = _sampling(self.folder)
        problems: list[str] = []
        for control, plan in sorted(self.plan.items()):
            problems += [f"{control}: {problem}" for problem in _size_differences(plan, sampling)]
        _require_none(problems, "problem(s)")
        return f"{len(self.plan)} sizes follow from confidence, tolerable rate and expected deviations"

    def _order(self) -> str:
        """A later version of a population may be frozen after the seed, never after its draw."""
        rows = self.folder.table("populations.csv", ("control_id", "frame_id", "version", "frozen_at"))
        late: list[str] = []
        for row in rows:
            plan = self.plan.get(row["control_id"], {})
            received, drawn = plan.get("seed_received_at", ""), plan.get("drawn_at", "")
            first = row["version"] == "1" and row["control_id"] == row["frame_id"]
            stamped = [at for at in (row["frozen_at"], received, drawn) if at]
            if not row["frozen_at"] or not all(INSTANT.fullmatch(at) for at in stamped):
                late.append(f"{row['control_id']}: an instant is none")
            elif (first and received and _instant(row["frozen_at"]) > _instant(received)) or (
                drawn and _instant(row["frozen_at"]) > _instant(drawn)
            ):
                late.append(f"{row['control_id']}: frozen after its seed was received or its sample drawn")
        _require_none(late, "problem(s)")
        return f"{len(rows)} populations were frozen before their seed and their draw"

    def _samples(self) -> str:
        by_control = {population.control_id: population for population in self.populations}
        problems: list[str] = []
        drawn = 0
        for control, plan in sorted(self.plan.items()):
            rows, scan, population = self.samples[control], self.scans[control], by_control[control]
            found = list(self._differences(plan, rows, scan, population))
            problems += [f"{control}: {problem}" for problem in found[:3]]
            drawn += len(rows)
        names = {f"samples/{control}_sample.csv" for control in self.plan}
        stray = [
            n
            for n in self.listed
            if n.startswith("samples/") and not n.startswith("samples/superseded/") and n not in names
        ]
        problems += [f"{name} has no plan" for name in stray] + [
            f"{c}: no plan" for c in by_control if c not in self.plan
        ]
        _require_none(problems, "problem(s)")
        return f"{drawn} items: same tickets, order and proofs when drawn again from the seed"

    def _differences(self, plan: Row, rows: list[Row], scan: Scan, population: Population) -> Iterator[str]:
        if number(plan["population_items"]) != population.items or plan["frame_id"] != population.frame_id:
            yield "the plan is for another population"
        if not plan["seed"]:
            if rows:
                yield "a sample without a seed"
            return
        if not plan["seed_received_at"] or _instant(plan["seed_received_at"]) > _instant(plan["drawn_at"]):
            yield "drawn before the seed was received"
        size = number(plan["sample_size"])
        if size > population.items:
            yield "more items planned than there are"
        if plan["method"] == "stratified_by_month":
            shares = allocate(scan.months, size)
            expected = sorted((t, k, s) for s, n in shares.items() for t, k in scan.lowest[s][:n])
        elif plan["method"] == "simple_random":
            expected = [(t, k, "") for t, k in scan.lowest.get("", [])[:size]]
        else:
            yield "unknown method"
            return
        if [(row["ticket"], row["item_key"], row["stratum"]) for row in rows] != expected:
            yield "the sample is not the one that the seed draws"
        for position, row in enumerate(rows, start=1):
            yield from _row_differences(position, row, plan, scan, population)

    def _superseded(self) -> str:
        count = 0
        for name in sorted(self.listed):
            if not name.startswith("samples/superseded/"):
                continue
            for row in self.folder.table(name, (*SAMPLE_COLUMNS, "version", "merkle_root")):
                count += 1
                current = self.samples.get(row["control_id"], [])
                if row["ticket"] != _ticket(row["seed"], row["frame_id"], row["item_key"]):
                    raise Problem(f"{name}: a ticket is not that of its item")
                if any(row["item_key"] == other["item_key"] for other in current):
                    raise Problem(f"{name}: {row['item_key'][:80]!r} is in the current sample")
        return f"{count} items displaced by later versions, tickets agree"

    # ledger and state

    def _ledger(self) -> str:
        previous, count = GENESIS, 0
        for _, row in self.folder.rows("collections.csv", COLLECTION_COLUMNS):
            count += 1
            entry = _object(parse_json(row["entry"], whole_numbers=False))
            text = row["entry"].encode()
            if sha256(text).hexdigest() != row["entry_sha256"]:
                text = canonical(entry)
            if sha256(text).hexdigest() != row["entry_sha256"]:
                raise Problem(f"entry {count}: its text does not have its hash")
            if entry.get("n") != count or row["n"] != str(count):
                raise Problem(f"entry {count}: wrong number")
            if row["previous_sha256"] != previous or entry.get("previous_sha256") != previous:
                raise Problem(f"entry {count}: does not name the hash of the entry before it")
            for name in COLLECTION_COLUMNS:
                if name not in ("entry", "entry_sha256") and _ledger_cell(name, entry) != row[name]:
                    raise Problem(f"entry {count}: column {name} is not that of its text")
            previous = row["entry_sha256"]
        if previous != self.manifest.get("ledger_head"):
            raise Problem("the last entry is not the head that the manifest names")
        return f"{count} entries, unbroken up to the head {previous[:16]}…"

    def _state(self) -> str:
        reasons = _list(self.manifest.get("incomplete_because"))
        if self.state not in ("CHECKS_PASSED", "INCOMPLETE") or bool(reasons) != (self.state == "INCOMPLETE"):
            raise Problem("state and reasons contradict each other")
        if self.state == "CHECKS_PASSED":
            against = [*self._failed_checks(), *self._unreconciled(), *self._uncovered()]
            _require_none(against, "contradiction(s) to CHECKS_PASSED")
        return self.state + (f": {len(reasons)} reason(s), see index.html" if reasons else "")

    def _failed_checks(self) -> Iterator[str]:
        rows = self.folder.table("data_checks.csv", ("check_id", "passed"))
        if not rows:
            yield "no data check was run"
        for row in rows:
            noted = row["passed"] == "note" and row["check_id"].endswith(NOTES)
            if row["passed"] != "true" and not noted:
                yield f"data check {row['check_id'][:80]} did not pass"

    def _unreconciled(self) -> Iterator[str]:
        needed = ("control_id", "reconciliation", "difference", "explained", "approved_by", "result")
        rows = self.folder.table("reconciliations.csv", needed)
        lines = self._explanations()
        for row in rows:
            if not _reconciled(row, lines.get((row["control_id"], row["reconciliation"]), [])):
                yield f"{row['control_id']}: {row['reconciliation'][:80]} neither agrees nor is explained"
        controls = {row["control_id"] for row in rows}
        for row in self.folder.table("control_matrix.csv", ("control_id",)):
            if row["control_id"] not in controls:
                yield f"{row['control_id']}: reconciled to no other source"

    def _explanations(self) -> dict[tuple[str, str], list[bool]]:
        """By reconciliation: of each item on one side only, whether somebody approved what somebody else explained."""
        needed = ("control_id", "reconciliation", "explained_by", "approved_by")
        found: dict[tuple[str, str], list[bool]] = {}
        for row in self.folder.table("reconciliation_differences.csv", needed):
            explainer, approver = (row[name].strip().lower() for name in ("explained_by", "approved_by"))
            approved = bool(explainer) and bool(approver) and explainer != approver
            found.setdefault((row["control_id"], row["reconciliation"]), []).append(approved)
        return found

    def _uncovered(self) -> Iterator[str]:
        for row in self.folder.table("coverage.csv", ("control_id", "interval_start", "collected", "status")):
            if row["collected"] != "true" or row["status"] in ("not_collected", "gap"):
                yield f"{row['control_id']}: the interval from {row['interval_start'][:20]} was not collected"
        for row in self.folder.table("populations.csv", ("control_id", "status")):
            if row["status"] == "NOT_TESTABLE":
                yield f"{row['control_id']}: the population is not testable"


REGISTER_TYPES = ("item", "control_not_operated", "not_collected", "not_testable")
PLAN_COLUMNS = (
    "frame_id", "control_id", "population_items", "method", "confidence", "tolerable_rate", "expected_deviations",
    "sample_size", "basis", "seed", "seed_received_at", "drawn_at",
)  # fmt: skip
SAMPLE_COLUMNS = (
    "sample_id", "frame_id", "control_id", "design", "stratum", "seed", "ticket", "draw", "item_key", "occurred_at",
    "evidence_url", "leaf_index", "inclusion_proof", "auditor_result", "auditor_reference",
)  # fmt: skip


def _row_differences(position: int, row: Row, plan: Row, scan: Scan, population: Population) -> Iterator[str]:
    stated = (row["seed"], row["frame_id"], row["control_id"], row["design"], row["draw"])
    if stated != (plan["seed"], plan["frame_id"], plan["control_id"], plan["method"], str(position)):
        yield f"draw {position}: seed, frame, design or number differ from the plan"
    if row["sample_id"] != f"{plan['control_id']}-{position:03d}":
        yield f"draw {position}: wrong sample_id"
    index = number(row["leaf_index"])
    line, item = scan.lines.get(index, (b"", {}))
    if any(row[name] != item.get(name, "") for name in ("item_key", "occurred_at", "evidence_url")):
        yield f"draw {position}: differs from the line of its item"
    elif proven_root(line, index, population.items, row["inclusion_proof"]) != population.merkle_root:
        yield f"draw {position}: its proof does not lead to the root"


def _keep_lowest(heap: list[tuple[int, str]], size: int, ticket: str, key: str) -> None:
    """Keep the ``size`` lowest tickets in a heap whose first element is the highest of them."""
    entry = (-int(ticket, 16), key)
    if len(heap) < size:
        heapq.heappush(heap, entry)
    elif entry > heap[0]:
        heapq.heapreplace(heap, entry)


def _ticket(seed: str, frame_id: str, item_key: str) -> str:
    return sha256(f"{seed}\x1f{frame_id}\x1f{item_key}".encode()).hexdigest()


def allocate(strata: dict[str, int], size: int) -> dict[str, int]:
    """Share a sample among months by largest remainder, at least one for each."""
    sizes = {name: count for name, count in sorted(strata.items()) if count > 0}
    total = sum(sizes.values())
    wanted = min(max(size, len(sizes)), total)
    shares = {name: Fraction(wanted * count, total) for name, count in sizes.items()}
    drawn = {name: min(max(1, int(share)), sizes[name]) for name, share in shares.items()}
    while sum(drawn.values()) < wanted:
        rest = [name for name in sizes if drawn[name] < sizes[name]]
        drawn[min(rest, key=lambda name: (drawn[name] - shares[name], name))] += 1
    while sum(drawn.values()) > wanted:
        rest = [name for name in sizes if drawn[name] > 1]
        drawn[max(rest, key=lambda name: (drawn[name] - shares[name], name))] -= 1
    return drawn


# --- sizes of samples ----------------------------------------------------------------------------------------------

SMALL_POPULATION = 1000
PRESETS = {
    "annual": (1, 1, 1),
    "quarterly": (2, 2, 3),
    "monthly": (2, 3, 4),
    "weekly": (5, 8, 15),
    "daily": (20, 30, 40),
    "many times a day": (25, 40, 60),
}
PRESET = re.compile(r"preset for frequency ([a-z ]+), (low|moderate|high) risk(:.*)?", re.DOTALL)


def _sampling(folder: Folder) -> dict[str, Any]:
    """The sampling parameters of engagement.json."""
    with folder.open("engagement.json") as file:
        content = file.read(MAX_JSON)
    return _object(_object(parse_json(_decoded(content), whole_numbers=False)).get("sampling") or {})


def _size_differences(plan: Row, sampling: dict[str, Any]) -> Iterator[str]:
    """Compare a plan with the engagement and its size with what the named formula gives."""
    confidence, rate = _fraction(plan["confidence"]), _fraction(plan["tolerable_rate"])
    allowed, items = number(plan["expected_deviations"]), number(plan["population_items"])
    stated = {"confidence": confidence, "tolerable_rate": rate, "expected_deviations": allowed}
    for name, value in stated.items():
        if name in sampling and sampling[name] != value:
            yield f"{name} is not that of engagement.json"
    if sampling.get("seed") and not plan["seed"]:
        yield "the engagement has a seed and the plan has none"
    preset = PRESET.match(plan["basis"])
    if (preset is not None) != (sampling.get("preset") == "frequency"):
        yield "basis: a preset, or none, other than engagement.json says"
    elif preset is not None:
        sizes = PRESETS.get(preset.group(1), (0, 0, 0))
        if number(plan["sample_size"]) != min(sizes[("low", "moderate", "high").index(preset.group(2))], items):
            yield "the sample size is not that of the preset"
    else:
        formula, size = required_size(items, confidence, rate, allowed)
        if not plan["basis"].startswith(formula) or number(plan["sample_size"]) != size:
            yield f"the sample size is not {size}, which the {formula} formula gives"


def required_size(items: int, confidence: float, rate: float, allowed: int) -> tuple[str, int]:
    """The formula for a population and the least size with P(at most ``allowed`` deviations) <= 1 - confidence."""
    if not items:
        return "empty population", 0
    if allowed > 1000:
        raise Problem("too many expected deviations")
    if items <= SMALL_POPULATION:
        wrong = int((Decimal(items) * Decimal(str(rate))).to_integral_value(ROUND_CEILING))
        least = _least(allowed, items, 1 - confidence, lambda size: _hypergeometric(allowed, items, wrong, size))
        return "hypergeometric", least
    return "binomial", _least(allowed, items, 1 - confidence, lambda size: _binomial(allowed, size, rate))


def _least(allowed: int, items: int, risk: float, probability: Callable[[int], float]) -> int:
    """Search the least size: the larger the sample, the smaller the probability."""
    low, high = min(allowed + 1, items), items
    while low < high:
        middle = (low + high) // 2
        if probability(middle) <= risk:
            high = middle
        else:
            low = middle + 1
    return low


def _binomial(at_most: int, size: int, rate: float) -> float:
    return math.fsum(math.comb(size, k) * rate**k * (1 - rate) ** (size - k) for k in range(at_most + 1))


def _hypergeometric(at_most: int, items: int, wrong: int, size: int) -> float:
    ways = sum(math.comb(wrong, k) * math.comb(items - wrong, size - k) for k in range(at_most + 1))
    return ways / math.comb(items, size)


def _fraction(text: str) -> float:
    if not re.fullmatch(r"[0-9]\.?[0-9]{0,17}(e-[0-9]{1,2})?", text) or not 0 < float(text) < 1:
        raise Problem(f"{text[:20]!r} is no rate between 0 and 1")
    return float(text)


# --- cells and instants --------------------------------------------------------------------------------------------

INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
BREAKS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
IS_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _instant(text: str) -> tuple[str, str]:
    """What orders instants: the second, then its fraction."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    return whole, fraction.ljust(6, "0")


def _ledger_cell(column: str, entry: dict[str, Any]) -> str:
    """The cell that collections.csv must show of a ledger entry."""
    if column in ("permission", "permission_detail"):
        value = (entry.get("permission") or {}).get("result" if column == "permission" else "detail")
    else:
        value = entry.get(column)
    if value is None or value == {} or value == []:
        return ""
    if isinstance(value, (dict, list)):
        return BREAKS.sub(" ", canonical(value).decode())
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    formula = value[:1] in tuple("=+-@\t\r") and not IS_NUMBER.fullmatch(value)
    return BREAKS.sub(" ", ("'" if formula else "") + value)


def _reconciled(row: Row, lines: Sequence[bool]) -> bool:
    """Whether a reconciliation agrees, or every item on one side only is explained and approved by somebody else."""
    if row["result"] not in ("agrees", "explained") or not row["difference"]:
        return False
    difference = number(row["difference"].lstrip("-"))
    if row["result"] == "agrees":
        return difference == 0 and not lines
    enough = number(row["explained"] or "0") == len(lines) >= difference
    return enough and all(lines) and bool(row["approved_by"])


# --- small things --------------------------------------------------------------------------------------------------


def _rate_agrees(text: str, count: int, total: int) -> bool:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,30})?([eE]-?[0-9]{1,3})?", text):
        return False
    return abs(float(text) - count / total) < 0.0001


def _require_none(problems: Sequence[str], what: str) -> None:
    if problems:
        shown = "; ".join(problems[:4]) + ("; …" if len(problems) > 4 else "")
        raise Problem(f"{len(problems)} {what}: {shown}")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Problem("is no JSON object where one is expected")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Problem("is no JSON list where one is expected")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Problem("is no text where one is expected")
    return value


def _base64(value: Any) -> bytes:
    try:
        content = base64.b64decode(_text(value), validate=True)
    except ValueError:
        raise Problem("is no base64") from None
    if base64.b64encode(content).decode() != value:
        raise Problem("is no canonical base64")
    return content


def printable(text: str) -> str:
    """Text that cannot steer a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def main(arguments: list[str] | None = None) -> int:
    """Verify a folder and print the result."""
    parser = argparse.ArgumentParser(description="Verify an evidence package.")
    parser.add_argument(
        "folder", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), help="the package's folder"
    )
    parser.add_argument("--public-key", metavar="FILE", help="the signer's public key, obtained elsewhere")
    options = parser.parse_args(arguments)
    key = None
    if options.public_key:
        try:
            with open(options.public_key, "rb") as file:
                key = read_public_key(file.read(10_000))
        except (OSError, Problem) as error:
            print(f"FAIL public key: {printable(str(error))}")
            return 1
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    verifier = Verifier(options.folder, key)
    failed = 0
    for check in verifier.run():
        failed += not check.passed
        print(printable(f"{'ok  ' if check.passed else 'FAIL'} {check.name}: {check.detail}"))
    if verifier.digest:
        print(f"package digest: {verifier.digest}")
    print(f"NOT VERIFIED: {failed} check(s) failed" if failed else f"verified; state {printable(verifier.state)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
