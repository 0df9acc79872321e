"What a training survives: kill -9 at random moments and inside a save, a full disk, a flipped byte; and what two processes make of it."
import json, math, multiprocessing, os, random, shutil, signal, subprocess, sys, time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from safetensors.torch import load_file

from shoes_lora.catalogue import draw_photo, sample_product
from shoes_lora.checkpoints import Run, read_json, read_metrics
from shoes_lora.config import TrainConfig
from shoes_lora.dataset import write_split
from shoes_lora.train import train

LIVES = multiprocessing.get_context('forkserver'); LIVES.set_forkserver_preload(['shoes_lora.train'])   # so that a life begins with all imported

@pytest.fixture(scope='module')
def config(tmp_path_factory):
    "A training of sixty steps on twelve small drawings, with all that a checkpoint is made of."
    folder = tmp_path_factory.mktemp('train')
    for split, first in (('train', 0), ('val', 12)):
        products = [sample_product(first + i) for i in range(12)]
        write_split(folder/'photos', split, [draw_photo(p, 32) for p in products], [dict(image_id=str(first + i), image_file=f'{first + i}.png', caption=p.caption(), metadata=p.metadata()) for i, p in enumerate(products)])
    return TrainConfig(data=str(folder/'photos'), output=str(folder/'unbroken'), base='tiny', device='cpu', resolution=32, train_batch_size=2, gradient_accumulation_steps=2, learning_rate=1e-3, max_train_steps=60, checkpointing_steps=5, use_ema=True, heldout_photos=2,
                       gradient_checkpointing=False, validation_prompts=['black shoes'], num_validation_images=1, validation_inference_steps=2, cache_dir=str(folder/'cache'))

@pytest.fixture(scope='module')
def unbroken(config):
    "The training in one go, in a process of its own as all others here."
    live(config).join(); run = Run(config.output)
    assert read_json(run.record)['status'] == 'finished'
    return run

def goes_on(config, dies_at=None):
    "One life: begin or go on; with `dies_at`, until the call of that number that puts a file or folder in its place."
    real, calls = os.replace, iter(range(1, 10**6))
    def fatal(*args):
        if next(calls) == dies_at: os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)
    with patch('os.replace', fatal): train(config, progress=False, resume='latest' if Run(config.output).record.is_file() else None)

def live(config, dies_at=None):
    "A process that lives one life."
    process = LIVES.Process(target=goes_on, args=(config, dies_at)); process.start()
    return process

def files(run, step): return [(run.checkpoint(step).path/name).read_bytes() for name in ('pytorch_lora_weights.safetensors', 'train_state.safetensors')] + [run.heldout(step).read_bytes()]

def assert_sound(run, unbroken, before=0):
    "Every checkpoint that is accepted is the unbroken run's, none is lost, and no more than one interval of the log is."
    valid, broken = run.survey(); steps = [c.step for c in valid]
    assert not broken and max(steps, default=0) >= before
    for step in steps: assert files(run, step) == files(unbroken, step), f'checkpoint of step {step} is another'
    logged = max((r['step'] for r in read_metrics(run)), default=0) if run.metrics.is_file() else 0
    assert logged - max(steps, default=0) <= 5
    return max(steps, default=0)

def test_thirty_kills_at_random_moments(config, unbroken, tmp_path):
    config, moments, at = replace(config, output=str(tmp_path/'run')), random.Random(0), 0
    run, found = Run(config.output), []
    for _ in range(30):
        process = live(config); time.sleep(moments.uniform(.5, 4)); process.kill(); process.join()
        at = assert_sound(run, unbroken, at); found.append(at)
        if at == 60: break
    if at == 60: shutil.rmtree(run.path/'checkpoints'/'checkpoint-60')                   # a fast machine was done before the thirtieth
    process = live(config); process.join()
    assert process.exitcode == 0 and assert_sound(run, unbroken, 60) == 60
    assert len(set(found)) > 2, f'the kills came before anything was done: {found}'
    assert [r['loss'] for r in read_metrics(run)] == [r['loss'] for r in read_metrics(unbroken)]

def test_killed_inside_saves(config, unbroken, tmp_path):
    config, at = replace(config, output=str(tmp_path/'run')), 0
    for dies_at in range(1, 16):
        process = live(config, dies_at); process.join()
        assert process.exitcode == -signal.SIGKILL
        at = assert_sound(Run(config.output), unbroken, at)
    live(config).join()
    assert assert_sound(Run(config.output), unbroken) == 60

