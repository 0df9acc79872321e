"What an expansion survives: kill -9 while it paints, inside its saves, and while the set is put together."
import multiprocessing, os, signal, time
from unittest.mock import patch

import pytest

from shoes_lora.catalogue import draw_catalogue
from shoes_lora.cli import main
from shoes_lora.config import TrainConfig
from shoes_lora.dataset import read_photoset
from shoes_lora.expand import Expansion, read_log
from shoes_lora.train import train

LIVES = multiprocessing.get_context('forkserver'); LIVES.set_forkserver_preload(['shoes_lora.expand'])   # so that a life begins with all imported
LINE = '--proportions colour=red:2,black,white --count 4 --images 3 --attempts 2 --batch-size 4 --variants 2 --device cpu --with-real'.split()
OFF = [w for g in ('whole', 'white border', 'centred', 'size', 'colour', 'copy') for w in ('--without', g)]   # four steps of training pass none of these

@pytest.fixture(scope='module')
def run(tmp_path_factory):
    "A training of four steps on twenty small drawings."
    folder = tmp_path_factory.mktemp('expand')
    draw_catalogue(20, 32, 5, folder/'photos', progress=False)
    train(TrainConfig(data=str(folder/'photos'), output=str(folder/'run'), base='tiny', device='cpu', resolution=32, train_batch_size=2, gradient_accumulation_steps=1, max_train_steps=4, checkpointing_steps=4, lr_warmup_steps=0,
                      gradient_checkpointing=False, validation_prompts=['black shoes'], num_validation_images=1, validation_inference_steps=2), progress=False)
    return folder/'run'

def goes_on(run, out, dies_at=None):
    "One life of the command; with `dies_at`, until the call of that number that puts a file or folder in its place."
    real, calls = os.replace, iter(range(1, 10**6))
    def fatal(*args):
        if next(calls) == dies_at: os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)
    with patch('os.replace', fatal): os._exit(main(['expand', str(run), str(out), *LINE, *OFF]))

def live(run, out, dies_at=None):
    "A process that lives one life."
    process = LIVES.Process(target=goes_on, args=(run, out, dies_at)); process.start()
    return process

def contents(out):
    "Everything the set says, and every byte."
    photos = {s: [(p.image_id, p.caption, p.metadata, p.path.read_bytes()) for p in of] for s, of in read_photoset(out).splits.items()}
    log = [{k: v for k, v in x.items() if k != 'sample'} | dict(facts={k: v for k, v in x['sample'].items() if k != 'seconds'}) for x in read_log(Expansion(out)).values()]
    return photos, log, Expansion(out).provenance.read_text()

@pytest.fixture(scope='module')
def unbroken(run, tmp_path_factory):
    out = tmp_path_factory.mktemp('unbroken')/'new'
    process = live(run, out); process.join()
    assert process.exitcode in (0, 1), 'refused pictures make it 1'
    photos, log, _ = contents(out)
    assert {x['kept'] for x in log} == {True, False}, 'without pictures that pass and pictures that do not, nothing is tested'
    assert any('_var' in image_id for image_id, *_ in photos['train'])
    return process.exitcode, contents(out)

def test_killed_while_it_paints(run, unbroken, tmp_path):
    place, counts = Expansion(tmp_path/'new'), []
    for lines in (1, 7):
        process = live(run, place.path)
        while process.is_alive() and len(read_log(place)) < lines: time.sleep(.002)
        process.kill(); process.join(); counts.append(len(read_log(place)))
    assert counts == sorted(counts) and counts[0] < len(unbroken[1][1]) and not place.summary.exists()
    process = live(run, place.path); process.join()
    assert (process.exitcode, contents(place.path)) == unbroken

def test_killed_inside_saves(run, unbroken, tmp_path):
    place, kills = Expansion(tmp_path/'new'), 0
    for dies_at in (3, 9, 25, 4, 6, 8, 12):
        process = live(run, place.path, dies_at); process.join()
        kills += process.exitcode == -signal.SIGKILL
    assert kills >= 5
    process = live(run, place.path); process.join()
    assert (process.exitcode, contents(place.path)) == unbroken
