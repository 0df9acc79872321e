"""Are the notebooks clean and the modules their export? Exports a copy and compares: the verdict is the same in a fresh clone and
in a tree with uncommitted work, the same twice in a row, and no file of the tree is touched."""
import os, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REMEDY = 'run nbdev_export, then nbdev_clean, and commit notebook and module together'
TOOLS = {'nbdev_export': 'nbdev.doclinks', 'nbdev_clean': 'nbdev.clean'}   # command -> the module that holds it
SKIP = shutil.ignore_patterns('data', '__pycache__', '.ipynb_checkpoints')   # package data is large, caches are not source

def contents(root):
    "Every file the gate is about, with its bytes."
    files = [*sorted((root/'nbs').glob('*.ipynb')), *sorted((root/'shoes_lora').glob('*.py')), root/'pyproject.toml', root/'settings.ini']
    return {str(f.relative_to(root)): f.read_bytes() for f in files}

def out_of_sync(root):
    "Files of `root` that `nbdev_export; nbdev_clean` would change, add or remove."
    env = {k: v for k, v in os.environ.items() if k != 'IN_TEST'}            # with it nbdev_export does nothing and exits 0
    with tempfile.TemporaryDirectory() as tmp:
        twin = Path(tmp).resolve()/'twin'
        for d in ('nbs', 'shoes_lora'): shutil.copytree(root/d, twin/d, ignore=SKIP)
        for f in ('settings.ini', 'pyproject.toml', 'setup.py', 'README.md'): shutil.copy2(root/f, twin/f)
        for tool, module in TOOLS.items():
            r = subprocess.run([sys.executable, '-c', f'from {module} import {tool}; {tool}()'], cwd=twin, env=env, capture_output=True, text=True)
            if r.returncode or 'Failed to clean' in r.stderr: sys.exit(f'{tool} failed:\n{r.stdout}{r.stderr}')
        before, after = contents(root), contents(twin)
    return sorted(f for f in before.keys() | after.keys() if before.get(f) != after.get(f))

if __name__ == '__main__':
    notebooks = len(list((ROOT/'nbs').glob('*.ipynb')))
    if not notebooks: sys.exit('the sync gate found no notebooks in nbs: a green gate would mean nothing')
    if bad := out_of_sync(ROOT): sys.exit(f'out of sync: {", ".join(bad)}. Remedy: {REMEDY}.')
    print(f'{notebooks} notebooks are clean and the modules are their export')
