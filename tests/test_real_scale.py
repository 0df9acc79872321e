"SD 1.5's true size with random weights in place of the downloaded ones: written, loaded, trained, saved, resumed, read by another program."
import shutil
from dataclasses import replace

import pytest

from shoes_lora.adapters import lora_layers
from shoes_lora.catalogue import draw_photo, sample_product
from shoes_lora.checkpoints import read_json, read_metrics
from shoes_lora.config import TrainConfig
from shoes_lora.dataset import write_split
from shoes_lora.env_check import ram_bytes
from shoes_lora.inference import load_base, write_random_base
from shoes_lora.train import train

GIB, ADAPTER, UNET = 2**30, 1_594_368, 859_520_964

@pytest.fixture(scope='module')
def place(tmp_path_factory):
    "A folder with a base, six photos and two runs of three steps, one of them stopped after two and resumed; deleted afterwards, it holds gigabytes."
    folder = tmp_path_factory.mktemp('real_scale')
    memory, disk = ram_bytes()[1]/GIB, shutil.disk_usage(folder).free/GIB
    if memory < 12 or disk < 8: pytest.skip(f"SD 1.5's size needs 12 GiB of free memory and 8 GiB of free disk, here are {memory:.1f} and {disk:.1f}")
    try:
        write_random_base(folder/'base')
        products = [sample_product(i) for i in range(6)]
        records = [dict(image_id=str(i), image_file=f'{i}.png', caption=p.caption(), metadata=p.metadata()) for i, p in enumerate(products)]
        write_split(folder/'photos', 'train', [draw_photo(p, 64) for p in products], records)
        config = TrainConfig(data=str(folder/'photos'), output=str(folder/'unbroken'), base=str(folder/'base'), resolution=64, train_batch_size=1, gradient_accumulation_steps=1,
                             max_train_steps=3, validation_prompts=[], device='cpu', dtype='float32', cache_dir=str(folder/'cache'))
        stopped = replace(config, output=str(folder/'resumed'))
        train(stopped, progress=False, stop_at=2)
        yield folder, {'unbroken': train(config, progress=False), 'resumed': train(stopped, progress=False, resume='latest')}
    finally: shutil.rmtree(folder)

def test_sizes(place):
    _, runs = place
    facts = read_json(runs['unbroken'].record)['facts']
    assert (facts['modules'], facts['parameters'], facts['base_parameters']) == (128, ADAPTER, UNET)
    files = [f for f in runs['unbroken'].checkpoint(3).path.rglob('*') if f.is_file()]
    assert 3*4*ADAPTER < sum(f.stat().st_size for f in files) < 25e6, 'the adapter and two moments in float32, and little else'

def test_resumed_is_unbroken(place):
    _, runs = place
    whole, resumed = (run.checkpoint(3) for run in runs.values())
    assert read_json(runs['resumed'].record)['resumed_from'] == 2 and runs['resumed'].checkpoint(2).path.is_dir()
    for a, b in ((whole.adapter, resumed.adapter), (whole.train_state, resumed.train_state)): assert a.read_bytes() == b.read_bytes(), a.name
    assert whole.adapter.read_bytes() != runs['resumed'].checkpoint(2).adapter.read_bytes(), 'nothing was learned in the last step'
    losses = [[r['loss'] for r in read_metrics(run)] for run in runs.values()]
    assert len(losses[0]) == 3 and losses[0] == losses[1]

def test_read_by_diffusers(place):
    folder, runs = place
    pipe = load_base(folder/'base', 'cpu')
    pipe.load_lora_weights(runs['resumed'].checkpoint(3).path)
    assert len(lora_layers(pipe)) == 128
    assert sum(p.numel() for p in pipe.unet.parameters()) == UNET + ADAPTER == 861_115_332
