"Rules about the repository as files, which running the notebooks cannot show."
import ast, json, re, subprocess, sys
from pathlib import Path

import pytest

from conftest import NOTEBOOKS, ROOT, code_cells, directives

PACKAGE = ROOT/'shoes_lora'
MODULES = sorted(p for p in PACKAGE.glob('*.py') if p.name[0] != '_')
PROGRAM = ROOT/'nbs'/'05_evaluate.ipynb'   # run by papermill; exports nothing
DIRECTIVES = re.compile(r'default_exp \w+|export|exporti|hide|(eval|echo|output):\s*(true|false)|slow|gpu|notest')
LIGHT = ('env_check', 'checkpoints', 'metrics', 'distances', 'diversity', 'selection', 'panels', 'cli')    # promised to import without torch
PANELS = ('panels', 'compare_panel', 'blind_choice', 'xy_grid', 'checklist')     # what may have widgets
WRITTEN = [p for d in ('shoes_lora', 'nbs', 'tests', 'benchmarks', '.ci') for p in sorted((ROOT/d).rglob('*'))
           if p.suffix in ('.py', '.ipynb', '.md', '.json', '.txt', '') and p.is_file() and not {'__pycache__', '.ipynb_checkpoints'} & set(p.parts)]
each = pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda p: p.stem)

def exported(source): return any(d.startswith('export') for d in directives(source))

@each
def test_cells_have_ids_and_only_known_metadata(path):
    nb = json.loads(path.read_text(encoding='utf-8'))
    ids = [c.get('id') for c in nb['cells']]
    assert (nb['nbformat'], nb['nbformat_minor'] >= 5) == (4, True) and all(ids), 'cells without ids change at every export'
    assert len(set(ids)) == len(ids), 'two cells share an id'
    assert 'widgets' not in nb['metadata'], 'saved widget state'
    assert all(set(c['metadata']) <= {'tags'} for c in nb['cells']), 'run nbdev_clean'

@each
def test_directives_are_known_and_at_the_top(path):
    for cell, source, _ in code_cells(path):
        top = directives(source)
        for d in top: assert DIRECTIVES.fullmatch(d), f'unknown directive "#| {d}" in cell {cell}; a flag with a value (slow: true) is not skipped'
        every = [l for l in source.splitlines() if re.match(r'\s*#\s*\|', l)]
        assert len(every) == len(top), f'a directive after the first line of code or comment is ignored, in cell {cell}'

@each
def test_begins_with_its_module_and_purpose(path):
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    first, title = ''.join(cells[0]['source']), ''.join(cells[1]['source'])
    if path == PROGRAM: assert re.match(r'# \w[\w ]+\n\n> \S', first), 'the first cell is a title and one sentence of purpose'
    else:
        assert re.fullmatch(r'#\| default_exp \w+', first.strip()), 'the first cell names the module and nothing else'
        name = first.split()[-1]
        assert cells[1]['cell_type'] == 'markdown' and re.match(rf'# {name}\n\n> \S', title), f'the second cell is "# {name}" and one sentence of purpose'
    code = sum(c['cell_type'] == 'code' for c in cells)
    assert (len(cells) - code)*3 >= code - 1, f'{len(cells) - code} prose cells explain {code} code cells'
    assert path.stat().st_size < 500_000, 'a notebook stays under 500 KB'

@each
def test_nothing_that_hides_a_failure(path):
    for cell, source, _ in code_cells(path):
        for line in source.splitlines():
            assert not re.match(r'\s*(!|%%|%load_ext|%pip|%cd)', line), f'shell lines and magics hide their exit status: {line.strip()} in cell {cell}'
        assert 'nbdev_export(' not in source, f'nbdev_test skips a cell that holds this text: {cell}'
        assert not re.search(r"filterwarnings\(['\"]ignore['\"]\)|sys\.path\.(insert|append)\(", source), f'in cell {cell}'
        unused = [n.name for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name.startswith('test_')]
        assert not unused, f'nobody calls {unused} in cell {cell}'

def reached(definitions, shown):
    "Names of `definitions` that `shown` code uses: by name, or as what a used function returns or a used class holds."
    used = {d.name for d in definitions if re.search(rf'\b{d.name}\b', shown)}
    for _ in definitions:
        into = ' '.join(ast.unparse(a) for d in definitions if d.name in used for n in ast.walk(d)
                        for a in (getattr(n, 'returns', None), n.annotation if isinstance(n, ast.AnnAssign) else None) if a)
        used |= {d.name for d in definitions if isinstance(d, ast.ClassDef) and re.search(rf'\b{d.name}\b', into)}
    return used

@each
def test_every_public_name_is_used(path):
    cells = code_cells(path)
    public = [n for _, s, _ in cells if exported(s) for n in ast.parse(s).body if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name[0] != '_']
    bare = {n.name for n in public} - reached(public, '\n'.join(s for _, s, _ in cells if not exported(s)))
    assert not bare, f'exported but never shown or checked: {sorted(bare)}'

def shows_a_figure(source):
    "Whether the last line of a cell hands a figure to Jupyter."
    last = ast.parse(source).body[-1:]
    return bool(last) and isinstance(last[0], ast.Expr) and (re.match(r'(plot_|draw_forest)\w*\(', (line := ast.unparse(last[0]))) or line == 'fig')

