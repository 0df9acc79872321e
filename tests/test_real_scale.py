"SD 1.5's true size with random weights in place of the downloaded ones: written, loaded, trained, saved, resumed, read by another program."
import shutil
from dataclasses import replace

import pytest
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

from shoes_lora.adapters import TARGETS, load_adapter, lora_layers, save_adapter
from shoes_lora.catalogue import draw_photo, sample_product
from shoes_lora.checkpoints import read_json, read_metrics
from shoes_lora.config import TrainConfig
from shoes_lora.dataset import write_split
from shoes_lora.env_check import ram_bytes
from shoes_lora.formats import read_file
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

def test_rescued_from_a_whole_model(place):
    "The original system's checkpoints: peft's UNet as Accelerate saves it, 686 frozen weights of 3.4 GB around a LoRA of 6.4 MB that does not say its alpha."
    folder, runs = place
    adapter, pipe = load_adapter(runs['resumed'].checkpoint(3).adapter), load_base(folder/'base', 'cpu')
    state = get_peft_model(pipe.unet, LoraConfig(r=8, lora_alpha=16, target_modules=list(TARGETS))).state_dict()
    state |= {f'base_model.model.{k.removeprefix("unet.").replace(".weight", ".default.weight")}': x for k, x in adapter.tensors.items()}
    file = folder/'checkpoint-3'/'model.safetensors'; file.parent.mkdir()
    save_file(state, file); assert len(state) == 942 and file.stat().st_size > 3.4e9
    del state, pipe

    pipe = load_base(folder/'base', 'cpu')
    found = read_file(file.parent, alpha=16, base=pipe)
    assert (found.format, found.keys, len(found.adapter.modules), found.adapter.alpha, found.family) == ('whole model', 942, 128, 16, 'Stable Diffusion 1.x')
    assert (found.frozen.tensors, found.frozen.equal, found.frozen.max_difference) == (686, 686, 0) and found.adapter.hash == adapter.hash
    assert 6.3e6 < save_adapter(found.adapter, folder/'rescued.safetensors').stat().st_size < 6.5e6
    with pytest.raises(ValueError, match='does not say its alpha'): read_file(file)

    for key, wrong in ((b'base_model.model.conv_in.weight', b'base_model.model.conv_in.wright'), (b'mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.default', b'mid_block.attentions.0.transformer_blocks.0.attn1.to_q.lora_X.default')):
        with open(file, 'r+b') as f:                      # renamed where it stands in the header
            header = f.read(8 + int.from_bytes(f.read(8), 'little')); at = header.index(key) + 8
            f.seek(at); f.write(wrong)
            with pytest.raises(ValueError, match=wrong.decode()): f.flush(); read_file(file, alpha=16, base=pipe)
            f.seek(at); f.write(key); f.flush()
    assert read_file(file, alpha=16).adapter.hash == adapter.hash, 'without a base at hand, too'
