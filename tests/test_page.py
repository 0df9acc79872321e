"The page as sources and as it ships: types, components, the client of the API, and that the committed build is what the sources give."
import os, re, subprocess

import pytest

from conftest import ROOT, page_tools

PAGE = ROOT/'shoes_lora'/'data'/'page'
MOST_JS = 400_000   # bytes

@pytest.fixture(scope='module')
def tools(): return page_tools()

def run(tools, package, script, *words, **env):
    "A program of `node_modules`, run in `frontend`."
    node, frontend = tools
    r = subprocess.run([node, frontend/'node_modules'/package/script, *words], cwd=frontend, env=os.environ | env, capture_output=True, text=True, timeout=600)
    assert r.returncode == 0, f'{package} {" ".join(map(str, words))}\n{r.stdout[-6000:]}\n{r.stderr[-3000:]}'
    return r.stdout

def files(folder): return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob('*')) if p.is_file()}

def test_types_agree(tools): run(tools, 'typescript', 'bin/tsc', '--noEmit')

def test_client_is_that_of_the_openapi_document(tools, tmp_path):
    run(tools, 'openapi-typescript', 'bin/cli.js', 'openapi.json', '--output', tmp_path/'schema.d.ts')
    assert (tmp_path/'schema.d.ts').read_text() == (tools[1]/'src'/'api'/'schema.d.ts').read_text(), 'run npm run api'

def test_components(tools): run(tools, 'vitest', 'vitest.mjs', 'run', DEBUG_PRINT_LIMIT='0', CI='1')

def test_the_committed_page_is_the_build_of_its_sources(tools, tmp_path):
    run(tools, 'vite', 'bin/vite.js', 'build', PAGE_DIR=str(tmp_path/'page'))
    built, committed = files(tmp_path/'page'), files(PAGE)
    assert sorted(built) == sorted(committed), 'run npm run build in frontend, and commit shoes_lora/data/page'
    for name in built: assert built[name] == committed[name], f'{name} is another: run npm run build in frontend, and commit shoes_lora/data/page'

def test_the_page_is_small_and_asks_nobody_else():
    page = files(PAGE)
    assert sum(len(b) for n, b in page.items() if n.endswith('.js')) < MOST_JS
    html = page['index.html'].decode()
    for address in re.findall(r'(?:src|href)="([^"]*)"', html): assert address.startswith('./') and address[2:] in page, f'{address} is not in the package'
    assert not re.search(r'<script(?![^>]*\bsrc=)|<style|\son\w+=|style=', html), 'the content security policy lets no script or style in that stands in the document'
    for name, b in page.items():
        if name.endswith('.css'): assert not re.search(rb'@import|url\((?!["\']?data:)', b), f'{name} asks for another file'
        if name.endswith('.js'): assert not re.search(rb'\beval\(|new Function\(|import\("?https?:', b), f'{name} makes code of text'

def test_lock_file_names_no_server():
    lock = (ROOT/'frontend'/'package-lock.json').read_text()
    assert '"resolved"' not in lock and '"lockfileVersion": 3' in lock
