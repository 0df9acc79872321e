"What a stranger gets: sdist -> wheel without network, installed into a fresh environment and used from another folder."
import os, shutil, subprocess, sys, tarfile, zipfile
from pathlib import Path

import pytest

from conftest import ROOT

def run(*words, cwd, **kw):
    "Output of a command; its error output when it fails."
    env = {k: v for k, v in os.environ.items() if k not in ('PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV')}   # the installed package, not the clone
    r = subprocess.run([str(w) for w in words], cwd=cwd, env=env, capture_output=True, text=True, timeout=600, **kw)
    assert r.returncode == 0, f'{words}\n{r.stdout[-3000:]}\n{r.stderr[-3000:]}'
    return r.stdout

@pytest.fixture(scope='module')
def built(tmp_path_factory):
    "(sdist, wheel), built from a copy of the source so that leftovers of older builds cannot help."
    tmp = tmp_path_factory.mktemp('build')
    shutil.copytree(ROOT/'shoes_lora', tmp/'clone'/'shoes_lora', ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('settings.ini', 'setup.py', 'pyproject.toml', 'MANIFEST.in', 'LICENSE', 'README.md'): shutil.copy2(ROOT/name, tmp/'clone'/name)
    run(sys.executable, '-m', 'build', '--no-isolation', '--outdir', tmp/'dist', '.', cwd=tmp/'clone')
    return next((tmp/'dist').glob('*.tar.gz')), next((tmp/'dist').glob('*.whl'))

def in_package():
    "Every file that belongs to the package."
    return {p.relative_to(ROOT).as_posix() for p in (ROOT/'shoes_lora').rglob('*') if p.is_file() and '__pycache__' not in p.parts and not p.name.startswith(('._', '.DS_Store'))}

def test_sdist_can_build_itself(built):
    with tarfile.open(built[0]) as t: names = {n.partition('/')[2] for n in t.getnames()}
    assert {'settings.ini', 'setup.py', 'pyproject.toml', 'LICENSE', 'README.md'} <= names
    assert in_package() <= names

def test_wheel_holds_the_package_and_its_data(built):
    with zipfile.ZipFile(built[1]) as z: names, meta = set(z.namelist()), z.read(next(n for n in z.namelist() if n.endswith('.dist-info/METADATA'))).decode()
    assert {n for n in names if n.startswith('shoes_lora/')} == in_package()
    assert any(n.startswith('shoes_lora/data/tiny_sd/') for n in names)
    assert 'License-Expression: MIT' in meta and 'Requires-Python: >=3.11' in meta and 'Requires-Dist: torch>=2.6' in meta

@pytest.fixture(scope='module')
def installed(built, tmp_path_factory):
    "bin folder of an environment that holds the wheel, and borrows the heavy packages of this one."
    env = tmp_path_factory.mktemp('fresh')/'env'
    run(sys.executable, '-m', 'venv', '--without-pip', env, cwd=env.parent)
    bin = env/('Scripts' if os.name == 'nt' else 'bin')
    run(sys.executable, '-m', 'pip', '--python', bin/'python', 'install', '--quiet', '--no-index', '--no-deps', built[1], cwd=env.parent)
    site = Path(run(bin/'python', '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))', cwd=env.parent).strip())
    borrowed = [p for p in sys.path if p.endswith(('site-packages', 'dist-packages'))]
    (site/'borrowed.pth').write_text('\n'.join(borrowed), encoding='utf-8')       # after the wheel: this one's own shoes_lora comes later
    return bin

def test_installed_package_is_the_wheel(installed, tmp_path):
    where = run(installed/'python', '-c', 'import shoes_lora.cli, shoes_lora.env_check as e; print(shoes_lora.__file__); print(e.missing_parts(e.tiny_dir()))', cwd=tmp_path).splitlines()
    assert Path(where[0]).is_relative_to(installed.parent) and where[1] == '[]'

def test_console_command_works_elsewhere(installed, tmp_path):
    version = run(installed/'python', '-c', 'import shoes_lora; print(shoes_lora.__version__)', cwd=tmp_path).strip()
    assert run(installed/'shoes-lora', '--version', cwd=tmp_path) == f'shoes-lora {version}\n'
    assert '"ok": true' in run(installed/'shoes-lora', 'env', '--base', 'tiny', '--json', '--timeout', '0.1', cwd=tmp_path)

def test_installed_package_makes_a_picture(installed, tmp_path):
    run(installed/'shoes-lora', 'generate', 'a photo of red shoes', '--base', 'tiny', '--num-inference-steps', '2', '--output', tmp_path/'out', cwd=tmp_path)
    from shoes_lora.inference import read_sample
    sample = read_sample(tmp_path/'out'/'0001.png')
    assert (sample.prompt, sample.seed, sample.num_inference_steps) == ('a photo of red shoes', 42, 2)