def test_flipped_byte_costs_one_interval(config, unbroken, tmp_path):
    shutil.copytree(unbroken.path, tmp_path/'run'); run = Run(tmp_path/'run'); state = run.checkpoint(60).train_state
    for name in ('pytorch_lora_weights.safetensors', 'train_state.safetensors', 'manifest.json'):
        file = run.checkpoint(60).path/name; whole = file.read_bytes()
        for at in random.Random(name).sample(range(len(whole)), 40):
            flipped = bytearray(whole); flipped[at] ^= 1; file.write_bytes(flipped)
            assert 'checkpoint-60' in run.survey()[1], f'byte {at} of {name} flipped, and nobody saw it'
        file.write_bytes(whole)
    bytes_ = bytearray(state.read_bytes()); bytes_[len(bytes_)//2] ^= 1; state.write_bytes(bytes_)
    assert run.latest().step == 55 and 'SHA-256 differs' in run.survey()[1]['checkpoint-60']
    live(replace(config, output=str(run.path))).join()
    assert files(run, 60) == files(unbroken, 60)

FULL = '''
import json, shutil, sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch
import shoes_lora.train as room
from shoes_lora.checkpoints import Run
from shoes_lora.config import TrainConfig
config, filler, prune, asked = replace(TrainConfig.from_json(json.loads(sys.argv[1])), output='small/run'), Path('small/filler'), room._Session.prune, room.check_space
def then_fill(self):                                        # somebody else's file, after the second checkpoint
    prune(self)
    if self.trainer.steps_done == 10: filler.write_bytes(bytes(shutil.disk_usage('small').free - 300_000))
def attempt(resume, after, ask):
    with patch.object(room._Session, 'prune', after), patch.object(room, 'check_space', ask):
        try: room.train(config, progress=False, resume=resume)
        except RuntimeError as e: print(e)
        else: print('finished')
    print([c.step for c in Run('small/run').checkpoints()], Run('small/run').survey()[1]); filler.unlink(missing_ok=True)
attempt(None, then_fill, asked)
attempt(5, then_fill, lambda *a: 10**12)                    # nobody asks before; the disk itself says no
attempt('latest', prune, asked)
shutil.copytree('small/run', 'copy')
'''

def test_full_disk(config, unbroken, tmp_path):
    inside = ['unshare', '-Urm', 'sh', '-c', 'mount -t tmpfs -o size=60m none small && exec "$0" "$@"']
    (tmp_path/'small').mkdir()
    if not shutil.which('unshare') or subprocess.run([*inside, 'true'], cwd=tmp_path, capture_output=True).returncode: pytest.skip('this system gives no small disk to a test (unshare and tmpfs are refused)')
    done = subprocess.run([*inside, sys.executable, '-c', FULL, json.dumps(config.to_json())], cwd=tmp_path, capture_output=True, text=True)
    lines = [l for l in done.stdout.splitlines() if not l.startswith('what an earlier process kept after step 5 lies in')]
    assert done.returncode == 0 and len(lines) == 6, f'{done.stdout}\n{done.stderr[-3000:]}'
    assert 'MB free; make space' in lines[0] and lines[1] == '[5, 10] {}'
    assert 'is full (No space left on device); checkpoint-10 is whole and kept. Make space and go on with resume="latest"' in lines[2] and lines[3] == '[5, 10] {}'
    assert lines[4] == 'finished' and files(Run(tmp_path/'copy'), 60) == files(unbroken, 60)

def test_two_processes_and_any_accumulation_are_one_step(config, tmp_path):
    "Eight photos a step in one pass, in eight, and in two passes of each of two processes: the same adapter within rounding, and the learning rate of the formula, as the optimizer had it."
    config = replace(config, max_train_steps=6, checkpointing_steps=6, lr_warmup_steps=2, gradient_accumulation_steps=1)
    runs = {name: replace(config, output=str(tmp_path/name), train_batch_size=b, gradient_accumulation_steps=a) for name, b, a in (('one pass', 8, 1), ('eight passes', 1, 8), ('two processes', 2, 2))}
    for name in ('one pass', 'eight passes'): live(runs[name]).join()
    (tmp_path/'config.json').write_text(json.dumps(runs['two processes'].to_json()))
    command = Path(sys.executable).with_name('shoes-lora')
    done = subprocess.run([sys.executable, '-m', 'accelerate.commands.launch', '--multi_gpu', '--num_processes', '2', '--num_machines', '1', '--mixed_precision', 'no', '--dynamo_backend', 'no', str(command), 'train', '--config', str(tmp_path/'config.json')],
                          capture_output=True, text=True, env=os.environ | dict(OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES=''), timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('checkpoints of steps') == 1, 'one process speaks'
    formula = [0, .5e-3, *(1e-3*.5*(1 + math.cos(math.pi*k/4)) for k in range(4))]      # two steps of warm-up, then a half cosine over the other four
    whole = load_file(Run(runs['one pass'].output).at(6).adapter); largest = max(x.abs().max() for k, x in whole.items() if 'lora_B' in k)
    for name, c in runs.items():
        run = Run(c.output); logged = read_metrics(run)
        assert read_json(run.record)['facts']['batch'] == 8 and [r['lr'] for r in logged] == pytest.approx(formula, abs=1e-12), name
        assert max((x - whole[k]).abs().max() for k, x in load_file(run.at(6).adapter).items()) < 1e-3*largest, name
        assert [r['loss'] for r in logged] == pytest.approx([r['loss'] for r in read_metrics(Run(runs['one pass'].output))], abs=1e-5), name

def test_second_process_is_refused(config, tmp_path):
    config = replace(config, output=str(tmp_path/'run')); first = live(config)
    while not Run(config.output).record.is_file() and first.is_alive(): time.sleep(.05)
    done = subprocess.run([Path(sys.executable).with_name('shoes-lora'), 'train', '--output', config.output, '--resume', 'latest'], capture_output=True, text=True)
    first.kill(); first.join()
    assert done.returncode == 1 and 'Another process trains in' in done.stderr
