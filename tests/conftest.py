"What the tests share: the repository, its notebooks, and a summary of what the notebooks really ran."
import hashlib, json, os, re, shutil, subprocess, tempfile
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted(p for p in (ROOT/'nbs').glob('*.ipynb') if p.name[0] not in '_.')

def directives(source):
    "Words after `#|` at the top of a cell; after the first line of code or comment nbdev reads none."
    found = []
    for line in source.splitlines():
        if m := re.match(r'\s*#\s*\|\s*(.*)', line): found.append(m[1].strip())
        elif line.strip() and not line.lstrip().startswith('%%'): break
    return found

def code_cells(path):
    "(id, source, cell) of every code cell of notebook `path`."
    return [(c['id'], ''.join(c['source']), c) for c in json.loads(path.read_text(encoding='utf-8'))['cells'] if c['cell_type'] == 'code']

@pytest.hookimpl(tryfirst=True)   # before the plugin that reads the groups
def pytest_collection_modifyitems(items):
    "Notebooks may run side by side; every other file is one piece of work, whose fixtures are made once."
    for item in items:
        if item.path.stem != 'test_notebooks': item.add_marker(pytest.mark.xdist_group(item.path.stem))

def pytest_collection_finish(session):
    "A group that the plugin does not see makes its fixtures once more in every process, without a word."
    lost = [i.nodeid for i in session.items if i.get_closest_marker('xdist_group') and '@' not in i.nodeid]
    if lost and getattr(session.config.option, 'loadgroup', False): raise pytest.UsageError(f'{lost[0]} has lost its group: this pytest-xdist needs pytest before 9.2')

def pytest_configure(config):
    "Processes side by side share the cores instead of fighting for them."
    if os.environ.get('PYTEST_XDIST_WORKER'): os.environ.setdefault('OMP_NUM_THREADS', '1')

@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    ran = {r.nodeid: dict(r.user_properties)['ran'] for r in terminalreporter.stats.get('passed', []) if 'ran' in dict(r.user_properties)}
    if not ran: return
    terminalreporter.section('notebooks')
    for name, cells, skipped, checks, seconds in sorted(ran.values()):
        terminalreporter.write_line(f'{name:28} {cells:3} cells run, {skipped} skipped, {checks:3} checks, {seconds:5.1f} s')

def page_tools():
    "The command that runs node in `frontend`, with the packages of its lock file beside it; skips where there is none."
    frontend, node, npm = ROOT/'frontend', shutil.which('node'), shutil.which('npm')
    if not node or not npm: pytest.skip('node and npm are not installed: the page cannot be built or tested here')
    version = subprocess.run([node, '-p', 'process.versions.node'], capture_output=True, text=True).stdout
    if tuple(map(int, version.split('.')[:2])) < (20, 19): pytest.skip(f'node {version.strip()} is too old for the page, which needs 20.19')
    want, stamp = hashlib.sha256((frontend/'package-lock.json').read_bytes()).hexdigest(), frontend/'node_modules'/'.installed'
    with FileLock(Path(tempfile.gettempdir())/f'shoes-lora-page-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}.lock'):     # two workers, one folder
        if not stamp.is_file() or stamp.read_text() != want:
            r = subprocess.run([npm, 'ci', '--prefer-offline'], cwd=frontend, capture_output=True, text=True, timeout=600)
            if r.returncode and re.search('ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH', r.stderr): pytest.skip('the packages of the page cannot be fetched: no registry is in reach')
            assert r.returncode == 0, r.stdout[-2000:] + r.stderr[:3000]
            stamp.write_text(want)
    return node, frontend
