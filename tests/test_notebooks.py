"Every notebook, one item each, run from the top by nbdev_test in a process of its own."
import ast, re, subprocess, sys, time
from configparser import ConfigParser
from pathlib import Path

import pytest

from conftest import NOTEBOOKS, ROOT, code_cells, directives

NBDEV_TEST = Path(sys.executable).with_name('nbdev_test')
ini = ConfigParser(delimiters=['=']); ini.read(ROOT/'settings.ini', encoding='utf-8')
FLAGS = set(ini['DEFAULT']['tst_flags'].split())
CHECK = re.compile(r'test_\w+|expect_fail|assert_\w+')

def skipped(source):
    "Whether nbdev_test leaves the cell out."
    return any(d in FLAGS or re.fullmatch(r'eval:\s*false', d) for d in directives(source)) or 'nbdev_export(' in source

def count_checks(source):
    "Assertions and test calls in `source`, by parsing: comments and strings do not count."
    name = lambda call: getattr(call.func, 'id', getattr(call.func, 'attr', ''))
    return sum(isinstance(n, ast.Assert) or isinstance(n, ast.Call) and bool(CHECK.fullmatch(name(n))) for n in ast.walk(ast.parse(source)))

def test_found(): assert len(NOTEBOOKS) >= 8, 'nbs holds hardly any notebooks: a green run would mean nothing'

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook(path, record_property):
    run = [s for _, s, _ in code_cells(path) if s.strip() and not skipped(s)]
    checks = sum(map(count_checks, run))
    assert checks, 'nothing in this notebook can fail'
    start = time.monotonic()
    r = subprocess.run([str(NBDEV_TEST), '--n_workers', '0', '--timing', '--path', str(path)], cwd=ROOT, capture_output=True, text=True, timeout=1800)
    done = r.returncode == 0 and 'Success.' in r.stdout and f'{path.name}: ' in r.stdout   # no notebook found is a success to nbdev_test
    assert done, f'exit status {r.returncode} (negative: killed by that signal)\n{r.stdout[-2000:]}\n{r.stderr[-8000:]}'
    record_property('ran', (path.stem, len(run), len(code_cells(path)) - len(run), checks, time.monotonic() - start))
