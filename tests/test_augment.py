"Variants of photos as a shell makes them: killed and begun again, trained on, and on real photos."
import hashlib, json, os, shutil, signal, subprocess, sys, time
from pathlib import Path

import numpy as np, pytest
from PIL import Image

from conftest import ROOT
from shoes_lora.augment import augment_photos, read_stamp
from shoes_lora.dataset import read_photoset
from shoes_lora.metrics import colour_difference, foreground_colour, white_border_share
from shoes_lora.product_checks import product_box, product_mask
from shoes_lora.splits import find_leaks
from shoes_lora.variants import Recipe

COMMAND = [sys.executable, '-c', 'import sys; from shoes_lora.cli import main; sys.exit(main())']
ENV = {**os.environ, 'PYTHONPATH': str(ROOT), 'HF_HUB_OFFLINE': '1'}
PALE = '5944', '11972', '43871'   # white shoes on a white page
REAL = ROOT.parent/'shared'/'data'/'casual_shoes'

def digest(folder): return {f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.rglob('*')) if f.is_file()}

def run(*words, **kw): return subprocess.run([*COMMAND, *map(str, words)], env=ENV, capture_output=True, text=True, timeout=600, **kw)

@pytest.fixture(scope='module')
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp('augment')/'photos'
    assert run('data', 'draw', folder, '--photos', 20, '--size', 128).returncode == 0
    return folder

def test_killed_and_begun_again_ends_with_the_same_bytes(photos, tmp_path):
    whole, killed = tmp_path/'whole', tmp_path/'killed'; pictures = tmp_path/'.killed.work'/'pictures'
    assert run('augment', photos, whole, '--seed', 1).returncode == 0
    process = subprocess.Popen([*COMMAND, 'augment', str(photos), str(killed), '--seed', '1'], env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(3000):
        if len([*pictures.glob('*.png')]) > 5 or process.poll() is not None: break
        time.sleep(.02)
    process.send_signal(signal.SIGKILL); process.wait()
    assert not killed.exists() and len([*pictures.glob('*.png')]) > 5
    r = run('augment', photos, killed, '--seed', 1); assert r.returncode == 0 and 'train      14 photos, 42 turns, 70 variants' in r.stdout, r.stdout + r.stderr
    assert digest(killed) == digest(whole) and [p.name for p in tmp_path.iterdir() if p.name[0] == '.'] == []

def test_can_be_trained_on_and_does_not_leak(photos, tmp_path):
    assert run('augment', photos, tmp_path/'more', '--variants', 1, '--angles', '5').returncode == 0
    assert [l for l in find_leaks(read_photoset(tmp_path/'more'), progress=False) if 'provenance' in l.photo.metadata] == []
    r = run('train', '--data', tmp_path/'more', '--output', tmp_path/'run', '--base', 'tiny', '--resolution', 32, '--max-train-steps', 1, '--train-batch-size', 2)
    assert r.returncode == 0, r.stderr
    divided = tmp_path/'divided'      # a re-split keeps photo and variants together
    r = run('data', 'prepare', tmp_path/'more', divided, '--size', 32, '--min-side', 64, '--kin', .001); assert r.returncode == 0, r.stderr
    sides = {}
    for split, of in read_photoset(divided).splits.items():
        for p in of: sides.setdefault(p.metadata.get('provenance', {}).get('source_id', p.image_id), set()).add(split)
    assert {len(s) for s in sides.values()} == {1} and len(set.union(*sides.values())) > 1

@pytest.mark.skipif(not REAL.is_dir(), reason='real photos are not on this machine')
def test_real_photos_stay_product_photos(tmp_path):
    listed = json.loads((REAL/'train'/'captions.json').read_text()); chosen = [listed[i] for i in np.random.default_rng(5).choice(len(listed), 22, replace=False)] + [r for r in listed if r['image_id'] in PALE]
    (tmp_path/'photos'/'train'/'images').mkdir(parents=True)
    for r in chosen: shutil.copy(REAL/'train'/'images'/r['image_file'], tmp_path/'photos'/'train'/'images')
    (tmp_path/'photos'/'train'/'captions.json').write_text(json.dumps(chosen))
    done = augment_photos(tmp_path/'photos', tmp_path/'more', Recipe(variants=2), progress=False); assert done.ok
    sources, made = {p.image_id: np.asarray(Image.open(p.path).convert('RGB')) for p in done.photoset.train if 'provenance' not in p.metadata}, [p for p in done.photoset.train if 'provenance' in p.metadata]
    assert len(made) > 100; anew = []
    for p in made:
        record, x = read_stamp(p.path), np.asarray(Image.open(p.path)); source = sources[record['source_id']]
        assert record == p.metadata['provenance'] and x.shape == source.shape
        assert abs(white_border_share(x) - white_border_share(source)) <= .02 and record['used']['delta_e'] <= 5
        anew.append(colour_difference(foreground_colour(source), foreground_colour(x)))
        assert product_mask(x).sum() >= .85*record['used']['scale']**2*product_mask(source).sum()      # nothing dissolves in the page
        left, top, right, bottom = product_box(product_mask(x)); cut = min(left, top, 256 - right, 256 - bottom) == 0
        assert not cut or record['used']['angle'] == 0      # nothing is cut by the edge that was not before
    assert np.median(anew) < 3 and np.mean(np.array(anew) > 5) < .1, np.quantile(anew, (.5, .9, 1))     # by a fresh look; the median of a shoe of two colours tips when it is turned