@each
def test_figures_are_stored(path):
    for cell, source, c in code_cells(path):
        if shows_a_figure(source): assert 'image/png' in json.dumps(c['outputs']), f'cell {cell} shows a figure that a reader on the web does not see: run make notebooks'

@each
def test_outputs_are_the_same_on_every_machine(path):
    for cell, _, c in code_cells(path):
        text = json.dumps(c['outputs'])
        assert 'widget-view' not in text, f'widget output in cell {cell}'
        assert not any(o['output_type'] == 'error' for o in c['outputs']), f'a stored error in cell {cell}'
        assert not re.search(r'\d+%\|', text), f'a progress bar in cell {cell}'
        assert not re.search(r'0x[0-9a-f]{8,}', text), f'a memory address in cell {cell}'

@pytest.mark.parametrize('path', WRITTEN, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_paths_of_a_machine(path):
    found = re.findall(r'/(?:home|root|Users|work|tmp|mnt|opt)/\w[\w./-]*', path.read_text(encoding='utf-8'))
    assert not found, f'{found[:3]} exist on one machine only'

def test_parameters_cell():
    tagged = [(s, c) for _, s, c in code_cells(PROGRAM) if 'parameters' in c['metadata'].get('tags', [])]
    assert len(tagged) == 1, 'without exactly one tagged cell papermill runs the defaults and exits 0'
    source = tagged[0][0]
    assert not directives(source), 'the parameters cell carries no directive'
    assert all(isinstance(n, ast.Assign) and isinstance(ast.literal_eval(n.value), object) for n in ast.parse(source).body), 'literals only'

def test_parameters_elsewhere():
    for path in NOTEBOOKS:
        if path != PROGRAM: assert not any(c['metadata'].get('tags') for _, _, c in code_cells(path)), f'{path.name} has tagged cells'

def test_program_travels_with_the_package():
    assert not [s for _, s, _ in code_cells(PROGRAM) if '#| export' in s], 'the program defines nothing'
    assert (ROOT/'shoes_lora'/'data'/PROGRAM.name).read_bytes() == PROGRAM.read_bytes(), f'copy nbs/{PROGRAM.name} into shoes_lora/data, where an installed package has it'

def test_no_orphan_modules():
    of = {}
    for path in NOTEBOOKS:
        if path != PROGRAM: of[directives(code_cells(path)[0][1])[0].split()[1]] = path
    assert len(of) == len(NOTEBOOKS) - 1, 'two notebooks export the same module'
    assert {m.stem for m in MODULES} == set(of), 'a module without notebook, or a notebook without module'
    for m in MODULES: assert f'File to edit: ../nbs/{of[m.stem].name}' in m.read_text(encoding='utf-8'), f'{m.name} is not the export of {of[m.stem].name}'

@pytest.mark.parametrize('path', MODULES, ids=lambda p: p.stem)
def test_modules_import_what_they_may(path):
    tree = ast.parse(path.read_text(encoding='utf-8'))
    roots = lambda n: [a.name.split('.')[0] for a in n.names] if isinstance(n, ast.Import) else [n.module.split('.')[0]] if isinstance(n, ast.ImportFrom) and n.module and not n.level else []
    anywhere = {r for n in ast.walk(tree) for r in roots(n)}
    assert not anywhere & {'fastcore', 'nbdev', 'IPython', 'execnb'}, 'tools of the notebooks do not belong into modules'
    if path.stem not in PANELS: assert 'ipywidgets' not in anywhere
    assert 'matplotlib' not in {r for n in tree.body for r in roots(n)}, 'matplotlib is imported inside functions that draw'
    assert not any(isinstance(n, ast.ImportFrom) and any(a.name == '*' for a in n.names) for n in ast.walk(tree)), 'import *'

@pytest.mark.parametrize('name', LIGHT)
def test_light_modules_import_without_torch(name):
    heavy = ('torch', 'diffusers', 'transformers', 'peft', 'matplotlib', 'fastcore') + (() if name in ('metrics', 'distances', 'diversity', 'selection', 'panels') else ('numpy', 'scipy'))
    r = subprocess.run([sys.executable, '-c', f'import sys, shoes_lora.{name}; print(sorted(set({heavy!r}) & set(sys.modules)))'], cwd=ROOT, capture_output=True, text=True)
    assert r.stdout.strip() == '[]', r.stdout + r.stderr

def test_ignored_folders_say_what_goes_there():
    for name in ('data', 'outputs'): assert (ROOT/name/'README.md').read_text(encoding='utf-8').startswith(f'# {name}')
    if not (ROOT/'.git').exists(): pytest.skip('not a git checkout')
    ask = lambda p: subprocess.run(['git', 'check-ignore', '-q', p], cwd=ROOT).returncode == 0
    assert [ask(p) for p in ('data/x.png', 'outputs/demo/report.html', '.venv/x', 'nbs/.ipynb_checkpoints/x')] == [True]*4
    assert [ask(p) for p in ('data/README.md', 'outputs/README.md', 'shoes_lora/data/tiny_sd/model_index.json', 'nbs/00_env_check.ipynb')] == [False]*4
