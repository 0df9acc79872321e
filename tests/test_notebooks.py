"Every notebook, one item each, run from the top by nbdev_test in a process of its own."
import ast, os, re, time
from configparser import ConfigParser
from multiprocessing import get_context

import pytest
from nbdev.test import nbdev_test

from conftest import NOTEBOOKS, ROOT, code_cells, directives

# Reading the libraries costs some nine seconds, a notebook often less: one process reads them once, and every notebook's process is a fork of it. Of our own modules it knows nothing.
LIBRARIES = get_context('forkserver')
LIBRARIES.set_forkserver_preload(['nbdev.test', 'matplotlib.pyplot', 'torchmetrics', 'ipywidgets', 'peft', 'transformers.models.clip.modeling_clip', 'diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion'])
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

def run(path, log):
    "Run notebook `path` by nbdev_test, all that it and its children say going to `log`."
    with open(log, 'wb') as f:
        for stream in (1, 2): os.dup2(f.fileno(), stream)
    os.chdir(ROOT)
    nbdev_test(path=str(path), n_workers=0, timing=True)

def test_found(): assert len(NOTEBOOKS) >= 8, 'nbs holds hardly any notebooks: a green run would mean nothing'

@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook(path, record_property, tmp_path):
    cells = [s for _, s, _ in code_cells(path) if s.strip() and not skipped(s)]
    checks = sum(map(count_checks, cells))
    assert checks, 'nothing in this notebook can fail'
    log, start = tmp_path/'log', time.monotonic()
    process = LIBRARIES.Process(target=run, args=(path, log))
    process.start(); process.join(1800)
    if process.is_alive(): process.kill(); process.join()
    said = log.read_text(encoding='utf-8', errors='replace')
    done = process.exitcode == 0 and 'Success.' in said and f'{path.name}: ' in said   # no notebook found is a success to nbdev_test
    assert done, f'exit status {process.exitcode} (negative: killed by that signal)\n{said[-10000:]}'
    record_property('ran', (path.stem, len(cells), len(code_cells(path)) - len(cells), checks, time.monotonic() - start))
